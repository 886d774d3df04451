import { KaosError } from './errors.ts'
import { WireLimits } from './limits.ts'

/**
 * Walks the frames of one transport message without copying: `op u8 | len u16 | payload`, little-endian
 * (`docs/protocol.md#frames`). Reusable: call {@link reset} for each message, then {@link next} until false.
 */
export class FrameReader {
  #bytes: Uint8Array = new Uint8Array(0)
  #offset = 0

  op = 0
  payloadOffset = 0
  payloadLength = 0

  reset(message: Uint8Array): void {
    this.#bytes = message
    this.#offset = 0
  }

  /**
   * Moves to the next frame; false at the end of the message.
   * @throws {KaosError} TRUNCATED_FRAME: the rest of the message cannot be read.
   */
  next(): boolean {
    const bytes = this.#bytes
    const offset = this.#offset
    const left = bytes.length - offset
    if (left === 0) return false
    if (left < WireLimits.frameHeaderBytes) {
      throw new KaosError(
        'TRUNCATED_FRAME',
        `${left} byte(s) at offset ${offset}: a frame header has 3 bytes`,
      )
    }
    this.op = bytes[offset] as number
    this.payloadLength = (bytes[offset + 1] as number) | ((bytes[offset + 2] as number) << 8)
    this.payloadOffset = offset + WireLimits.frameHeaderBytes
    if (this.payloadOffset + this.payloadLength > bytes.length) {
      throw new KaosError(
        'TRUNCATED_FRAME',
        `frame at offset ${offset} says ${this.payloadLength} payload bytes, ${left - WireLimits.frameHeaderBytes} follow`,
      )
    }
    this.#offset = this.payloadOffset + this.payloadLength
    return true
  }

  /** The payload of the present frame as a view; valid as long as the message's buffer is. */
  payload(): Uint8Array {
    return this.#bytes.subarray(this.payloadOffset, this.payloadOffset + this.payloadLength)
  }
}

/**
 * One whole frame in a buffer of its own.
 * @throws {KaosError} PAYLOAD_TOO_LARGE above 65,535 payload bytes.
 */
export function encodeFrame(op: number, payload: Uint8Array): Uint8Array {
  const frame = allocateFrame(op, payload.length)
  frame.set(payload, WireLimits.frameHeaderBytes)
  return frame
}

/** A frame with its header written and its payload left to the caller. */
export function allocateFrame(op: number, payloadLength: number): Uint8Array {
  if (payloadLength > WireLimits.payloadBytes) {
    throw new KaosError(
      'PAYLOAD_TOO_LARGE',
      `a frame carries at most ${WireLimits.payloadBytes} payload bytes, got ${payloadLength}`,
    )
  }
  const frame = new Uint8Array(WireLimits.frameHeaderBytes + payloadLength)
  frame[0] = op
  frame[1] = payloadLength & 0xff
  frame[2] = payloadLength >>> 8
  return frame
}
