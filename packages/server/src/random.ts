import { randomBytes, randomUUID } from 'node:crypto'
import type { RoomId, SessionId } from './ids.ts'

/** Every random choice of the server. Injected, so that a seed repeats a run. */
export interface Random {
  /** 64 random bits as 16 lower-case hex digits. */
  sessionId(): SessionId
  /** RFC 9562 version 4. */
  uuid(): string
  roomId(): RoomId
  /** Uniform 32 bits, e.g. the seed of a room's `math.random`. */
  uint32(): number
  /** At least 128 random bits that nobody can guess, as base64url. */
  token(): string
}

/** Randomness from the operating system. */
export function systemRandom(): Random {
  return {
    sessionId: () => randomBytes(8).toString('hex') as SessionId,
    uuid: () => randomUUID(),
    roomId: () => randomUUID() as RoomId,
    uint32: () => randomBytes(4).readUInt32LE(0),
    token: () => randomBytes(32).toString('base64url'),
  }
}
