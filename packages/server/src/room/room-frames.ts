import { encodeServerFrame, type Presence } from '@kaosnet/protocol'
import type { RoomHandle } from '../ids.ts'

/** Presences that one frame may carry: leaves room for the other fields below 64 KiB. */
const PRESENCE_BYTES = 48_000

/** Cuts a long list of presences into pieces that each fit one frame, by the size of their encoding. */
export function splitPresences(presences: readonly Presence[]): Presence[][] {
  const pieces: Presence[][] = []
  let piece: Presence[] = []
  let sizeBytes = 0
  for (const presence of presences) {
    const bytes = presenceBytes(presence)
    if (piece.length > 0 && sizeBytes + bytes > PRESENCE_BYTES) {
      pieces.push(piece)
      piece = []
      sizeBytes = 0
    }
    piece.push(presence)
    sizeBytes += bytes
  }
  if (piece.length > 0) pieces.push(piece)
  return pieces
}

function presenceBytes(presence: Presence): number {
  return encodeServerFrame('RoomPresence', { room: 1, joins: [presence], leaves: [] }).length
}

/** The RoomPresence frame for members who came. */
export function joinsFrame(room: RoomHandle, joins: readonly Presence[]): Uint8Array {
  return encodeServerFrame('RoomPresence', { room, joins, leaves: [] })
}
