const UINT32_VALUES = 0x1_0000_0000
/** 2^32 divided by the golden ratio: steps of this size visit every number once, and neighbours lie far apart. */
const STEP = 0x9e3779b9

/**
 * Random numbers that are the same in TypeScript and in Lua (`lua/arena/random.lua`) for the same seed, so that a test
 * can let both play the same game. Not for secrets.
 */
export class SeededRandom {
  #counter: number

  /** @param seed a whole number, whose low 32 bits count */
  constructor(seed: number) {
    this.#counter = seed >>> 0
  }

  /** From 0 to just below 1. The finaliser of MurmurHash3 scatters the bits of a counter. */
  number(): number {
    this.#counter = (this.#counter + STEP) >>> 0
    let bits = this.#counter
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
    return ((bits ^ (bits >>> 16)) >>> 0) / UINT32_VALUES
  }

  /** A whole number, both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.number() * (high - low + 1))
  }
}
