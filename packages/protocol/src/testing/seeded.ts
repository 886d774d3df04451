import fc from 'fast-check'
import { testSeed } from './random.ts'

/** Checks a fast-check property from the fixed seed; a failure prints seed, path and counterexample. */
export function checkProperty<T>(property: fc.IProperty<T>, numRuns = 100): void {
  fc.assert(property, { seed: testSeed, numRuns })
}
