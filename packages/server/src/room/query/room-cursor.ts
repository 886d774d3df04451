import { createHash } from 'node:crypto'
import { KaosError, WireLimits } from '@kaosnet/protocol'
import type { RoomQuery } from '../../script/script-services.ts'
import type { Rank } from './top-rooms.ts'

/**
 * A place in the answer to one query: behind the room with this rank. It stays where it is when rooms come and go. Only
 * this server can read it.
 */
export function encodeCursor(query: RoomQuery, { score, number }: Rank): string {
  return Buffer.from(`${fingerprint(query)} ${score} ${number}`).toString('base64url')
}

/** @throws {KaosError} INVALID_PAYLOAD for what is no cursor, or one of another query */
export function decodeCursor(query: RoomQuery, cursor: string): Rank {
  const text = cursor.length <= WireLimits.cursorBytes ? Buffer.from(cursor, 'base64url').toString() : ''
  const parts = /^([0-9a-f]{8}) (\d+(?:\.\d+)?(?:e[+-]?\d+)?) (\d{1,16})$/.exec(text)
  if (parts === null)
    throw new KaosError('INVALID_PAYLOAD', 'cursor: expected one that a list of rooms came with')
  const [, print, score, number] = parts
  if (print !== fingerprint(query)) {
    throw new KaosError('INVALID_PAYLOAD', 'cursor: it came with the answer to another query')
  }
  return { score: Number(score), number: Number(number) }
}

/** Of what decides which rooms are listed, and in which order. */
function fingerprint({ query, module, label, hasSeat }: RoomQuery): string {
  const parts = JSON.stringify([query ?? '', module ?? null, label ?? null, hasSeat ?? null])
  return createHash('sha256').update(parts).digest('hex').slice(0, 8)
}
