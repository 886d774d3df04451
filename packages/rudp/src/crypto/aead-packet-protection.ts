import { AEAD_TAG_BYTES, type CryptoProvider } from './crypto-provider.ts'
import type { CountingProtection } from './counting-protection.ts'
import { PacketCipher } from './packet-cipher.ts'
import { derivePacketKeys, nextPacketKeys, type PacketKeys } from './packet-keys.ts'

/**
 * ChaCha20-Poly1305 over the packets of one connection.
 *
 * A nonce is never used twice: packet numbers that do not rise are refused, they do not restart with a new key
 * generation, and the secrets come from ephemeral keys that live for one handshake.
 */
export class AeadPacketProtection implements CountingProtection {
  openedCount = 0
  readonly #crypto: CryptoProvider
  readonly #cipher: PacketCipher
  #send: PacketKeys
  #sendGeneration = 0
  #lastSealed = -1
  /** Receive keys of the generations from `#oldestReceive` on: at most previous, current and next. */
  #receive: PacketKeys[]
  #oldestReceive = 0

  /**
   * @param sendSecret 32 bytes, of the direction this side sends in
   * @param receiveSecret 32 bytes, of the other direction
   * @param cipher shared by the connections of an endpoint; one of its own when omitted
   */
  constructor(
    crypto: CryptoProvider,
    sendSecret: Uint8Array,
    receiveSecret: Uint8Array,
    cipher = new PacketCipher(crypto),
  ) {
    this.#crypto = crypto
    this.#cipher = cipher
    this.#send = derivePacketKeys(crypto, sendSecret)
    this.#receive = [derivePacketKeys(crypto, receiveSecret)]
  }

  /** @throws RangeError when the packet number does not rise or the generation is not this or the next one */
  seal(
    generation: number,
    packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    plaintextLength: number,
  ): number {
    if (packetNumber <= this.#lastSealed) throw new RangeError('A packet number must not be used twice')
    if (generation !== this.#sendGeneration) this.#updateSendKeys(generation)
    this.#lastSealed = packetNumber
    this.#cipher.seal(this.#send, packetNumber, buffer, headerOffset, headerLength, plaintextLength)
    return plaintextLength + AEAD_TAG_BYTES
  }

  open(
    generation: number,
    packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    ciphertextLength: number,
  ): number {
    const keys = this.#receiveKeys(generation)
    if (keys === undefined) return -1
    if (!this.#cipher.open(keys, packetNumber, buffer, headerOffset, headerLength, ciphertextLength))
      return -1
    this.openedCount += 1
    return ciphertextLength - AEAD_TAG_BYTES
  }

  discardBelow(generation: number): void {
    // The newest generation stays, whatever is asked: the next one is derived from it.
    while (this.#oldestReceive < generation && this.#receive.length > 1) {
      this.#receive.shift()
      this.#oldestReceive += 1
    }
  }

  #updateSendKeys(generation: number): void {
    if (generation !== this.#sendGeneration + 1) throw new RangeError('Key generations follow one another')
    this.#send = nextPacketKeys(this.#crypto, this.#send)
    this.#sendGeneration = generation
  }

  #receiveKeys(generation: number): PacketKeys | undefined {
    const index = generation - this.#oldestReceive
    const newest = this.#receive[this.#receive.length - 1]
    if (index === this.#receive.length && newest !== undefined) {
      // The next generation is derived once, however many forged packets claim it.
      this.#receive.push(nextPacketKeys(this.#crypto, newest))
    }
    return this.#receive[index]
  }
}
