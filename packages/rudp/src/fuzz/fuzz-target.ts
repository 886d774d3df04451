import type { SeededRandom } from '../testing/random.ts'

/**
 * Something that takes bytes from strangers. A target makes its inputs itself, so that it can be random, mutated
 * or structured as suits it, and throws when an input does what no input may do: throw, read or write out of
 * bounds, or grow memory beyond its bound.
 */
export interface FuzzTarget {
  /** Names the target on the command line; kebab-case. */
  readonly name: string
  /** A fresh run. The same seed of `random` gives the same run. @returns what is called once per input */
  start(random: SeededRandom): () => void
}
