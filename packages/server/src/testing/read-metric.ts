import type { Metrics } from '../observe/metrics.ts'

/**
 * One sample of the exposition, e.g. `kaosnet_limit_hits_total` with `{ limit: 'rooms' }`; 0 when there is none yet.
 */
export async function readMetric(
  metrics: Metrics,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  const series = pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
  const line = (await metrics.expose()).split('\n').find((text) => text.startsWith(`${series} `))
  return line === undefined ? 0 : Number(line.slice(series.length + 1))
}
