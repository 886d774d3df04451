import { readUint16, readUint32, writeUint16, writeUint32 } from './bytes.ts'
import { LONG_HEADER_BYTES, NONCE_OFFSET, PacketType, packetVersion, writeLongHeader } from './long-header.ts'

// DENY      C4 | "KRP2" | version u16 | clientNonce 8 | code u16 | retryAfterMs u32
// VERSIONS  C5 | "KRP2" | version u16 (the one refused) | clientNonce 8 | count u8 | count x version u16

/** Why a server refuses a client whose address is validated. */
export const DenyCode = {
  serverFull: 1,
  tokenInvalid: 2,
  tokenExpired: 3,
  tokenReused: 4,
  tokenRequired: 5,
  protocolMismatch: 6,
  wrongServerKey: 7,
  refused: 8,
  shuttingDown: 9,
  tooManyConnections: 10,
} as const

export type DenyCode = (typeof DenyCode)[keyof typeof DenyCode]
export type DenyReason = keyof typeof DenyCode

const reasonByCode = new Map<number, DenyReason>(
  (Object.entries(DenyCode) as [DenyReason, number][]).map(([reason, code]) => [code, reason]),
)

/** The name of a code, or undefined for one this version does not know. */
export function denyReason(code: number): DenyReason | undefined {
  return reasonByCode.get(code)
}

export const DENY_PACKET_BYTES = LONG_HEADER_BYTES + 6
/** A VERSIONS packet stays below the size of every HELLO whatever a server speaks. */
export const MAX_VERSIONS = 16

/** Writes a DENY that answers the request. @returns its length */
export function writeDeny(
  out: Uint8Array,
  offset: number,
  request: Uint8Array,
  requestOffset: number,
  code: DenyCode,
  retryAfterMs: number,
): number {
  const version = packetVersion(request, requestOffset)
  writeLongHeader(out, offset, PacketType.deny, version, request, requestOffset + NONCE_OFFSET)
  writeUint16(out, offset + LONG_HEADER_BYTES, code)
  writeUint32(out, offset + LONG_HEADER_BYTES + 2, retryAfterMs)
  return DENY_PACKET_BYTES
}

export function parseDeny(
  buffer: Uint8Array,
  offset: number,
  length: number,
): { readonly code: number; readonly retryAfterMs: number } | undefined {
  if (length !== DENY_PACKET_BYTES) return undefined
  return {
    code: readUint16(buffer, offset + LONG_HEADER_BYTES),
    retryAfterMs: readUint32(buffer, offset + LONG_HEADER_BYTES + 2),
  }
}

/** Writes a VERSIONS packet that answers the request. @returns its length */
export function writeVersions(
  out: Uint8Array,
  offset: number,
  request: Uint8Array,
  requestOffset: number,
  versions: readonly number[],
): number {
  if (versions.length > MAX_VERSIONS) throw new RangeError(`At most ${MAX_VERSIONS} versions fit`)
  const refused = packetVersion(request, requestOffset)
  writeLongHeader(out, offset, PacketType.versions, refused, request, requestOffset + NONCE_OFFSET)
  out[offset + LONG_HEADER_BYTES] = versions.length
  versions.forEach((version, index) => {
    writeUint16(out, offset + LONG_HEADER_BYTES + 1 + 2 * index, version)
  })
  return LONG_HEADER_BYTES + 1 + 2 * versions.length
}

export function parseVersions(
  buffer: Uint8Array,
  offset: number,
  length: number,
): readonly number[] | undefined {
  const count = length > LONG_HEADER_BYTES ? (buffer[offset + LONG_HEADER_BYTES] ?? 0) : 0
  if (count === 0 || count > MAX_VERSIONS || length !== LONG_HEADER_BYTES + 1 + 2 * count) return undefined
  return Array.from({ length: count }, (_, index) =>
    readUint16(buffer, offset + LONG_HEADER_BYTES + 1 + 2 * index),
  )
}
