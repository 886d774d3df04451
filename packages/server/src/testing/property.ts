import fc from 'fast-check'

/** Repeat a failure, or look elsewhere, with `TEST_SEED=<seed>`. */
export const testSeed = Number(process.env.TEST_SEED ?? 20_251_122)

/** Checks a property from the fixed seed; a failure prints seed, path and counterexample. */
export function checkProperty<T>(property: fc.IProperty<T>, numRuns = 300): void {
  fc.assert(property, { seed: testSeed, numRuns })
}

/** {@link checkProperty} for a property that waits. */
export async function checkAsyncProperty<T>(property: fc.IAsyncProperty<T>, numRuns = 100): Promise<void> {
  await fc.assert(property, { seed: testSeed, numRuns })
}
