import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.ts'

function histogramOf(...timesMs: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const ms of timesMs) histogram.record(ms)
  return histogram
}

describe('Histogram', () => {
  it('tells short times to the microsecond', () => {
    const histogram = histogramOf(0.001, 0.002, 0.255)
    expect(histogram.percentile(0.34)).toBe(0.002)
    expect(histogram.percentile(1)).toBe(0.255)
  })

  it('is at most 0.8 % too large, and never too small, whatever the time', () => {
    for (let ms = 0.2; ms < 4_000_000; ms *= 1.37) {
      const found = histogramOf(ms, 4_200_000).percentile(0.5)
      const exact = Math.round(ms * 1000) / 1000
      expect(found).toBeGreaterThanOrEqual(exact)
      expect(found).toBeLessThanOrEqual(exact * 1.008)
    }
  })

  it('finds the percentiles of a known distribution', () => {
    const histogram = new Histogram()
    for (let ms = 1; ms <= 1000; ms += 1) histogram.record(ms)
    const { count, p50, p99, p999, max } = histogram.percentiles()
    expect(count).toBe(1000)
    expect(p50).toBeCloseTo(500, -1)
    expect(p99).toBeCloseTo(990, -1)
    expect(p999).toBeCloseTo(999, -1)
    expect(max).toBe(1000)
  })

  it('counts negative times as none and endless ones as the longest', () => {
    const histogram = histogramOf(-3, 1e12)
    expect(histogram.percentile(0.5)).toBe(0)
    expect(histogram.count).toBe(2)
    expect(histogram.maxMs).toBe(1e12)
  })

  it('knows no percentile of nothing', () => {
    expect(new Histogram().percentile(0.5)).toBeNaN()
  })

  it('adds up what several processes have seen', () => {
    const parts = [histogramOf(1, 2, 3).toRecord(), histogramOf(100).toRecord()]
    const sum = Histogram.from(JSON.parse(JSON.stringify(parts)))
    expect(sum.count).toBe(4)
    expect(sum.percentile(1)).toBe(100)
    expect(sum.sumMs).toBe(106)
    expect(sum.percentile(0.5)).toBeCloseTo(2, 1)
  })

  it('forgets everything when it is cleared', () => {
    const histogram = histogramOf(5)
    histogram.clear()
    expect(histogram.count).toBe(0)
    expect(histogram.toRecord()).toEqual({ maxMs: 0, sumMs: 0, counts: [] })
  })
})
