import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IntervalHistogram } from './interval-histogram.ts'

function histogramOf(values: readonly number[]): IntervalHistogram {
  const histogram = new IntervalHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

describe('IntervalHistogram', () => {
  it('gives every quantile within 0.5 % of the exact one, and a microsecond', () => {
    const ms = fc.double({ min: 0, max: 1e5, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(ms, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const sorted = [...values].sort((a, b) => a - b)
          const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!
          expect(Math.abs(histogramOf(values).quantileMs(share) - exact)).toBeLessThanOrEqual(
            exact * 0.005 + 0.001,
          )
        },
      ),
    )
  })

  it('tells the common interval from the rare long one', () => {
    const histogram = histogramOf([...Array.from({ length: 98 }, () => 50), 100, 100])
    expect(histogram.quantileMs(0.5)).toBeCloseTo(50, 0)
    expect(histogram.quantileMs(0.99)).toBeGreaterThan(98)
  })

  it('keeps what is longer than it can tell in its last bucket', () => {
    const histogram = histogramOf([1e12])
    expect(histogram.count).toBe(1)
    expect(histogram.quantileMs(1)).toBeGreaterThan(4e6)
  })

  it('is empty when it was cleared', () => {
    const histogram = histogramOf([50])
    histogram.clear()
    expect([histogram.count, histogram.quantileMs(0.5)]).toEqual([0, 0])
  })
})
