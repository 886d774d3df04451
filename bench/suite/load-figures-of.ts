import type { LoadTestResult } from './load-test.ts'

/** A load test's figures for the JSON file: histograms as their percentiles. */
export function figuresOf({ server, load, setUpMs, emptyRssBytes }: LoadTestResult): object {
  const { latency, interval, sendLateness, heartbeat, ...counts } = load
  return {
    server,
    load: {
      ...counts,
      latencyMs: latency.percentiles(),
      intervalMs: interval.percentiles(),
      sendLatenessMs: sendLateness.percentiles(),
      heartbeatMs: heartbeat.percentiles(),
    },
    setUpMs,
    emptyRssBytes,
  }
}
