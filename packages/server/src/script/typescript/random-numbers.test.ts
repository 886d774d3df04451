import { describe, expect, it } from 'vitest'
import { seededRandom } from './random-numbers.ts'

const draw = (seed: number, count: number): number[] => Array.from({ length: count }, seededRandom(seed))

describe('seededRandom', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(draw(1, 100)).toEqual(draw(1, 100))
    expect(draw(1, 100)).not.toEqual(draw(2, 100))
  })

  it.each([0, 1, 0xffff_ffff, 123_456_789])('is uniform in [0, 1) with seed %d', (seed) => {
    const buckets = new Array<number>(16).fill(0)
    for (const number of draw(seed, 16_000)) {
      expect(number >= 0 && number < 1).toBe(true)
      buckets[Math.floor(number * 16)]! += 1
    }
    // 1,000 expected in each, standard deviation 31.
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(160)
  })

  it('two that follow each other do not depend on each other', () => {
    const numbers = draw(5, 20_001)
    let sum = 0
    for (let index = 0; index < 20_000; index++) sum += (numbers[index]! - 0.5) * (numbers[index + 1]! - 0.5)
    // Correlation: 0 expected, standard deviation 0.007.
    expect(Math.abs((sum / 20_000) * 12)).toBeLessThan(0.035)
  })
})
