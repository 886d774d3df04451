/** Repeat a failure, or look elsewhere, with `TEST_SEED=<seed>`. */
export const testSeed = Number(process.env.TEST_SEED ?? 20_251_122)

/** Repeatable numbers for tests (mulberry32). */
export class SeededRandom {
  #state = 0

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** An integer in 0 … bound - 1. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * bound)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index++) bytes[index] = this.below(256)
    return bytes
  }
}
