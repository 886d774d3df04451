import { readUint16, writeUint16 } from './bytes.ts'
import { ADDRESS_TOKEN_BYTES } from './hello-packet.ts'
import {
  LONG_HEADER_BYTES,
  PADDED_BYTES,
  PacketType,
  PROTOCOL_ID_BYTES,
  writeLongHeader,
} from './long-header.ts'

// CONNECT  C2 | "KRP2" | version u16 | clientNonce 8 | protocolId 8 | address token 21 | ephC 32
//          | tokenLen u16 | connect token | proof 16 | zeros up to 1200

export const CONNECT_PROTOCOL_ID_OFFSET = LONG_HEADER_BYTES
const ADDRESS_TOKEN_OFFSET = CONNECT_PROTOCOL_ID_OFFSET + PROTOCOL_ID_BYTES
const EPHEMERAL_OFFSET = ADDRESS_TOKEN_OFFSET + ADDRESS_TOKEN_BYTES
const TOKEN_LENGTH_OFFSET = EPHEMERAL_OFFSET + 32
const TOKEN_OFFSET = TOKEN_LENGTH_OFFSET + 2

export const CONNECT_PROOF_BYTES = 16
/** The longest sealed connect token that fits beside the other fields. */
export const MAX_CONNECT_TOKEN_BYTES = PADDED_BYTES - TOKEN_OFFSET - CONNECT_PROOF_BYTES

export interface ConnectFields {
  readonly version: number
  readonly nonce: Uint8Array
  readonly protocolId: Uint8Array
  /** From COOKIE, or a resume ticket. */
  readonly addressToken: Uint8Array
  /** The client's ephemeral public key. */
  readonly ephemeral: Uint8Array
  /** Sealed connect token; empty when the client relies on the server's pinned key. */
  readonly token: Uint8Array
}

/** Views into a received CONNECT; valid as long as the buffer is not written to. */
export interface ConnectView {
  readonly protocolId: Uint8Array
  readonly addressToken: Uint8Array
  readonly ephemeral: Uint8Array
  readonly token: Uint8Array
  /** All bytes the proof covers: from the first to the end of the token. */
  readonly signed: Uint8Array
  readonly proof: Uint8Array
}

/**
 * Writes a CONNECT without its proof, which covers the bytes `offset … offset + signedLength` and belongs right
 * behind them.
 * @returns signedLength
 * @throws RangeError when the token is longer than {@link MAX_CONNECT_TOKEN_BYTES}
 */
export function writeConnect(out: Uint8Array, offset: number, fields: ConnectFields): number {
  if (fields.token.length > MAX_CONNECT_TOKEN_BYTES) {
    throw new RangeError(`A connect token has at most ${MAX_CONNECT_TOKEN_BYTES} bytes`)
  }
  out.fill(0, offset, offset + PADDED_BYTES)
  writeLongHeader(out, offset, PacketType.connect, fields.version, fields.nonce, 0)
  out.set(fields.protocolId, offset + CONNECT_PROTOCOL_ID_OFFSET)
  out.set(fields.addressToken, offset + ADDRESS_TOKEN_OFFSET)
  out.set(fields.ephemeral, offset + EPHEMERAL_OFFSET)
  writeUint16(out, offset + TOKEN_LENGTH_OFFSET, fields.token.length)
  out.set(fields.token, offset + TOKEN_OFFSET)
  return TOKEN_OFFSET + fields.token.length
}

/** Finds the fields of a CONNECT; undefined when it is too short or its token would pass its end. */
export function parseConnect(buffer: Uint8Array, offset: number, length: number): ConnectView | undefined {
  if (length < PADDED_BYTES) return undefined
  const tokenLength = readUint16(buffer, offset + TOKEN_LENGTH_OFFSET)
  if (tokenLength > MAX_CONNECT_TOKEN_BYTES) return undefined
  const view = (start: number, size: number) => buffer.subarray(offset + start, offset + start + size)
  const signedLength = TOKEN_OFFSET + tokenLength
  return {
    protocolId: view(CONNECT_PROTOCOL_ID_OFFSET, PROTOCOL_ID_BYTES),
    addressToken: view(ADDRESS_TOKEN_OFFSET, ADDRESS_TOKEN_BYTES),
    ephemeral: view(EPHEMERAL_OFFSET, 32),
    token: view(TOKEN_OFFSET, tokenLength),
    signed: view(0, signedLength),
    proof: view(signedLength, CONNECT_PROOF_BYTES),
  }
}
