/** Fixed-size integers as on the wire: little-endian, at any alignment, without a DataView per buffer. */

export function readU16(buffer: Uint8Array, offset: number): number {
  return buffer[offset]! | (buffer[offset + 1]! << 8)
}

export function readU32(buffer: Uint8Array, offset: number): number {
  return (readU16(buffer, offset) | (readU16(buffer, offset + 2) << 16)) >>> 0
}

/** Writes the low 16 bits of `value`. */
export function writeU16(buffer: Uint8Array, offset: number, value: number): void {
  buffer[offset] = value
  buffer[offset + 1] = value >>> 8
}

/** Writes the low 32 bits of `value`. */
export function writeU32(buffer: Uint8Array, offset: number, value: number): void {
  writeU16(buffer, offset, value)
  writeU16(buffer, offset + 2, value >>> 16)
}
