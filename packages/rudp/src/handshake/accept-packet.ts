import { AEAD_TAG_BYTES } from '../crypto/crypto-provider.ts'
import type { HandshakeKeys } from './handshake-keys.ts'
import { readUint16, readUint32, writeUint16, writeUint32 } from './bytes.ts'
import { LONG_HEADER_BYTES, PacketType, writeLongHeader } from './long-header.ts'

// ACCEPT  C3 | "KRP2" | version u16 | clientNonce 8 | ephS 32 | sealed { body 46 } | tag 16
// body    connection id 8 | reset token 16 | idleTimeoutMs u32 | maxDatagramBytes u16 | tickCentiHz u16
//         | packetsPerSecondIn u32 | bytesPerSecondIn u32 | maxMessageBytes u32 | maxPartialMessages u16

export const CONNECTION_ID_BYTES = 8
export const RESET_TOKEN_BYTES = 16
const EPHEMERAL_OFFSET = LONG_HEADER_BYTES
/** Bytes of ACCEPT in the clear: the associated data of its sealed body. */
export const ACCEPT_HEADER_BYTES = EPHEMERAL_OFFSET + 32

const RESET_TOKEN_OFFSET = CONNECTION_ID_BYTES
const IDLE_OFFSET = RESET_TOKEN_OFFSET + RESET_TOKEN_BYTES
const MAX_DATAGRAM_OFFSET = IDLE_OFFSET + 4
const TICK_OFFSET = MAX_DATAGRAM_OFFSET + 2
const PACKET_RATE_OFFSET = TICK_OFFSET + 2
const BYTE_RATE_OFFSET = PACKET_RATE_OFFSET + 4
const MAX_MESSAGE_OFFSET = BYTE_RATE_OFFSET + 4
const MAX_PARTIALS_OFFSET = MAX_MESSAGE_OFFSET + 4
const BODY_BYTES = MAX_PARTIALS_OFFSET + 2

export const ACCEPT_PACKET_BYTES = ACCEPT_HEADER_BYTES + BODY_BYTES + AEAD_TAG_BYTES

/** What the server tells the client, sealed. */
export interface AcceptBody {
  /** The client puts it in front of every packet. */
  readonly connectionId: Uint8Array
  /** A datagram that ends in these bytes says the server has forgotten this connection. */
  readonly resetToken: Uint8Array
  readonly idleTimeoutMs: number
  /** The largest datagram the server takes. */
  readonly maxDatagramBytes: number
  /** The server's tick rate in hundredths of a hertz; 0 when it has none. */
  readonly tickCentiHz: number
  /** What the server takes from one connection; 0 = not limited. */
  readonly packetsPerSecondIn: number
  readonly bytesPerSecondIn: number
  /** Bounds that hold in both directions, so that neither side need guess the other's. */
  readonly maxMessageBytes: number
  readonly maxPartialMessages: number
}

/** The clear part of an ACCEPT, which goes into the transcript before there are keys for the rest. */
export function acceptHeader(version: number, nonce: Uint8Array, ephemeral: Uint8Array): Uint8Array {
  const header = new Uint8Array(ACCEPT_HEADER_BYTES)
  writeLongHeader(header, 0, PacketType.accept, version, nonce, 0)
  header.set(ephemeral, EPHEMERAL_OFFSET)
  return header
}

/** The server's ephemeral public key in a received header. */
export function acceptEphemeral(header: Uint8Array): Uint8Array {
  return header.slice(EPHEMERAL_OFFSET, ACCEPT_HEADER_BYTES)
}

/** Puts a whole ACCEPT together. The keys are good for this one packet. */
export function sealAccept(header: Uint8Array, body: AcceptBody, keys: HandshakeKeys): Uint8Array {
  const packet = new Uint8Array(ACCEPT_PACKET_BYTES)
  packet.set(header)
  const plain = packet.subarray(ACCEPT_HEADER_BYTES)
  plain.set(body.connectionId)
  plain.set(body.resetToken, RESET_TOKEN_OFFSET)
  writeUint32(plain, IDLE_OFFSET, body.idleTimeoutMs)
  writeUint16(plain, MAX_DATAGRAM_OFFSET, body.maxDatagramBytes)
  writeUint16(plain, TICK_OFFSET, body.tickCentiHz)
  writeUint32(plain, PACKET_RATE_OFFSET, body.packetsPerSecondIn)
  writeUint32(plain, BYTE_RATE_OFFSET, body.bytesPerSecondIn)
  writeUint32(plain, MAX_MESSAGE_OFFSET, body.maxMessageBytes)
  writeUint16(plain, MAX_PARTIALS_OFFSET, body.maxPartialMessages)
  keys.aead.seal(keys.nonce, packet, 0, ACCEPT_HEADER_BYTES, BODY_BYTES)
  return packet
}

/** Opens an ACCEPT. @returns undefined when it is not authentic */
export function openAccept(packet: Uint8Array, keys: HandshakeKeys): AcceptBody | undefined {
  if (packet.length !== ACCEPT_PACKET_BYTES) return undefined
  const copy = Uint8Array.from(packet)
  const sealedLength = BODY_BYTES + AEAD_TAG_BYTES
  if (!keys.aead.open(keys.nonce, copy, 0, ACCEPT_HEADER_BYTES, sealedLength)) return undefined
  const plain = copy.subarray(ACCEPT_HEADER_BYTES)
  return {
    connectionId: plain.slice(0, CONNECTION_ID_BYTES),
    resetToken: plain.slice(RESET_TOKEN_OFFSET, IDLE_OFFSET),
    idleTimeoutMs: readUint32(plain, IDLE_OFFSET),
    maxDatagramBytes: readUint16(plain, MAX_DATAGRAM_OFFSET),
    tickCentiHz: readUint16(plain, TICK_OFFSET),
    packetsPerSecondIn: readUint32(plain, PACKET_RATE_OFFSET),
    bytesPerSecondIn: readUint32(plain, BYTE_RATE_OFFSET),
    maxMessageBytes: readUint32(plain, MAX_MESSAGE_OFFSET),
    maxPartialMessages: readUint16(plain, MAX_PARTIALS_OFFSET),
  }
}
