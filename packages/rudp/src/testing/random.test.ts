import { describe, expect, it } from 'vitest'
import { SeededRandom } from './random.ts'

function draw(random: SeededRandom, count: number): number[] {
  return Array.from({ length: count }, () => random.uint32())
}

describe('SeededRandom', () => {
  it('repeats itself for the same seed and stream', () => {
    expect(draw(new SeededRandom(7, 3), 100)).toEqual(draw(new SeededRandom(7, 3), 100))
  })

  it('has nothing in common between neighbouring seeds or streams', () => {
    const seen = new Set<number>()
    for (let seed = 0; seed < 20; seed += 1) {
      for (let stream = 0; stream < 5; stream += 1) {
        for (const value of draw(new SeededRandom(seed, stream), 10)) seen.add(value)
      }
    }
    // 1000 draws out of 2^32: one chance collision at most.
    expect(seen.size).toBeGreaterThanOrEqual(999)
  })

  it('tells seeds above 2^32 apart', () => {
    expect(draw(new SeededRandom(5), 4)).not.toEqual(draw(new SeededRandom(5 + 2 ** 32), 4))
  })

  it('draws floats evenly from [0, 1)', () => {
    const random = new SeededRandom(1)
    const buckets = new Array<number>(10).fill(0)
    for (let count = 0; count < 100_000; count += 1) {
      const value = random.next()
      const bucket = Math.floor(value * 10)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    expect(buckets.length).toBe(10)
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('draws integers below the bound and reaches all of them', () => {
    const random = new SeededRandom(2)
    const seen = new Set<number>()
    for (let count = 0; count < 200; count += 1) seen.add(random.integer(6))
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('draws normal numbers with mean 0 and deviation 1', () => {
    const random = new SeededRandom(3)
    let sum = 0
    let sumOfSquares = 0
    for (let count = 0; count < 50_000; count += 1) {
      const value = random.normal()
      sum += value
      sumOfSquares += value * value
    }
    expect(Math.abs(sum / 50_000)).toBeLessThan(0.02)
    expect(Math.abs(sumOfSquares / 50_000 - 1)).toBeLessThan(0.03)
  })

  it('fills every byte of any length and none beside', () => {
    for (let length = 0; length < 10; length += 1) {
      const buffer = new Uint8Array(12)
      const touched = new Uint8Array(12)
      const random = new SeededRandom(length)
      for (let round = 0; round < 50; round += 1) {
        random.fill(buffer.subarray(1, 1 + length))
        for (const [index, byte] of buffer.entries()) touched[index] = (touched[index] ?? 0) | byte
      }
      const expected = Array.from(touched, (_, index) => (index >= 1 && index <= length ? 255 : 0))
      expect(Array.from(touched)).toEqual(expected)
    }
  })

  it('never comes true for probability 0 and always for 1', () => {
    const random = new SeededRandom(4)
    for (let count = 0; count < 1000; count += 1) {
      expect(random.chance(0)).toBe(false)
      expect(random.chance(1)).toBe(true)
    }
  })
})
