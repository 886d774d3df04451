import type { CountingProtection } from './counting-protection.ts'
import { AEAD_TAG_BYTES } from './crypto-provider.ts'

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * The insecure mode's stand-in for encryption: plain text, with a checksum where the tag would be so that damaged
 * packets are still told from whole ones. It keeps nobody out; the driver allows it on loopback only.
 *
 * Tag: FNV-1a (32 bit, little-endian) over header and body, then twelve zeros.
 */
export class PlainPacketProtection implements CountingProtection {
  openedCount = 0

  seal(
    _generation: number,
    _packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    plaintextLength: number,
  ): number {
    const end = headerOffset + headerLength + plaintextLength
    const sum = checksum(buffer, headerOffset, end)
    buffer.fill(0, end, end + AEAD_TAG_BYTES)
    for (let index = 0; index < 4; index += 1) buffer[end + index] = sum >>> (8 * index)
    return plaintextLength + AEAD_TAG_BYTES
  }

  open(
    _generation: number,
    _packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    ciphertextLength: number,
  ): number {
    const plaintextLength = ciphertextLength - AEAD_TAG_BYTES
    if (plaintextLength < 0) return -1
    const end = headerOffset + headerLength + plaintextLength
    const sum = checksum(buffer, headerOffset, end)
    for (let index = 0; index < AEAD_TAG_BYTES; index += 1) {
      const expected = index < 4 ? (sum >>> (8 * index)) & 0xff : 0
      if (buffer[end + index] !== expected) return -1
    }
    this.openedCount += 1
    return plaintextLength
  }

  discardBelow(): void {}
}

function checksum(buffer: Uint8Array, start: number, end: number): number {
  let hash = FNV_OFFSET
  for (let index = start; index < end; index += 1) {
    hash = Math.imul(hash ^ (buffer[index] ?? 0), FNV_PRIME)
  }
  return hash >>> 0
}
