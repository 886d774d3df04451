import { SeededRandom } from '../testing/random.ts'
import type { FuzzTarget } from './fuzz-target.ts'

/** Inputs of one run of a target; after so many it starts afresh with the next seed. */
export const INPUTS_PER_RUN = 10_000

/** An input that did what none may do, and how to repeat it. */
export class FuzzFailure extends Error {
  readonly target: string
  readonly seed: number

  constructor(target: string, seed: number, input: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(`${target}: input ${input} of seed ${seed}: ${reason}`, { cause })
    this.name = 'FuzzFailure'
    this.target = target
    this.seed = seed
  }
}

/**
 * Feeds a target so many inputs, in runs whose seeds count up from `seed`. To repeat a failure, give its seed.
 * @throws FuzzFailure
 */
export function runTarget(target: FuzzTarget, inputs: number, seed: number): void {
  let left = inputs
  for (let runSeed = seed; left > 0; runSeed++) {
    const feed = target.start(new SeededRandom(runSeed))
    const count = Math.min(left, INPUTS_PER_RUN)
    for (let input = 0; input < count; input++) {
      try {
        feed()
      } catch (cause) {
        throw new FuzzFailure(target.name, runSeed, input, cause)
      }
    }
    left -= count
  }
}
