import type { RoomId, SessionId } from '../ids.ts'
import type { Random } from '../random.ts'

/** Repeatable randomness for tests (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const hex = (digits: number): string => {
    let text = ''
    while (text.length < digits) text += uint32().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }
  const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
  return {
    sessionId: () => hex(16) as SessionId,
    uuid,
    roomId: () => uuid() as RoomId,
    uint32,
    token: () => Buffer.from(hex(64), 'hex').toString('base64url'),
  }
}
