import type { LoadSummary } from '../load/load-figures.ts'
import type { LoadTestResult } from './load-test.ts'

/** A load test's figures for the JSON file: histograms as their percentiles. */
export function figuresOf({ server, load, setUpMs, emptyRssBytes }: LoadTestResult): object {
  return { server, load: figuresOfLoad(load), setUpMs, emptyRssBytes }
}

/** The generator's part of them. */
export function figuresOfLoad({
  latency,
  interval,
  sendLateness,
  heartbeat,
  ...counts
}: LoadSummary): object {
  return {
    ...counts,
    latencyMs: latency.percentiles(),
    intervalMs: interval.percentiles(),
    sendLatenessMs: sendLateness.percentiles(),
    heartbeatMs: heartbeat.percentiles(),
  }
}
