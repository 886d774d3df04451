import { fileURLToPath } from 'node:url'
import type { LinkKind } from '../load/links/link.ts'
import type { Language } from '../rooms/measure/cell.ts'
import type { Bench, BenchContext, BenchReport } from '../suite/bench.ts'
import { figure, firstLine, percent, unless } from '../suite/format.ts'
import { figuresOf } from '../suite/load-figures-of.ts'
import { type LoadTestOptions, type LoadTestResult, runLoadTest } from '../suite/load-test.ts'
import { onePerCore } from '../suite/pin.ts'

/** This file runs as `bench/dist/rpc/rpc.js`; the server reads scripts as they were written. */
const SCRIPTS = new URL('../../rpc/scripts/', import.meta.url)
const IN_FLIGHT = [1, 16, 256]
const SECONDS = 6
const WARM_UP_SECONDS = 3
/** One call of each at a time, and 200 of each a second, the server's limit, are as many as are wanted. */
const CALLERS = 256
const QUICK = { inFlight: [4], callers: 64, seconds: 1, warmupSeconds: 1 } as const
const TEXT_BYTES = 64

interface Cell {
  readonly language: Language
  readonly link: LinkKind
  readonly callers: number
  readonly inFlight: number
}

interface Measured {
  readonly name: string
  readonly cell: Cell
  readonly result: LoadTestResult
}

export const rpc: Bench = {
  name: 'rpc',
  title: `Echo RPC of ${TEXT_BYTES} B on one core`,
  run,
}

async function run({ options, progress }: BenchContext): Promise<BenchReport> {
  const seconds = options.seconds ?? (options.isQuick ? QUICK.seconds : SECONDS)
  const warmupSeconds = options.isQuick ? QUICK.warmupSeconds : WARM_UP_SECONDS
  const measured: Measured[] = []
  const notes: string[] = []
  for (const language of options.languages) {
    for (const link of options.links) {
      const name = `${language === 'lua' ? 'Lua' : 'TypeScript'}, ${link === 'rudp' ? 'RUDP' : 'WebSocket'}`
      for (const inFlight of options.isQuick ? QUICK.inFlight : IN_FLIGHT) {
        const cell = { language, link, inFlight, callers: options.isQuick ? QUICK.callers : CALLERS }
        try {
          const result = await measure(cell, { seconds, warmupSeconds, progress })
          const { lost, refused, firstTrouble } = result.load
          if (lost + refused > 0) notes.push(`${name}, ${inFlight} in flight: ${firstTrouble}`)
          measured.push({ name, cell, result })
          progress(describe({ name, cell, result }))
        } catch (error) {
          notes.push(`${name}, ${inFlight} in flight could not be measured: ${firstLine(error)}`)
          progress(notes.at(-1) as string)
        }
      }
    }
  }
  return {
    tables: [
      {
        head: [
          'server',
          'in flight',
          'calls/s',
          'latency p50 / p99 / p99.9, ms',
          'CPU µs/call',
          'server CPU',
          'network’s thread / rooms’ thread busy',
          'generator busy',
        ],
        rows: measured.map(({ name, cell, result: { server, load } }) => {
          const latency = load.latency.percentiles()
          return [
            name,
            `${cell.inFlight}${load.isSaturated ? ' *' : ''}`,
            unless(load.isSaturated, figure(load.receivedPerSecond)),
            unless(
              load.isSaturated,
              `${figure(latency.p50)} / ${figure(latency.p99)} / ${figure(latency.p999)}`,
            ),
            figure(cpuUsPerCall({ server, load })),
            percent(server.cpuShare),
            `${percent(server.ioBusyShare)} / ${percent(server.hostBusyShare)}`,
            percent(load.busyShare),
          ]
        }),
      },
    ],
    notes: [
      '`*`: the generator was busy or late, so calls/s and latency would not be the server’s.',
      ...notes,
    ],
    data: measured.map(({ name, cell, result }) => ({
      name,
      cell,
      callsPerSecond: result.load.receivedPerSecond,
      cpuUsPerCall: cpuUsPerCall(result),
      ...figuresOf(result),
    })),
  }
}

function measure(
  { language, link, callers, inFlight }: Cell,
  how: Pick<LoadTestOptions, 'seconds' | 'warmupSeconds' | 'progress'>,
): Promise<LoadTestResult> {
  return runLoadTest({
    ...how,
    config: {
      auth: { anonymous: true },
      rooms: { workers: 1 },
      scripts:
        language === 'lua'
          ? { dir: fileURLToPath(new URL('lua', SCRIPTS)) }
          : { modulesDir: fileURLToPath(new URL('modules', SCRIPTS)) },
      log: { level: 'warn' },
    },
    load: {
      crowds: [{ link, bots: callers }],
      calls: { rpc: 'echo', textBytes: TEXT_BYTES, inFlight },
    },
    generators: 1,
    pin: onePerCore(),
    profile: undefined,
  })
}

/** The server's, with everything that a call brings about: frames, acknowledgements, the way into the thread of scripts. */
function cpuUsPerCall({ server, load }: Pick<LoadTestResult, 'server' | 'load'>): number {
  return (server.cpuShare * 1e6) / load.receivedPerSecond
}

function describe({ name, cell, result: { server, load } }: Measured): string {
  return `${name}, ${cell.inFlight} in flight: ${figure(load.receivedPerSecond)} calls/s, p99 ${figure(load.latency.percentile(0.99))} ms, ${figure(cpuUsPerCall({ server, load }))} µs a call, server ${percent(server.cpuShare)}, generator ${percent(load.busyShare)} busy`
}
