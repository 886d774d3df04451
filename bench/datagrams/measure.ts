import { setTimeout as sleep } from 'node:timers/promises'
import { LineProcess } from '../transport/processes/line-process.ts'
import type { DatagramSample } from './datagram-sample.ts'
import { type EchoServer, startEchoServer } from './echo-server.ts'
import type { DatagramRow } from './rows.ts'

const WARM_UP_MS = 1_000
/** A process that uses more than this share of its core is taken to be busy all the time. */
const BUSY_SHARE = 0.95

/** Datagrams on their way at once: several batches' worth, and far from filling a socket's buffer. */
const IN_FLIGHT = 256

export interface Load {
  /** They take turns in sending: from one address only, all answers go to the same. */
  readonly addresses: number
  readonly datagramBytes: number
}

export interface MeasureOptions {
  readonly rows: readonly DatagramRow[]
  readonly loads: readonly Load[]
  readonly seconds: number
  /** Each load is measured so often, all rows in each round; the table has the median. */
  readonly rounds: number
  /** Whether to give server and generator a core each with `taskset`. */
  readonly isPinned: boolean
  readonly programs: { readonly echo: string; readonly generator: string }
  readonly log: (line: string) => void
  readonly onFailure: (cell: string, error: unknown) => void
}

/** One row under one load in one round. */
export interface DatagramResult {
  readonly row: DatagramRow
  readonly load: Load
  /** Rows of one round are measured one after the other; compare these, because the machine's speed varies. */
  readonly round: number
  /** User and system time of the server process for one datagram in and the same one out. */
  readonly serverCpuUs: number
  readonly perSecond: number
  /** CPU time of the process, 1 = one core all the time. */
  readonly serverBusyShare: number
  readonly generatorBusyShare: number
  /** Who set the pace. The rate is the server's only when it did; the CPU time is the server's always. */
  readonly bottleneck: 'server' | 'generator' | 'neither'
  readonly lost: number
}

/** Echoes per second and CPU time for each, as fast as they go over loopback. */
export async function measureDatagrams(options: MeasureOptions): Promise<DatagramResult[]> {
  const results: DatagramResult[] = []
  for (const load of options.loads) {
    for (let round = 0; round < options.rounds; round += 1) {
      for (const row of options.rows) {
        try {
          const result = await measureRow(row, load, round, options)
          results.push(result)
          options.log(describe(result))
        } catch (error) {
          options.onFailure(`${row}, ${describeLoad(load)}`, error)
        }
      }
    }
  }
  return results
}

export function describeLoad({ addresses, datagramBytes }: Load): string {
  return `addresses: ${addresses}, ${datagramBytes} B`
}

async function measureRow(
  row: DatagramRow,
  load: Load,
  round: number,
  options: MeasureOptions,
): Promise<DatagramResult> {
  const { isPinned, programs, seconds } = options
  const server = await startEchoServer(row, isPinned ? ['taskset', '-c', '0'] : [], programs.echo)
  const generator = new LineProcess('generator', [
    ...(isPinned ? ['taskset', '-c', '1'] : []),
    programs.generator,
    ...[server.port, load.addresses, IN_FLIGHT, load.datagramBytes].map(String),
  ])
  try {
    await sleep(WARM_UP_MS)
    const before = await sampleBoth(server, generator)
    await sleep(seconds * 1000)
    return { ...resultOf(row, load, before, await sampleBoth(server, generator)), round }
  } finally {
    generator.kill()
    await server.stop()
  }
}

interface Samples {
  readonly server: DatagramSample
  readonly generator: DatagramSample
}

async function sampleBoth(server: EchoServer, generator: LineProcess): Promise<Samples> {
  const line = generator.command('sample')
  return { server: await server.sample(), generator: JSON.parse(await line) as DatagramSample }
}

/** @throws Error when nothing was echoed */
export function resultOf(
  row: DatagramRow,
  load: Load,
  before: Samples,
  after: Samples,
): Omit<DatagramResult, 'round'> {
  const datagrams = after.server.datagrams - before.server.datagrams
  if (datagrams === 0) throw new Error('nothing was echoed')
  const serverBusyShare = busyShare(before.server, after.server)
  const generatorBusyShare = busyShare(before.generator, after.generator)
  return {
    row,
    load,
    serverCpuUs: (after.server.cpuUs - before.server.cpuUs) / datagrams,
    perSecond: (datagrams / (after.server.atMs - before.server.atMs)) * 1000,
    serverBusyShare,
    generatorBusyShare,
    bottleneck: bottleneckOf(serverBusyShare, generatorBusyShare),
    lost: after.generator.lost - before.generator.lost,
  }
}

function busyShare(before: DatagramSample, after: DatagramSample): number {
  return (after.cpuUs - before.cpuUs) / 1000 / (after.atMs - before.atMs)
}

/** A busy server sets the pace even if the generator is busy too: it answers no faster for being asked more. */
function bottleneckOf(serverBusyShare: number, generatorBusyShare: number): DatagramResult['bottleneck'] {
  if (serverBusyShare >= BUSY_SHARE) return 'server'
  return generatorBusyShare >= BUSY_SHARE ? 'generator' : 'neither'
}

function describe(result: DatagramResult): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`
  return (
    `${result.row}, ${describeLoad(result.load)}: ${result.serverCpuUs.toFixed(2)} µs each, ` +
    `${Math.round(result.perSecond)}/s (busy: server ${percent(result.serverBusyShare)}, ` +
    `generator ${percent(result.generatorBusyShare)}; lost ${result.lost})`
  )
}
