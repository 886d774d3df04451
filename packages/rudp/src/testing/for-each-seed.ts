/**
 * Runs a scenario once for each seed 1 … count, and makes a failure name the seed that repeats it.
 * @param firstSeed where to start; give the seed of a failure and a count of 1 to repeat just that
 * @throws Error whose message starts with the seed, and whose cause is the failure
 */
export function forEachSeed(count: number, scenario: (seed: number) => void, firstSeed = 1): void {
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    try {
      scenario(seed)
    } catch (cause) {
      throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  }
}
