/** The longest header of an unmasked WebSocket frame (RFC 6455 §5.2). */
export const FRAME_HEADER_BYTES = 10

/** FIN and the opcode of a binary frame. */
const FINAL_BINARY = 0x82
const SHORT_LENGTH = 125
const LENGTH_16 = 126
const LENGTH_64 = 127

/**
 * Makes one whole binary frame, unmasked as servers send them (RFC 6455 §5.2), of a message: first byte `0x82`, then its length in
 * one byte up to 125, as 126 and two bytes up to 65,535, or as 127 and eight bytes, big-endian.
 *
 * @param message {@link FRAME_HEADER_BYTES} that are overwritten, then the payload
 * @returns the frame, in the same memory
 */
export function binaryFrame(message: Uint8Array): Buffer {
  const length = message.length - FRAME_HEADER_BYTES
  const headerBytes = length <= SHORT_LENGTH ? 2 : length <= 0xffff ? 4 : FRAME_HEADER_BYTES
  const start = message.byteOffset + FRAME_HEADER_BYTES - headerBytes
  const frame = Buffer.from(message.buffer, start, headerBytes + length)
  frame[0] = FINAL_BINARY
  if (headerBytes === 2) {
    frame[1] = length
  } else if (headerBytes === 4) {
    frame[1] = LENGTH_16
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = LENGTH_64
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2)
    frame.writeUInt32BE(length >>> 0, 6)
  }
  return frame
}
