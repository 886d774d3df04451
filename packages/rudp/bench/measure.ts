import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks'

/** Milliseconds since 1970 with fractions: the same in every process of a machine. */
export function sharedNowMs(): number {
  return performance.timeOrigin + performance.now()
}

/** The value below which a share of the sorted values lies. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** p50, p99 and the largest of some values, as text. */
export function spread(values: number[]): string {
  const sorted = Float64Array.from(values).sort()
  const text = (share: number) => quantile(sorted, share).toFixed(1)
  return `p50 ${text(0.5)}  p99 ${text(0.99)}  max ${text(1)} ms (${sorted.length} samples)`
}

/** Datagrams the kernel dropped because a socket's buffer was full (Linux; elsewhere NaN). */
export function socketDrops(port: number): number {
  let table: string
  try {
    table = readFileSync('/proc/net/udp', 'utf8')
  } catch {
    return Number.NaN
  }
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  return rows
    .filter((columns) => columns[1]?.endsWith(local))
    .reduce((sum, columns) => sum + Number(columns.at(-1)), 0)
}

export interface ProcessFigures {
  readonly cpuShare: number
  readonly loopDelayP99Ms: number
  readonly longestGcMs: number
  /** Bytes allocated on the heap, estimated from its growth between samples. */
  readonly allocatedBytes: number
}

/** Watches this process from now until `stop`. */
export function watchProcess(): { stop(): ProcessFigures } {
  const resolutionMs = 1
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  let longestGcMs = 0
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestGcMs = Math.max(longestGcMs, duration)
  })
  observer.observe({ entryTypes: ['gc'] })
  let allocatedBytes = 0
  let heapBytes = process.memoryUsage().heapUsed
  const sampler = setInterval(() => {
    const { heapUsed } = process.memoryUsage()
    allocatedBytes += Math.max(0, heapUsed - heapBytes)
    heapBytes = heapUsed
  }, 10)
  delay.enable()
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  return {
    stop() {
      const { user, system } = process.cpuUsage(cpu)
      const elapsedMs = performance.now() - startMs
      delay.disable()
      clearInterval(sampler)
      observer.disconnect()
      return {
        cpuShare: (user + system) / 1_000 / elapsedMs,
        // The histogram counts the whole interval between its samples.
        loopDelayP99Ms: delay.percentile(99) / 1e6 - resolutionMs,
        longestGcMs,
        allocatedBytes,
      }
    },
  }
}

/** Reads `--name value` from the command line. */
export function numberOption(name: string, fallback: number): number {
  const index = process.argv.indexOf(`--${name}`)
  return index < 0 ? fallback : Number(process.argv[index + 1])
}

/** Prints a figure beside what it must be. @returns whether it is */
export function report(name: string, value: number, unit: string, limit: number): boolean {
  const isMet = value <= limit
  console.log(
    `${isMet ? 'ok  ' : 'MISS'} ${name.padEnd(44)} ${value.toFixed(2).padStart(10)} ${unit} (limit ${limit})`,
  )
  return isMet
}
