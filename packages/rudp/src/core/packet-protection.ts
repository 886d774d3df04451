/**
 * What a connection needs of cryptography. The handshake derives the keys and hands an implementation over;
 * which key generation a packet belongs to is decided by the connection (`key-update.ts`).
 *
 * A *generation* counts key updates: 0 is the handshake's key, each later one is derived from the one before
 * it. The key-phase bit on the wire is `generation & 1`. Every call is synchronous, works in place and
 * allocates nothing, except the first use of a new generation, which derives its key.
 *
 * The nonce is the direction's IV XOR the packet number as a 64-bit integer; the associated data are the
 * header bytes as sent.
 */
export interface PacketProtection {
  /**
   * Encrypts `buffer[headerOffset + headerLength, + plaintextLength)` in place and appends the 16-byte tag.
   * `generation` is the one of the previous call or the next one.
   *
   * @returns bytes after the header: `plaintextLength + 16`
   */
  seal(
    generation: number,
    packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    plaintextLength: number,
  ): number

  /**
   * Authenticates and decrypts `buffer[headerOffset + headerLength, + ciphertextLength)` in place.
   * `generation` is at most one above the newest that authenticated and never below the last `discardBelow`.
   * Nothing observable changes when it fails, so a forged key-phase bit has no effect.
   *
   * @returns the plaintext's length (`ciphertextLength - 16`), or -1 when authentication fails
   */
  open(
    generation: number,
    packetNumber: number,
    buffer: Uint8Array,
    headerOffset: number,
    headerLength: number,
    ciphertextLength: number,
  ): number

  /** Receive keys of generations below this one are needed no more and should be wiped. */
  discardBelow(generation: number): void
}

/** Bytes `seal` adds: the Poly1305 tag. */
export const TAG_BYTES = 16
