/** Bytes of a ChaCha20-Poly1305 key. */
export const AEAD_KEY_BYTES = 32
/** Bytes of a ChaCha20-Poly1305 IETF nonce (RFC 8439 §2.8). */
export const AEAD_NONCE_BYTES = 12
/** Bytes of a Poly1305 tag. */
export const AEAD_TAG_BYTES = 16
/** Bytes of an X25519 private key, public key or shared secret (RFC 7748 §5). */
export const X25519_BYTES = 32
/** Bytes of a SHA-256 digest. */
export const SHA256_BYTES = 32

/** Where bytes that must not be guessed come from. Tests inject a seeded one. */
export interface SecureRandom {
  /** Overwrites every byte. */
  fill(bytes: Uint8Array): void
}

/**
 * ChaCha20-Poly1305 (RFC 8439 §2.8) under one key, working in place on `associated data | body | tag`, three
 * neighbours in one buffer. Implementations create nothing per call where the library below them allows it.
 *
 * The caller answers for the nonces: one nonce, one message.
 */
export interface Aead {
  /**
   * Encrypts `plaintextLength` bytes that start right after the associated data and writes the 16-byte tag
   * behind them. The buffer must have room for it.
   */
  seal(
    nonce: Uint8Array,
    buffer: Uint8Array,
    associatedOffset: number,
    associatedLength: number,
    plaintextLength: number,
  ): void
  /**
   * Decrypts `ciphertextLength` bytes, tag included, that start right after the associated data.
   * @returns whether they were authentic; if not, the contents of the body are undefined and must not be used
   */
  open(
    nonce: Uint8Array,
    buffer: Uint8Array,
    associatedOffset: number,
    associatedLength: number,
    ciphertextLength: number,
  ): boolean
}

/**
 * The cryptography KRP2 needs, over one library. Both implementations produce the same bytes.
 */
export interface CryptoProvider {
  readonly name: 'sodium-native' | 'node:crypto'
  /** Binds a 32-byte key, which is kept and not copied: whoever changes its bytes changes the key. */
  createAead(key: Uint8Array): Aead
  /** The public key of a 32-byte private key. */
  x25519PublicKey(privateKey: Uint8Array): Uint8Array
  /**
   * The shared secret of two keys.
   * @returns undefined when the public key is a point of low order, so that the secret would be all zero
   * (RFC 7748 §6.1): such a key is never honest
   */
  x25519(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined
  sha256(data: Uint8Array): Uint8Array
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  /** The operating system's randomness. */
  readonly random: SecureRandom
}
