import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EchoTransportName } from '../echo/echo-transport.ts'
import { BenchProcess } from '../processes/child-process.ts'
import type { EchoServerApi } from '../processes/echo-server-process.ts'
import type { ProcessSample } from '../processes/process-sample.ts'
import type { ThroughputGeneratorApi } from '../processes/throughput-generator-process.ts'

/** All connections together; more would only wait in queues. */
const MESSAGES_IN_FLIGHT = 256
const MAX_IN_FLIGHT_PER_CONNECTION = 64
const WARM_UP_MS = 1000
/** Connecting a thousand clients takes a few seconds at most. */
const ANSWER_WITHIN_MS = 60_000
/** An event loop above this share is taken to be busy all the time. */
const BUSY_SHARE = 0.9
/** More than this of one core used by other programs, and the kernel's interrupts, spoils a measurement. */
const DISTURBED_SHARE = 0.25

export interface ThroughputOptions {
  readonly rows: readonly EchoTransportName[]
  readonly connectionCounts: readonly number[]
  readonly messageSizes: readonly number[]
  readonly seconds: number
  /** Whether to give server and generator a core each with `taskset`. */
  readonly isPinned: boolean
  readonly log: (line: string) => void
  /** A cell could not be measured; the others still are. */
  readonly onFailure: (cell: string, error: unknown) => void
}

/** One row with one number of connections and one message size. */
export interface ThroughputResult {
  readonly row: EchoTransportName
  readonly connections: number
  readonly messageBytes: number
  readonly messagesPerSecond: number
  readonly serverCpuUsPerMessage: number
  /** Share of time in which the event loop did not wait, 1 = always busy. */
  readonly serverBusyShare: number
  readonly generatorBusyShare: number
  /** Who set the pace: the server as wanted, the generator, or the messages in flight (then both had time to spare). */
  readonly bottleneck: 'server' | 'generator' | 'window'
  readonly lost: number
  /** CPU time that neither process used, 1 = one core. */
  readonly otherCpuShare: number
  /** Other programs took so much that the figures are not the row's: measure again. */
  readonly isDisturbed: boolean
}

/** Echoes per second and the server's CPU time for each, as fast as they go over loopback. */
export async function measureThroughput(options: ThroughputOptions): Promise<ThroughputResult[]> {
  const results: ThroughputResult[] = []
  for (const messageBytes of options.messageSizes) {
    for (const connections of options.connectionCounts) {
      for (const row of options.rows) {
        try {
          const result = await measureRow(row, connections, messageBytes, options)
          results.push(result)
          options.log(describe(result))
        } catch (error) {
          options.onFailure(`throughput ${row}, ${messageBytes} B, connections: ${connections}`, error)
        }
      }
    }
  }
  return results
}

async function measureRow(
  row: EchoTransportName,
  connections: number,
  messageBytes: number,
  { seconds, isPinned }: ThroughputOptions,
): Promise<ThroughputResult> {
  const server = new BenchProcess<EchoServerApi>({
    name: `${row} server`,
    module: new URL('../processes/echo-server-process.js', import.meta.url),
    prefix: isPinned ? ['taskset', '-c', '0'] : [],
    answerWithinMs: ANSWER_WITHIN_MS,
  })
  const generator = new BenchProcess<ThroughputGeneratorApi>({
    name: `${row} generator`,
    module: new URL('../processes/throughput-generator-process.js', import.meta.url),
    prefix: isPinned ? ['taskset', '-c', '1'] : [],
    answerWithinMs: ANSWER_WITHIN_MS,
  })
  try {
    const endpoint = await server.call('listen', { transport: row, host: '127.0.0.1' })
    const share = Math.floor(MESSAGES_IN_FLIGHT / connections)
    const inFlight = Math.max(1, Math.min(MAX_IN_FLIGHT_PER_CONNECTION, share))
    await generator.call('start', { transport: row, endpoint, connections, messageBytes, inFlight })
    await sleep(WARM_UP_MS)
    const [serverBefore, generatorBefore] = await Promise.all([
      server.call('sample', null),
      generator.call('sample', null),
    ])
    const machineBefore = machineCpuMs()
    await sleep(seconds * 1000)
    const machineMs = machineCpuMs() - machineBefore
    const [serverAfter, generatorAfter] = await Promise.all([
      server.call('sample', null),
      generator.call('sample', null),
    ])
    const messages = serverAfter.messages - serverBefore.messages
    const elapsedMs = serverAfter.atMs - serverBefore.atMs
    const serverCpuUs = serverAfter.cpuUs - serverBefore.cpuUs
    const generatorCpuUs = generatorAfter.cpuUs - generatorBefore.cpuUs
    const serverBusyShare = busyShare(serverBefore, serverAfter)
    const generatorBusyShare = busyShare(generatorBefore, generatorAfter)
    const otherCpuShare = Math.max(0, (machineMs - (serverCpuUs + generatorCpuUs) / 1000) / elapsedMs)
    return {
      row,
      connections,
      messageBytes,
      messagesPerSecond: (messages / elapsedMs) * 1000,
      serverCpuUsPerMessage: serverCpuUs / messages,
      serverBusyShare,
      generatorBusyShare,
      bottleneck: bottleneckOf(serverBusyShare, generatorBusyShare),
      lost: generatorAfter.lost - generatorBefore.lost,
      otherCpuShare,
      isDisturbed: otherCpuShare > DISTURBED_SHARE,
    }
  } finally {
    // In this order: a server that vanishes first is an error to its clients.
    await generator.stop()
    await server.stop()
  }
}

/** CPU time used on all cores together since the machine started. */
function machineCpuMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
}

function busyShare(before: ProcessSample, after: ProcessSample): number {
  return (after.busyMs - before.busyMs) / (after.atMs - before.atMs)
}

function bottleneckOf(serverBusyShare: number, generatorBusyShare: number): ThroughputResult['bottleneck'] {
  if (serverBusyShare >= BUSY_SHARE) return 'server'
  return generatorBusyShare >= BUSY_SHARE ? 'generator' : 'window'
}

function describe(result: ThroughputResult): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`
  return (
    `throughput ${result.row}, ${result.messageBytes} B, connections: ${result.connections}: ` +
    `${Math.round(result.messagesPerSecond)} messages/s, ${result.serverCpuUsPerMessage.toFixed(1)} µs each ` +
    `(busy: server ${percent(result.serverBusyShare)}, generator ${percent(result.generatorBusyShare)}; ` +
    `lost ${result.lost})` +
    (result.isDisturbed ? ` DISTURBED: other programs used ${percent(result.otherCpuShare)} of a core` : '')
  )
}
