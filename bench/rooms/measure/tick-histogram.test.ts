import { describe, expect, it } from 'vitest'
import { TickHistogram } from './tick-histogram.ts'

const infinity = Number.POSITIVE_INFINITY
const buckets = (...counts: readonly [number, number, number]) => [
  { upTo: 1, count: counts[0] },
  { upTo: 2, count: counts[1] },
  { upTo: infinity, count: counts[2] },
]

describe('TickHistogram', () => {
  it('counts only what came between the two readings', () => {
    const histogram = new TickHistogram(buckets(10, 20, 20), buckets(40, 60, 70))
    expect(histogram.count).toBe(50)
    expect(histogram.shareUpTo(1)).toBe(0.6)
    expect(histogram.shareUpTo(2)).toBe(0.8)
  })

  it('takes everything for new when the first reading had nothing', () => {
    expect(new TickHistogram([], buckets(1, 2, 4)).count).toBe(4)
  })

  it('finds a quantile within its bucket', () => {
    const histogram = new TickHistogram([], buckets(50, 100, 100))
    expect(histogram.quantile(0.25)).toBe(0.5)
    expect(histogram.quantile(0.5)).toBe(1)
    expect(histogram.quantile(0.75)).toBe(1.5)
    expect(histogram.quantile(1)).toBe(2)
  })

  it('says that it does not know how large what lies beyond the last bound is', () => {
    expect(new TickHistogram([], buckets(1, 1, 2)).quantile(0.99)).toBe(infinity)
  })

  it('has no quantiles when nothing was observed', () => {
    expect(new TickHistogram(buckets(1, 1, 1), buckets(1, 1, 1)).quantile(0.5)).toBeNaN()
  })

  it('refuses a bound that is not its own, which it could only guess at', () => {
    expect(() => new TickHistogram([], buckets(1, 1, 2)).shareUpTo(1.5)).toThrow('no bound at 1.5')
  })
})
