import { describe, expect, it } from 'vitest'
import { MetricsText } from './metrics-text.ts'

const text = `# HELP ticks_total Ticks.
# TYPE ticks_total counter
ticks_total{module="a",host="0"} 3
ticks_total{module="b",host="0"} 4
heap 1e3
late_bucket{le="0.001",module="a"} 5
late_bucket{le="+Inf",module="a"} 9
late_bucket{le="0.001",module="b"} 1
late_bucket{le="+Inf",module="b"} 1
late_count{module="a"} 9
`

describe('MetricsText', () => {
  it('adds up the samples of one name', () => {
    const metrics = new MetricsText(text)
    expect(metrics.sum('ticks_total')).toBe(7)
    expect(metrics.sum('ticks_total', 'module="b"')).toBe(4)
    expect(metrics.sum('heap')).toBe(1_000)
    expect(metrics.sum('absent')).toBe(0)
  })

  it('reads a histogram, its modules together', () => {
    expect(new MetricsText(text).buckets('late')).toEqual([
      { upTo: 0.001, count: 6 },
      { upTo: Number.POSITIVE_INFINITY, count: 10 },
    ])
  })
})
