import { readUint32, writeUint32 } from './bytes.ts'
import {
  LONG_HEADER_BYTES,
  NONCE_OFFSET,
  PADDED_BYTES,
  PacketType,
  PROTOCOL_ID_BYTES,
  writeLongHeader,
} from './long-header.ts'

// HELLO    C0 | "KRP2" | version u16 | clientNonce 8 | protocolId 8 | clientTimeMs u32 | zeros up to 1200
// COOKIE   C1 | "KRP2" | version u16 | clientNonce 8 | clientTimeMs u32 | address token 21

export const HELLO_PROTOCOL_ID_OFFSET = LONG_HEADER_BYTES
const HELLO_TIME_OFFSET = HELLO_PROTOCOL_ID_OFFSET + PROTOCOL_ID_BYTES
const COOKIE_TIME_OFFSET = LONG_HEADER_BYTES
export const COOKIE_TOKEN_OFFSET = COOKIE_TIME_OFFSET + 4

/** `epoch u8 | time u32 | mac 16`: proof that the client receives at its address. */
export const ADDRESS_TOKEN_BYTES = 21
export const COOKIE_PACKET_BYTES = COOKIE_TOKEN_OFFSET + ADDRESS_TOKEN_BYTES

export interface Hello {
  readonly version: number
  readonly nonce: Uint8Array
  readonly protocolId: Uint8Array
  /** The client's clock, low 32 bits of milliseconds; comes back in COOKIE. */
  readonly clientTimeMs: number
}

/** Writes a HELLO. @returns its length, 1200 */
export function writeHello(out: Uint8Array, offset: number, hello: Hello): number {
  out.fill(0, offset, offset + PADDED_BYTES)
  writeLongHeader(out, offset, PacketType.hello, hello.version, hello.nonce, 0)
  out.set(hello.protocolId, offset + HELLO_PROTOCOL_ID_OFFSET)
  writeUint32(out, offset + HELLO_TIME_OFFSET, hello.clientTimeMs)
  return PADDED_BYTES
}

/** The clientTimeMs field of a HELLO that is long enough. */
export function helloTimeMs(buffer: Uint8Array, offset: number): number {
  return readUint32(buffer, offset + HELLO_TIME_OFFSET)
}

/**
 * Writes a COOKIE with its address token left blank at {@link COOKIE_TOKEN_OFFSET}.
 * @param request buffer that holds the client's packet, whose nonce is repeated
 * @returns its length
 */
export function writeCookie(
  out: Uint8Array,
  offset: number,
  version: number,
  request: Uint8Array,
  requestOffset: number,
  clientTimeMs: number,
): number {
  writeLongHeader(out, offset, PacketType.cookie, version, request, requestOffset + NONCE_OFFSET)
  writeUint32(out, offset + COOKIE_TIME_OFFSET, clientTimeMs)
  return COOKIE_PACKET_BYTES
}

/** What a client reads from a COOKIE; undefined when its length is wrong. */
export function parseCookie(
  buffer: Uint8Array,
  offset: number,
  length: number,
): { readonly clientTimeMs: number; readonly addressToken: Uint8Array } | undefined {
  if (length !== COOKIE_PACKET_BYTES) return undefined
  const tokenOffset = offset + COOKIE_TOKEN_OFFSET
  return {
    clientTimeMs: readUint32(buffer, offset + COOKIE_TIME_OFFSET),
    addressToken: buffer.slice(tokenOffset, tokenOffset + ADDRESS_TOKEN_BYTES),
  }
}
