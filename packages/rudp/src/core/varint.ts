/**
 * Variable-length integers as in QUIC (RFC 9000 §16) without the 8-byte form: the two highest bits of the
 * first byte tell the length (00: 1, 01: 2, 10: 4 bytes), the rest is the value, most significant byte first.
 * A longer form than needed is allowed.
 */

export const MAX_VARINT = 2 ** 30 - 1

/** Bytes `writeVarint` takes for a value. */
export function varintBytes(value: number): number {
  if (value < 1 << 6) return 1
  return value < 1 << 14 ? 2 : 4
}

/** Writes `value` (0..MAX_VARINT). @returns the offset after it */
export function writeVarint(buffer: Uint8Array, offset: number, value: number): number {
  if (value < 1 << 6) {
    buffer[offset] = value
    return offset + 1
  }
  if (value < 1 << 14) {
    buffer[offset] = 0x40 | (value >>> 8)
    buffer[offset + 1] = value
    return offset + 2
  }
  buffer[offset] = 0x80 | (value >>> 24)
  buffer[offset + 1] = value >>> 16
  buffer[offset + 2] = value >>> 8
  buffer[offset + 3] = value
  return offset + 4
}

/** Reads the varint at `offset`. @returns -1 when it does not end before `end` or has the reserved prefix */
export function readVarint(buffer: Uint8Array, offset: number, end: number): number {
  if (offset >= end) return -1
  const first = buffer[offset]!
  switch (first >>> 6) {
    case 0:
      return first
    case 1:
      return offset + 2 <= end ? ((first & 0x3f) << 8) | buffer[offset + 1]! : -1
    case 2:
      return offset + 4 <= end
        ? ((first & 0x3f) << 24) |
            (buffer[offset + 1]! << 16) |
            (buffer[offset + 2]! << 8) |
            buffer[offset + 3]!
        : -1
    default:
      return -1
  }
}

/** Bytes of the varint whose first byte this is; only for one that `readVarint` accepted. */
export function varintBytesOf(firstByte: number): number {
  return 1 << (firstByte >>> 6)
}
