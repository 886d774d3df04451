import { KaosError } from './errors.ts'
import { allocateFrame } from './frame.ts'
import { Op } from './opcodes.ts'

/** How many reliable frames of each lane have been received, mod 2^32 (`docs/protocol.md#resume`). */
export type LaneCounts = ReadonlyMap<number, number>

const COUNT_BYTES = 2
/** lane u16 | received u32 */
const ENTRY_BYTES = 6

/** The payload of SessionAck, and the `received` of a SessionStart: `count u16 | (lane u16 | received u32)…`. */
export function encodeLaneCounts(counts: LaneCounts): Uint8Array {
  const payload = new Uint8Array(laneCountsBytes(counts))
  writeLaneCounts(counts, payload)
  return payload
}

/** A whole SessionAck frame. */
export function encodeSessionAck(counts: LaneCounts): Uint8Array {
  const sizeBytes = laneCountsBytes(counts)
  const frame = allocateFrame(Op.SessionAck, sizeBytes)
  writeLaneCounts(counts, frame.subarray(frame.length - sizeBytes))
  return frame
}

/** @throws {KaosError} INVALID_PAYLOAD when the size is not what the count says, or a lane comes twice */
export function decodeLaneCounts(payload: Uint8Array): LaneCounts {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const count = payload.length < COUNT_BYTES ? -1 : view.getUint16(0, true)
  const counts = new Map<number, number>()
  const isWhole = payload.length === COUNT_BYTES + count * ENTRY_BYTES
  for (let at = COUNT_BYTES; isWhole && at < payload.length; at += ENTRY_BYTES) {
    counts.set(view.getUint16(at, true), view.getUint32(at + 2, true))
  }
  if (!isWhole || counts.size !== count) {
    throw new KaosError('INVALID_PAYLOAD', `lane counts: ${payload.length} bytes do not hold ${count} lanes`)
  }
  return counts
}

function laneCountsBytes(counts: LaneCounts): number {
  return COUNT_BYTES + counts.size * ENTRY_BYTES
}

function writeLaneCounts(counts: LaneCounts, target: Uint8Array): void {
  const view = new DataView(target.buffer, target.byteOffset, target.length)
  view.setUint16(0, counts.size, true)
  let at = COUNT_BYTES
  for (const [lane, received] of counts) {
    view.setUint16(at, lane, true)
    view.setUint32(at + 2, received, true)
    at += ENTRY_BYTES
  }
}
