import { describe, expect, it } from 'vitest'
import { FuzzFailure, runTarget } from './run-target.ts'
import { FUZZ_TARGETS } from './targets/index.ts'

const INPUTS = 20_000
const SEED = 1

describe('every parser', () => {
  it.each(FUZZ_TARGETS)('$name takes any input without throwing or growing', (target) => {
    runTarget(target, INPUTS, SEED)
  })

  it('has a name of its own', () => {
    expect(new Set(FUZZ_TARGETS.map(({ name }) => name)).size).toBe(FUZZ_TARGETS.length)
  })
})

describe('a failing input', () => {
  it('is reported with the seed that repeats it', () => {
    const target = {
      name: 'bad',
      start: () => {
        let count = 0
        return () => {
          if (count++ === 3) throw new Error('oops')
        }
      },
    }
    expect(() => runTarget(target, 10, 77)).toThrow(FuzzFailure)
    expect(() => runTarget(target, 10, 77)).toThrow('bad: input 3 of seed 77: oops')
  })
})
