/** Little-endian fields of the handshake packets. Callers have checked that the range is inside the buffer. */

export function readUint16(buffer: Uint8Array, offset: number): number {
  return (buffer[offset] ?? 0) | ((buffer[offset + 1] ?? 0) << 8)
}

export function readUint32(buffer: Uint8Array, offset: number): number {
  return (readUint16(buffer, offset) | (readUint16(buffer, offset + 2) << 16)) >>> 0
}

/** Reads 64 bits; values above 2^53 lose their lowest bits, which no field of this protocol uses. */
export function readUint64(buffer: Uint8Array, offset: number): number {
  return readUint32(buffer, offset + 4) * 2 ** 32 + readUint32(buffer, offset)
}

export function writeUint16(buffer: Uint8Array, offset: number, value: number): void {
  buffer[offset] = value
  buffer[offset + 1] = value >>> 8
}

export function writeUint32(buffer: Uint8Array, offset: number, value: number): void {
  writeUint16(buffer, offset, value)
  writeUint16(buffer, offset + 2, value >>> 16)
}

export function writeUint64(buffer: Uint8Array, offset: number, value: number): void {
  writeUint32(buffer, offset, value % 2 ** 32)
  writeUint32(buffer, offset + 4, Math.floor(value / 2 ** 32))
}

/** Joins byte strings; for key derivation, not for packets. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
