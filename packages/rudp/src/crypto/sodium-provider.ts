import { createHash, createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import {
  AEAD_KEY_BYTES,
  AEAD_TAG_BYTES,
  type Aead,
  type CryptoProvider,
  X25519_BYTES,
} from './crypto-provider.ts'
import { ViewCache } from './view-cache.ts'

/** The part of sodium-native in use; the package carries no types. Buffers may overlap. */
interface Sodium {
  crypto_aead_chacha20poly1305_ietf_encrypt(
    ciphertext: Uint8Array,
    message: Uint8Array,
    associatedData: Uint8Array,
    secretNonce: null,
    publicNonce: Uint8Array,
    key: Uint8Array,
  ): number
  /** Throws when the tag is wrong. */
  crypto_aead_chacha20poly1305_ietf_decrypt(
    message: Uint8Array,
    secretNonce: null,
    ciphertext: Uint8Array,
    associatedData: Uint8Array,
    publicNonce: Uint8Array,
    key: Uint8Array,
  ): number
  crypto_scalarmult_base(publicKey: Uint8Array, privateKey: Uint8Array): void
  /** Throws when the result is all zero. */
  crypto_scalarmult(shared: Uint8Array, privateKey: Uint8Array, publicKey: Uint8Array): void
  randombytes_buf(buffer: Uint8Array): void
}

class SodiumAead implements Aead {
  readonly #sodium: Sodium
  readonly #key: Uint8Array
  readonly #sealViews: ViewCache
  readonly #openViews: ViewCache

  constructor(sodium: Sodium, key: Uint8Array, sealViews: ViewCache, openViews: ViewCache) {
    if (key.length !== AEAD_KEY_BYTES) throw new RangeError(`An AEAD key has ${AEAD_KEY_BYTES} bytes`)
    this.#sodium = sodium
    this.#key = key
    this.#sealViews = sealViews
    this.#openViews = openViews
  }

  seal(
    nonce: Uint8Array,
    buffer: Uint8Array,
    associatedOffset: number,
    associatedLength: number,
    plaintextLength: number,
  ): void {
    const bodyOffset = associatedOffset + associatedLength
    this.#sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
      this.#sealViews.view(buffer, bodyOffset, plaintextLength + AEAD_TAG_BYTES),
      this.#sealViews.view(buffer, bodyOffset, plaintextLength),
      this.#sealViews.view(buffer, associatedOffset, associatedLength),
      null,
      nonce,
      this.#key,
    )
  }

  open(
    nonce: Uint8Array,
    buffer: Uint8Array,
    associatedOffset: number,
    associatedLength: number,
    ciphertextLength: number,
  ): boolean {
    const plaintextLength = ciphertextLength - AEAD_TAG_BYTES
    if (plaintextLength < 0) return false
    const bodyOffset = associatedOffset + associatedLength
    try {
      this.#sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
        this.#openViews.view(buffer, bodyOffset, plaintextLength),
        null,
        this.#openViews.view(buffer, bodyOffset, ciphertextLength),
        this.#openViews.view(buffer, associatedOffset, associatedLength),
        nonce,
        this.#key,
      )
      return true
    } catch {
      return false
    }
  }
}

/**
 * Cryptography from libsodium through sodium-native, an optional dependency.
 * @returns undefined when it is not installed or has no build for this machine
 */
export function createSodiumProvider(): CryptoProvider | undefined {
  let sodium: Sodium
  try {
    sodium = createRequire(import.meta.url)('sodium-native') as Sodium
  } catch {
    return undefined
  }
  // Packets are sealed in one buffer and opened in another.
  const sealViews = new ViewCache()
  const openViews = new ViewCache()
  return {
    name: 'sodium-native',
    createAead: (key) => new SodiumAead(sodium, key, sealViews, openViews),
    x25519PublicKey(privateKey) {
      const publicKey = new Uint8Array(X25519_BYTES)
      sodium.crypto_scalarmult_base(publicKey, privateKey)
      return publicKey
    },
    x25519(privateKey, publicKey) {
      const shared = new Uint8Array(X25519_BYTES)
      try {
        sodium.crypto_scalarmult(shared, privateKey, publicKey)
      } catch {
        return undefined
      }
      return shared
    },
    // libsodium's keyed hashes cost as many native calls as Node's, so Node's serve both providers.
    sha256: (data) => createHash('sha256').update(data).digest(),
    hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    random: { fill: (bytes) => sodium.randombytes_buf(bytes) },
  }
}
