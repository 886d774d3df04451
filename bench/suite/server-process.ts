import { monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks'
import { createServer, type KaosServer, type ServerConfigInput } from '@kaosnet/server'
import { Histogram, type HistogramRecord } from '../load/histogram.ts'
import type { ServerAddress } from '../load/links/link.ts'
import { serveParent } from '../transport/processes/child-process.ts'

const HOST = '127.0.0.1'
const LOOP_DELAY_RESOLUTION_MS = 10

/** What the server had done and used by one moment; the difference of two says what happened in between. */
export interface ServerReading {
  readonly atMs: number
  /** User and system time of all its threads. */
  readonly cpuUs: number
  /** Of the thread that does the network. */
  readonly ioBusyMs: number
  readonly rssBytes: number
  /** The text of `/metrics`. */
  readonly metrics: string
  /** Since the reading before. */
  readonly gcPauses: HistogramRecord
  /** Since the reading before: how late timers of the network's thread were. */
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** The process that runs the server under test. */
export type ServerProcessApi = {
  start(config: ServerConfigInput): Promise<ServerAddress>
  read(argument: null): Promise<ServerReading>
  /** Stops the server in order; the process stays. */
  stop(argument: null): Promise<void>
}

function createServerProcess(): ServerProcessApi {
  let server: KaosServer | undefined
  const gcPauses = new Histogram()
  const observer = new PerformanceObserver((entries) => {
    for (const { duration } of entries.getEntries()) gcPauses.record(duration)
  })
  observer.observe({ entryTypes: ['gc'] })
  const loopDelay = monitorEventLoopDelay({ resolution: LOOP_DELAY_RESOLUTION_MS })
  loopDelay.enable()
  return {
    async start(config) {
      server = createServer({ ...config, host: HOST, port: 0 })
      await server.start()
      const { udp } = (await post(`http://${HOST}:${server.port}/v1/connect`)) as {
        udp?: { port: number; server_key: string }
      }
      return { host: HOST, port: server.port, udpPort: udp?.port ?? 0, serverKey: udp?.server_key ?? '' }
    },
    async read() {
      const response = await fetch(`http://${HOST}:${server?.port ?? 0}/metrics`)
      const metrics = await response.text()
      const { user, system } = process.cpuUsage()
      const reading: ServerReading = {
        atMs: performance.now(),
        cpuUs: user + system,
        ioBusyMs: performance.eventLoopUtilization().active,
        rssBytes: process.memoryUsage.rss(),
        metrics,
        gcPauses: gcPauses.toRecord(),
        loopDelayMs: {
          p50: loopDelay.percentile(50) / 1e6,
          p99: loopDelay.percentile(99) / 1e6,
          max: loopDelay.max / 1e6,
        },
      }
      gcPauses.clear()
      loopDelay.reset()
      return reading
    },
    async stop() {
      await server?.stop({ graceSeconds: 0 })
      server = undefined
    },
  }
}

async function post(url: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  return response.json()
}

serveParent(createServerProcess())
