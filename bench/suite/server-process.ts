import { existsSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeHeapSnapshot } from 'node:v8'
import { createServer, type KaosServer, type ServerConfigInput } from '@kaosnet/server'
import { Histogram, type HistogramRecord } from '../load/histogram.ts'
import type { ServerAddress } from '../load/links/link.ts'
import { LoopbackTransport } from '../rooms/players/loopback-transport.ts'
import { threadCpuUs } from '../rooms/processes/thread-cpu.ts'
import { serveParent } from '../transport/processes/child-process.ts'
import { collectGarbage, type ThreadMemory, threadMemory } from './heap.ts'
import { operate, type RpcPayload } from './operate.ts'
import { ServerProfile } from './server-profile.ts'

const HOST = '127.0.0.1'
const LOOP_DELAY_RESOLUTION_MS = 10
/** Helpers of the garbage collector give memory back after it is over. */
const GIVE_BACK_MS = 1_000

/** What the server had done and used by one moment; the difference of two says what happened in between. */
export interface ServerReading {
  readonly atMs: number
  /** User and system time of all its threads. */
  readonly cpuUs: number
  /** Of it in the kernel. */
  readonly systemUs: number
  /** UDP datagrams that this machine has delivered, to anybody; 0 where the system does not tell. */
  readonly udpDatagrams: number
  /** Of it in the thread that does the network. */
  readonly ioCpuUs: number
  readonly pageFaults: number
  /** Time in which that thread's event loop did not wait. */
  readonly ioBusyMs: number
  readonly rssBytes: number
  /** The text of `/metrics`. */
  readonly metrics: string
  /** Since the reading before. */
  readonly gcPauses: HistogramRecord
  /** Since the reading before: how late timers of the network's thread were. */
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** What a server that has nothing to do takes up. */
export interface ServerMemory {
  /** As it was found, garbage included. */
  readonly foundRssBytes: number
  /** After a garbage collection in the network's thread and in the thread of rooms, without their {@link nurseryBytes}. */
  readonly rssBytes: number
  /** Of both, resident then; see {@link ThreadMemory}. */
  readonly nurseryBytes: number
  /** Alive in the JavaScript heaps of both, and in what hangs on them. */
  readonly heapBytes: number
}

/** The process that runs the server under test. */
export type ServerProcessApi = {
  start(config: ServerConfigInput): Promise<ServerAddress>
  read(argument: null): Promise<ServerReading>
  /** From now on there is no `loopDelayMs`: the timer behind it costs 0.6 % of a core, which is much for a server at rest. */
  stopWatchingDelay(argument: null): Promise<void>
  /** Collects garbage, which holds everything up. For servers with the suite's scripts and one thread of rooms. */
  memory(argument: null): Promise<ServerMemory>
  /** An RPC of the suite's scripts, called by nobody who would count as a session afterwards. */
  operate(call: { readonly rpc: string; readonly payload: RpcPayload }): Promise<unknown>
  /** @param file for what lives in the network's thread; holds everything up for seconds */
  heapSnapshot(file: string): Promise<void>
  startProfile(argument: null): Promise<void>
  /** @param folder for the profiles */
  stopProfile(folder: string): Promise<void>
}

function createServerProcess(): ServerProcessApi {
  let server: KaosServer | undefined
  let profile: ServerProfile | undefined
  const transport = new LoopbackTransport()
  const gcPauses = new Histogram()
  const observer = new PerformanceObserver((entries) => {
    for (const { duration } of entries.getEntries()) gcPauses.record(duration)
  })
  observer.observe({ entryTypes: ['gc'] })
  const loopDelay = monitorEventLoopDelay({ resolution: LOOP_DELAY_RESOLUTION_MS })
  loopDelay.enable()
  return {
    async start(config) {
      server = createServer({ ...config, host: HOST, port: 0 }, { transports: [transport] })
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
        systemUs: system,
        udpDatagrams: deliveredDatagrams(),
        ioCpuUs: threadCpuUs(process.pid),
        pageFaults: process.resourceUsage().minorPageFault,
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
    async stopWatchingDelay() {
      loopDelay.disable()
    },
    async memory() {
      const foundRssBytes = process.memoryUsage.rss()
      const hostAlive = (await operate(transport, 'collectGarbage', null)) as ThreadMemory
      collectGarbage()
      const ioAlive = threadMemory()
      await sleep(GIVE_BACK_MS)
      const host = (await operate(transport, 'memory', null)) as ThreadMemory
      const nurseryBytes = threadMemory().nurseryBytes + host.nurseryBytes
      return {
        foundRssBytes,
        rssBytes: process.memoryUsage.rss() - nurseryBytes,
        nurseryBytes,
        heapBytes: ioAlive.heapBytes + hostAlive.heapBytes,
      }
    },
    operate: ({ rpc, payload }) => operate(transport, rpc, payload),
    async heapSnapshot(file) {
      writeHeapSnapshot(file)
    },
    async startProfile() {
      profile = await ServerProfile.start(transport, server?.config.rooms.workers ?? 1)
    },
    async stopProfile(folder) {
      await profile?.stop(folder)
    },
  }
}

/** Both directions of the loopback are counted, and nobody else talks much meanwhile. */
function deliveredDatagrams(): number {
  const file = '/proc/net/snmp'
  if (!existsSync(file)) return 0
  const [, values = ''] = readFileSync(file, 'utf8').match(/^Udp: (\d.*)$/m) ?? []
  return Number(values.split(' ', 1)[0])
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
