import { loadEchoTransport } from '../echo/echo-transport.ts'
import { compileEnetEcho, measureEnet } from '../enet/enet-latency.ts'
import { compile } from '../lossy-link/compile.ts'
import { type DirectionStats, LossyLink } from '../lossy-link/lossy-link.ts'
import { BenchProcess } from '../processes/child-process.ts'
import type { EchoServerApi } from '../processes/echo-server-process.ts'
import type { LatencyGeneratorApi, LatencyMeasurement } from '../processes/latency-generator-process.ts'
import { type BenchRow, type EnetRow, isEnetRow } from '../rows.ts'
import type { LatencyPattern } from './echo-times.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'

const ONE_WAY_DELAY_MS = 25
const CONNECTIONS = 60
const MESSAGE_BYTES = 200
const HZ = 20
const WARM_UP_SECONDS = 1
/** For connecting, and for the last echoes. */
const EXTRA_MS = 60_000
/** Timers of a millisecond explain less; more means that something else had the processor. */
const DISTURBED_SEND_LATE_MS = 3
const DISTURBED_BRIDGE_LATE_US = 10_000

export interface LatencyOptions {
  readonly rows: readonly BenchRow[]
  readonly lossPercents: readonly number[]
  readonly seconds: number
  readonly seed: number
  readonly log: (line: string) => void
  /** A cell could not be measured; the others still are. */
  readonly onFailure: (cell: string, error: unknown) => void
}

/** One row at one loss rate. */
export interface LatencyResult {
  readonly row: BenchRow
  readonly lossPercent: number
  readonly isReliable: boolean
  /** Of the messages that came back. */
  readonly roundTripMs: Percentiles
  readonly sent: number
  readonly received: number
  readonly sendLateMs: Percentiles
  readonly link: { readonly there: DirectionStats; readonly back: DirectionStats }
  /** The generator (99th percentile) or the bridge (at worst) did not get the processor in time: measure again. */
  readonly isDisturbed: boolean
}

interface Measurer {
  readonly isReliable: boolean
  measure(link: LossyLink, onConnected: () => Promise<void>): Promise<LatencyMeasurement>
}

/** Echo latency over a link with 50 ms of round-trip time, for each row at each loss rate. */
export async function measureLatency(options: LatencyOptions): Promise<LatencyResult[]> {
  const pattern: LatencyPattern = {
    connections: CONNECTIONS,
    messageBytes: MESSAGE_BYTES,
    hz: HZ,
    warmUpSeconds: WARM_UP_SECONDS,
    seconds: options.seconds,
  }
  const bridgeProgram = compile('lossy-link/tun-bridge.c')
  const results: LatencyResult[] = []
  for (const row of options.rows) {
    const measurer = isEnetRow(row) ? enetMeasurer(row, pattern) : await nodeMeasurer(row, pattern)
    if (measurer === undefined) {
      options.log(`latency ${row} is skipped: no ENet library (Debian package libenet-dev)`)
      continue
    }
    for (const lossPercent of options.lossPercents) {
      try {
        const result = await measureCell(row, lossPercent, measurer, bridgeProgram, options.seed)
        results.push(result)
        options.log(describe(result))
      } catch (error) {
        options.onFailure(`latency ${row}, ${lossPercent} % loss`, error)
      }
    }
  }
  return results
}

async function measureCell(
  row: BenchRow,
  lossPercent: number,
  measurer: Measurer,
  bridgeProgram: string,
  seed: number,
): Promise<LatencyResult> {
  // New namespaces each time: the kernel remembers RTT and windows per peer address.
  const link = await LossyLink.open(bridgeProgram, seed)
  try {
    // Connections are made without loss: the measurement is of what follows.
    await link.setConditions({ oneWayDelayMs: ONE_WAY_DELAY_MS, lossRate: 0 })
    const measurement = await measurer.measure(link, () =>
      link.setConditions({ oneWayDelayMs: ONE_WAY_DELAY_MS, lossRate: lossPercent / 100 }),
    )
    const [there, back] = await link.stats()
    const sendLateMs = percentilesOf(measurement.sendLateMs)
    return {
      row,
      lossPercent,
      isReliable: measurer.isReliable,
      roundTripMs: percentilesOf(measurement.roundTripsMs),
      sent: measurement.sent,
      received: measurement.roundTripsMs.length,
      sendLateMs,
      link: { there, back },
      isDisturbed:
        sendLateMs.p99 > DISTURBED_SEND_LATE_MS ||
        Math.max(there.lateUsMax, back.lateUsMax) > DISTURBED_BRIDGE_LATE_US,
    }
  } finally {
    link.close()
  }
}

function enetMeasurer(row: EnetRow, pattern: LatencyPattern): Measurer | undefined {
  const program = compileEnetEcho()
  if (program === undefined) return undefined
  return {
    isReliable: row === 'enet-reliable',
    measure: (link, onConnected) => measureEnet(program, row, link, pattern, onConnected),
  }
}

async function nodeMeasurer(row: Exclude<BenchRow, EnetRow>, pattern: LatencyPattern): Promise<Measurer> {
  const answerWithinMs = (pattern.warmUpSeconds + pattern.seconds) * 1000 + EXTRA_MS
  return {
    isReliable: (await loadEchoTransport(row)).isReliable,
    async measure(link, onConnected) {
      const server = new BenchProcess<EchoServerApi>({
        name: `${row} server`,
        module: new URL('../processes/echo-server-process.js', import.meta.url),
        prefix: link.far.commandPrefix,
        answerWithinMs,
      })
      const generator = new BenchProcess<LatencyGeneratorApi>({
        name: `${row} generator`,
        module: new URL('../processes/latency-generator-process.js', import.meta.url),
        prefix: link.near.commandPrefix,
        answerWithinMs,
      })
      try {
        const endpoint = await server.call('listen', { transport: row, host: link.far.ip })
        await generator.call('connect', { transport: row, endpoint, pattern })
        await onConnected()
        return await generator.call('measure', null)
      } finally {
        await generator.stop()
        await server.stop()
      }
    },
  }
}

function describe(result: LatencyResult): string {
  const { row, lossPercent, roundTripMs, sent, received, sendLateMs, link, isDisturbed } = result
  const { p50, p95, p99, p999 } = roundTripMs
  const figures = [p50, p95, p99, p999].map((ms) => ms.toFixed(1)).join(' / ')
  const lost = link.there.lost + link.back.lost
  const all = lost + link.there.passed + link.back.passed
  const bridgeLateMs = Math.max(link.there.lateUsMax, link.back.lateUsMax) / 1000
  return (
    `latency ${row}, ${lossPercent} % loss: ${figures} ms, ${received} of ${sent} came back ` +
    `(link lost ${lost} of ${all} packets)${isDisturbed ? ' DISTURBED' : ''}: ` +
    `sending late ${sendLateMs.p99.toFixed(1)} ms at p99, bridge ${bridgeLateMs.toFixed(1)} ms at most`
  )
}
