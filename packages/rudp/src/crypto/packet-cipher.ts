import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, type Aead, type CryptoProvider } from './crypto-provider.ts'
import { copyKey, type PacketKeys, writeNonce } from './packet-keys.ts'

/**
 * ChaCha20-Poly1305 for packets of any connection: key and nonce are put where the library below finds them for one call. One
 * serves a whole endpoint, so that a connection need hold no more than its keys.
 */
export class PacketCipher {
  readonly #key = new Uint8Array(AEAD_KEY_BYTES)
  readonly #nonce = new Uint8Array(AEAD_NONCE_BYTES)
  readonly #aead: Aead
  #loaded: PacketKeys | undefined

  constructor(crypto: CryptoProvider) {
    this.#aead = crypto.createAead(this.#key)
  }

  /** As {@link Aead.seal}; the caller answers for the packet number. */
  seal(
    keys: PacketKeys,
    packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    plaintextLength: number,
  ): void {
    this.#load(keys, packetNumber)
    this.#aead.seal(this.#nonce, buffer, headerOffset, headerLength, plaintextLength)
  }

  /** As {@link Aead.open}. */
  open(
    keys: PacketKeys,
    packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    ciphertextLength: number,
  ): boolean {
    this.#load(keys, packetNumber)
    return this.#aead.open(this.#nonce, buffer, headerOffset, headerLength, ciphertextLength)
  }

  #load(keys: PacketKeys, packetNumber: number): void {
    if (keys !== this.#loaded) {
      copyKey(keys, this.#key)
      this.#loaded = keys
    }
    writeNonce(this.#nonce, keys, packetNumber)
  }
}
