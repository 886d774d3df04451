/**
 * Seeded pseudo-random numbers (sfc32, 128 bits of state): the same seed gives the same sequence on every
 * machine. For tests and simulations only; it is not a source of keys.
 */
export class SeededRandom {
  #a = 0
  #b = 0
  #c = 0
  #counter = 1

  /**
   * @param seed any finite number; its lowest 53 bits select the sequence
   * @param stream independent sequences of one seed, for parts that must not disturb each other
   */
  constructor(seed: number, stream = 0) {
    this.#a = Math.trunc(seed) >>> 0
    this.#b = Math.floor(Math.trunc(seed) / 2 ** 32) >>> 0
    this.#c = stream >>> 0
    // Neighbouring seeds differ in few bits; sfc32 needs about a dozen rounds until they have nothing in common.
    for (let round = 0; round < 16; round += 1) this.uint32()
  }

  /** An integer in 0 … 2^32 - 1. */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** A float in [0, 1), in steps of 2^-32. */
  next(): number {
    return this.uint32() / 4_294_967_296
  }

  /** An integer in 0 … bound - 1; bound is a positive integer up to 2^32. */
  integer(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** True with the given probability. A probability of 0 or less draws no number. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  /** Normally distributed, mean 0 and standard deviation 1 (Box–Muller, one of the pair). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return radius * Math.cos(2 * Math.PI * this.next())
  }

  /** Overwrites every byte. */
  fill(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index += 4) {
      const word = this.uint32()
      // Writes past the end of a typed array are ignored.
      bytes[index] = word
      bytes[index + 1] = word >>> 8
      bytes[index + 2] = word >>> 16
      bytes[index + 3] = word >>> 24
    }
  }
}
