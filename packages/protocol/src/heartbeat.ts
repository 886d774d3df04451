import { KaosError } from './errors.ts'
import { allocateFrame } from './frame.ts'
import { Op } from './opcodes.ts'

/**
 * Timestamps both ways, in microseconds of the sender's own clock (`docs/protocol.md#heartbeat`).
 * The receiver of a heartbeat that echoes one of its own knows the round trip:
 * `now - echoUs - holdUs`, and can estimate the other clock as NTP does (RFC 5905 §8).
 */
export interface Heartbeat {
  /** The receiver is asked to answer at once. */
  readonly isReplyWanted: boolean
  /** Sender's clock when this was sent. */
  readonly sentUs: number
  /** `sentUs` of the newest heartbeat received from the other side; 0 = none yet. */
  readonly echoUs: number
  /** How long the sender held that one before sending this. */
  readonly holdUs: number
}

/** flags u8 | sentUs u64 | echoUs u64 | holdUs u32 */
const HEARTBEAT_BYTES = 21
const REPLY_WANTED = 0x01
const TWO_32 = 4_294_967_296

/** A whole Heartbeat frame. Numbers are rounded, and clamped to what their field can hold. */
export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  const frame = allocateFrame(Op.Heartbeat, HEARTBEAT_BYTES)
  const view = new DataView(frame.buffer, frame.byteOffset + 3, HEARTBEAT_BYTES)
  view.setUint8(0, heartbeat.isReplyWanted ? REPLY_WANTED : 0)
  setUint53(view, 1, heartbeat.sentUs)
  setUint53(view, 9, heartbeat.echoUs)
  view.setUint32(17, Math.min(Math.max(Math.round(heartbeat.holdUs), 0), 0xffff_ffff), true)
  return frame
}

/** @throws {KaosError} INVALID_PAYLOAD for a wrong size, an unknown flag or a timestamp above 2^53. */
export function decodeHeartbeat(payload: Uint8Array): Heartbeat {
  if (payload.length !== HEARTBEAT_BYTES) {
    throw new KaosError('INVALID_PAYLOAD', `Heartbeat has ${HEARTBEAT_BYTES} bytes, got ${payload.length}`)
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const flags = view.getUint8(0)
  if ((flags & ~REPLY_WANTED) !== 0) {
    throw new KaosError('INVALID_PAYLOAD', `Heartbeat flags 0x${flags.toString(16)}: reserved bits are set`)
  }
  return {
    isReplyWanted: (flags & REPLY_WANTED) !== 0,
    sentUs: getUint53(view, 1, 'sent_us'),
    echoUs: getUint53(view, 9, 'echo_us'),
    holdUs: view.getUint32(17, true),
  }
}

function setUint53(view: DataView, offset: number, value: number): void {
  const whole = Math.min(Math.max(Math.round(value), 0), Number.MAX_SAFE_INTEGER)
  view.setUint32(offset, whole % TWO_32, true)
  view.setUint32(offset + 4, Math.floor(whole / TWO_32), true)
}

function getUint53(view: DataView, offset: number, field: string): number {
  const high = view.getUint32(offset + 4, true)
  if (high >= 0x20_0000) {
    throw new KaosError('INVALID_PAYLOAD', `Heartbeat ${field} is above 2^53 - 1`)
  }
  return high * TWO_32 + view.getUint32(offset, true)
}
