import type { Gauge, Registry } from 'prom-client'
import type { BucketCounts } from './buckets.ts'

type Labels = Record<string, string | number>

interface ReportedHistogram {
  readonly name: string
  readonly help: string
  /** Upper ones of the buckets, in seconds. */
  readonly bounds: readonly number[]
  read(add: (labels: Labels, counts: BucketCounts) => void): void
}

/** A histogram whose buckets were counted elsewhere; prom-client's own can only observe. */
export function registerHistogram(registry: Registry, { name, help, bounds, read }: ReportedHistogram): void {
  const values: { value: number; labels: Labels; metricName: string }[] = []
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    async get() {
      values.length = 0
      read((labels, { counts, sumSeconds }) => {
        let total = 0
        for (const [bucket, count] of counts.entries()) {
          total += count
          const le = bounds[bucket] ?? '+Inf'
          values.push({ value: total, labels: { le, ...labels }, metricName: `${name}_bucket` })
        }
        values.push({ value: sumSeconds, labels, metricName: `${name}_sum` })
        values.push({ value: total, labels, metricName: `${name}_count` })
      })
      return { name, help, type: 'histogram', aggregator: 'sum', values }
    },
    reset() {},
  }
  registry.registerMetric(metric as unknown as Gauge)
}
