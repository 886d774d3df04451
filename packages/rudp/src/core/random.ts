/** The injected source of randomness: cryptographic in production, seeded in tests. */
export interface Random {
  /** Fills all of `bytes`. */
  fill(bytes: Uint8Array): void
  /** A number in [0, 1). */
  next(): number
}
