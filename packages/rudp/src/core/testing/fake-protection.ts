import { writeU32 } from '../little-endian.ts'
import { type PacketProtection, TAG_BYTES } from '../packet-protection.ts'

/**
 * A stand-in for real encryption in tests: it authenticates (a keyed checksum over header, number and payload
 * detects corruption and wrong generations) but hides nothing. Both sides are given the same key.
 */
export class FakeProtection implements PacketProtection {
  readonly #key: number
  readonly #checksPayload: boolean
  readonly #tag = new Uint8Array(4)
  #oldestGeneration = 0
  #lastSealed = -1
  sealed = 0
  opened = 0

  /** @param checksPayload false spares the time in runs without corruption */
  constructor(key: number, checksPayload = true) {
    this.#key = key
    this.#checksPayload = checksPayload
  }

  seal(
    generation: number,
    packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    plaintextLength: number,
  ): number {
    if (packetNumber <= this.#lastSealed) throw new Error(`packet number ${packetNumber} used twice`)
    this.#lastSealed = packetNumber
    this.sealed++
    const end = headerOffset + headerLength + plaintextLength
    this.#computeTag(generation, packetNumber, buffer, headerOffset, end)
    for (let index = 0; index < TAG_BYTES; index++) buffer[end + index] = this.#tag[index % 4]!
    return plaintextLength + TAG_BYTES
  }

  open(
    generation: number,
    packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    ciphertextLength: number,
  ): number {
    if (generation < this.#oldestGeneration || ciphertextLength < TAG_BYTES) return -1
    const end = headerOffset + headerLength + ciphertextLength - TAG_BYTES
    this.#computeTag(generation, packetNumber, buffer, headerOffset, end)
    for (let index = 0; index < TAG_BYTES; index++) {
      if (buffer[end + index] !== this.#tag[index % 4]) return -1
    }
    this.opened++
    return ciphertextLength - TAG_BYTES
  }

  discardBelow(generation: number): void {
    this.#oldestGeneration = generation
  }

  #computeTag(
    generation: number,
    packetNumber: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    let hash = this.#key ^ Math.imul(generation + 1, 0x9e3779b1) ^ Math.imul(packetNumber | 0, 0x85ebca6b)
    hash ^= Math.floor(packetNumber / 2 ** 32) ^ (end - start)
    const checkedEnd = this.#checksPayload ? end : Math.min(end, start + 1)
    for (let at = start; at < checkedEnd; at++) hash = Math.imul(hash ^ buffer[at]!, 0x01000193)
    writeU32(this.#tag, 0, hash ^ (hash >>> 15))
  }
}
