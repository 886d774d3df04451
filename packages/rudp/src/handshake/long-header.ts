import { readUint16, writeUint16 } from './bytes.ts'

/** First bytes of the packets before there are keys. Bit 7 = long header, bit 6 is always 1. */
export const PacketType = {
  hello: 0xc0,
  cookie: 0xc1,
  connect: 0xc2,
  accept: 0xc3,
  deny: 0xc4,
  versions: 0xc5,
} as const

/** Version 1 of KRP2. */
export const PROTOCOL_VERSION = 1
/** The same protocol without encryption of packets, spoken on loopback only (`docs/transport.md`, insecure mode). */
export const INSECURE_VERSION = 0x8001
/** HELLO and CONNECT are padded to this, so that no answer amplifies. */
export const PADDED_BYTES = 1200
export const NONCE_BYTES = 8
export const PROTOCOL_ID_BYTES = 8

/** Offsets every long packet shares, in every version to come: `type u8 | "KRP2" | version u16 | clientNonce 8`. */
export const VERSION_OFFSET = 5
export const NONCE_OFFSET = 7
export const LONG_HEADER_BYTES = NONCE_OFFSET + NONCE_BYTES

const MAGIC = [0x4b, 0x52, 0x50, 0x32] as const

/** Writes `type | "KRP2" | version | clientNonce`. */
export function writeLongHeader(
  out: Uint8Array,
  offset: number,
  type: number,
  version: number,
  nonce: Uint8Array,
  nonceOffset: number,
): void {
  out[offset] = type
  for (let index = 0; index < MAGIC.length; index += 1) out[offset + 1 + index] = MAGIC[index] ?? 0
  writeUint16(out, offset + VERSION_OFFSET, version)
  for (let index = 0; index < NONCE_BYTES; index += 1) {
    out[offset + NONCE_OFFSET + index] = nonce[nonceOffset + index] ?? 0
  }
}

/**
 * The packet's type when it starts like a long packet of this protocol (of any version), else -1.
 * Says nothing about what follows the shared header.
 */
export function longPacketType(buffer: Uint8Array, offset: number, length: number): number {
  if (length < LONG_HEADER_BYTES) return -1
  for (let index = 0; index < MAGIC.length; index += 1) {
    if (buffer[offset + 1 + index] !== MAGIC[index]) return -1
  }
  const type = buffer[offset] ?? 0
  return type >= PacketType.hello && type <= PacketType.versions ? type : -1
}

/** The version field; `longPacketType` has accepted the packet. */
export function packetVersion(buffer: Uint8Array, offset: number): number {
  return readUint16(buffer, offset + VERSION_OFFSET)
}

/** Whether the packet carries this client nonce: the answer belongs to our question. */
export function hasNonce(buffer: Uint8Array, offset: number, nonce: Uint8Array): boolean {
  for (let index = 0; index < NONCE_BYTES; index += 1) {
    if (buffer[offset + NONCE_OFFSET + index] !== nonce[index]) return false
  }
  return true
}
