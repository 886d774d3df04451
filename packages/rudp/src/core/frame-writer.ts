import { UNRELIABLE } from './delivery-mode.ts'
import {
  FrameType,
  MESSAGE_FRAGMENT,
  MESSAGE_LENGTH,
  MESSAGE_MODE_SHIFT,
  PATH_DATA_BYTES,
} from './frame-types.ts'
import { writeU16, writeU32 } from './little-endian.ts'
import { varintBytes, varintBytesOf, writeVarint } from './varint.ts'

/**
 * Frames as bytes. Each function writes at `offset`, where the caller has made sure of the room, and returns
 * the offset after the frame. ACK frames are written by `ack-tracker.ts`.
 */

export function writePing(out: Uint8Array, offset: number): number {
  out[offset] = FrameType.Ping
  return offset + 1
}

/** Bytes of a CLOSE frame around its reason. */
export const CLOSE_OVERHEAD_BYTES = 4

/** `reason` is UTF-8, at most MAX_CLOSE_REASON_BYTES. */
export function writeClose(out: Uint8Array, offset: number, code: number, reason: Uint8Array): number {
  out[offset] = FrameType.Close
  writeU16(out, offset + 1, code)
  out[offset + 3] = reason.length
  out.set(reason, offset + CLOSE_OVERHEAD_BYTES)
  return offset + CLOSE_OVERHEAD_BYTES + reason.length
}

export const PATH_FRAME_BYTES = 1 + PATH_DATA_BYTES

/** `type` is `FrameType.PathChallenge` or `FrameType.PathResponse`. */
export function writePathFrame(out: Uint8Array, offset: number, type: number, data: Uint8Array): number {
  out[offset] = type
  out.set(data, offset + 1)
  return offset + PATH_FRAME_BYTES
}

export const CREDIT_BYTES = 6

/** `totalBytes` is the sum allowed since the start; its low 32 bits travel. */
export function writeCredit(out: Uint8Array, offset: number, channel: number, totalBytes: number): number {
  out[offset] = FrameType.Credit
  out[offset + 1] = channel
  writeU32(out, offset + 2, totalBytes)
  return offset + CREDIT_BYTES
}

/** Bytes of a RESUME frame around its ticket. */
export const RESUME_OVERHEAD_BYTES = 2

export function writeResume(out: Uint8Array, offset: number, ticket: Uint8Array): number {
  out[offset] = FrameType.Resume
  out[offset + 1] = ticket.length
  out.set(ticket, offset + RESUME_OVERHEAD_BYTES)
  return offset + RESUME_OVERHEAD_BYTES + ticket.length
}

export const TICK_BYTES = 7

export function writeTick(out: Uint8Array, offset: number, tick: number, microsInTick: number): number {
  out[offset] = FrameType.Tick
  writeU32(out, offset + 1, tick)
  writeU16(out, offset + 5, microsInTick)
  return offset + TICK_BYTES
}

/** Bytes of a MESSAGE frame around its data, with a length field. `fragmentCount` is 1 for a whole message. */
export function messageOverheadBytes(
  mode: number,
  fragmentIndex: number,
  fragmentCount: number,
  length: number,
): number {
  const isFragment = fragmentCount > 1
  return (
    2 +
    (mode !== UNRELIABLE || isFragment ? 2 : 0) +
    (isFragment ? varintBytes(fragmentIndex) + varintBytes(fragmentCount) : 0) +
    varintBytes(length)
  )
}

/** Writes a MESSAGE frame up to where its `length` bytes of data go, with a length field. */
export function writeMessageHeader(
  out: Uint8Array,
  offset: number,
  channel: number,
  mode: number,
  sequence: number,
  fragmentIndex: number,
  fragmentCount: number,
  length: number,
): number {
  const isFragment = fragmentCount > 1
  let type = FrameType.Message | MESSAGE_LENGTH | (mode << MESSAGE_MODE_SHIFT)
  if (isFragment) type |= MESSAGE_FRAGMENT
  out[offset] = type
  out[offset + 1] = channel
  let at = offset + 2
  if (mode !== UNRELIABLE || isFragment) {
    writeU16(out, at, sequence)
    at += 2
  }
  if (isFragment) {
    at = writeVarint(out, at, fragmentIndex)
    at = writeVarint(out, at, fragmentCount)
  }
  return writeVarint(out, at, length)
}

/**
 * Takes the length field out of the MESSAGE frame that starts at `frameOffset` and ends at `end`, for the last
 * frame of a packet needs none. @returns the new end
 */
export function stripMessageLength(out: Uint8Array, frameOffset: number, end: number): number {
  const type = out[frameOffset]!
  const isFragment = (type & MESSAGE_FRAGMENT) !== 0
  const mode = (type >>> MESSAGE_MODE_SHIFT) & 3
  let at = frameOffset + (mode !== UNRELIABLE || isFragment ? 4 : 2)
  if (isFragment) {
    at += varintBytesOf(out[at]!)
    at += varintBytesOf(out[at]!)
  }
  const lengthBytes = varintBytesOf(out[at]!)
  out[frameOffset] = type & ~MESSAGE_LENGTH
  out.copyWithin(at, at + lengthBytes, end)
  return end - lengthBytes
}
