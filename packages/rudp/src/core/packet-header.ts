import { writeU16 } from './little-endian.ts'

/**
 * The short header in front of every packet after the handshake:
 *
 *     u8 flags   bit 7 = 0, bit 6 = 1, bit 5 key phase, bits 4-3 = 0, bits 2-1 packet-number bytes - 1, bit 0 ignored
 *     u8[8]      connection id, from client to server only
 *     u8[2..4]   low bytes of the packet number
 */
export const CONNECTION_ID_BYTES = 8

const FIXED_BIT = 0x40
const LONG_HEADER_BIT = 0x80
const KEY_PHASE_BIT = 0x20
const RESERVED_BITS = 0x18

/** Writes a header. `connectionId` is empty from server to client. @returns its length */
export function writePacketHeader(
  out: Uint8Array,
  offset: number,
  connectionId: Uint8Array,
  keyPhase: number,
  packetNumber: number,
  packetNumberBytes: number,
): number {
  out[offset] = FIXED_BIT | (keyPhase << 5) | ((packetNumberBytes - 1) << 1)
  out.set(connectionId, offset + 1)
  const at = offset + 1 + connectionId.length
  writeU16(out, at, packetNumber)
  if (packetNumberBytes > 2) out[at + 2] = packetNumber >>> 16
  if (packetNumberBytes > 3) out[at + 3] = packetNumber >>> 24
  return at + packetNumberBytes - offset
}

/** Whether the first byte is that of a short header this version knows. */
export function isPacketHeader(flags: number): boolean {
  return (flags & (LONG_HEADER_BIT | FIXED_BIT | RESERVED_BITS)) === FIXED_BIT && (flags & 0x06) !== 0
}

export function keyPhaseOf(flags: number): number {
  return (flags & KEY_PHASE_BIT) >>> 5
}

/** Bytes of packet number in a header with these flags: 2 to 4. */
export function packetNumberBytesOf(flags: number): number {
  return ((flags >>> 1) & 3) + 1
}

/** The truncated packet number at `offset`. */
export function readTruncatedPacketNumber(buffer: Uint8Array, offset: number, bytes: number): number {
  let value = 0
  for (let index = bytes - 1; index >= 0; index--) value = value * 256 + buffer[offset + index]!
  return value
}
