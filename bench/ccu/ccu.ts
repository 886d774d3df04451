import type { LinkKind } from '../load/links/link.ts'
import type { Language } from '../rooms/measure/cell.ts'
import type { Bench, BenchContext, BenchReport } from '../suite/bench.ts'
import { figure, firstLine, mebibytes, percent, unless } from '../suite/format.ts'
import { figuresOf } from '../suite/load-figures-of.ts'
import { type LoadTestOptions, type LoadTestResult, runLoadTest } from '../suite/load-test.ts'
import { onePerCore } from '../suite/pin.ts'
import { SUITE_SCRIPTS } from '../suite/scripts.ts'

const USERS = [1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 10_000, 12_000]
const SECONDS = 10
const WARM_UP_SECONDS = 5
const QUICK = { users: [20], seconds: 1, warmupSeconds: 1 } as const
const PLAYERS = 10
const TEXT_BYTES = 40
const MESSAGE_HZ = 2
/** A tick of 100 ms, and 20. */
const MOST_P99_MS = 120
const LEAST_DELIVERED = 0.99
/** Of all users, and a few to spare. */
const CAPACITY = 13_000

interface Measured {
  readonly name: string
  readonly users: number
  readonly result: LoadTestResult
}

export const ccu: Bench = {
  name: 'ccu',
  title:
    'Users on one core: rooms of 10 at 10 Hz, 2 reliable messages of 40 B a second each, echoed or broadcast',
  run,
}

async function run({ options, progress }: BenchContext): Promise<BenchReport> {
  const steps = options.isQuick ? QUICK.users : USERS
  const seconds = options.seconds ?? (options.isQuick ? QUICK.seconds : SECONDS)
  const warmupSeconds = options.isQuick ? QUICK.warmupSeconds : WARM_UP_SECONDS
  const measured: Measured[] = []
  const notes: string[] = []
  for (const link of options.links) {
    for (const language of options.languages) {
      const name = `${language === 'lua' ? 'Lua' : 'TypeScript'}, ${link === 'rudp' ? 'RUDP' : 'WebSocket'}`
      let most = 0
      let end = 'it was not driven further'
      for (const users of steps) {
        progress(`${name}: ${users} users`)
        let result: LoadTestResult
        try {
          result = await measure(users, language, link, { seconds, warmupSeconds, progress })
        } catch (error) {
          end = `${users} users could not be measured: ${firstLine(error)}`
          progress(end)
          break
        }
        measured.push({ name, users, result })
        progress(describe({ name, users, result }))
        if (!isServed(result)) {
          end = `the ${result.load.isSaturated ? 'generator' : 'server'} was the limit beyond`
          break
        }
        most = users
      }
      notes.push(`${name}: ${most.toLocaleString('en')} users; ${end}.`)
    }
  }
  return {
    tables: [
      {
        head: [
          'server',
          'users',
          'messages/s',
          'CPU µs/message',
          'server CPU',
          'delivery p50 / p99 / p99.9, ms',
          'delivered',
          'RSS, MiB',
          'generator busy',
        ],
        rows: measured.map(({ name, users, result: { server, load } }) => {
          const latency = load.latency.percentiles()
          return [
            name,
            `${users.toLocaleString('en')}${load.isSaturated ? ' *' : ''}`,
            figure((server.framesIn + server.framesOut) / server.seconds),
            figure(server.cpuUsPerFrame),
            percent(server.cpuShare),
            unless(
              load.isSaturated,
              `${figure(latency.p50)} / ${figure(latency.p99)} / ${figure(latency.p999)}`,
            ),
            unless(load.isSaturated, percent(load.deliveredShare)),
            mebibytes(server.rssBytes),
            percent(load.busyShare),
          ]
        }),
      },
    ],
    notes: ['`*`: the generator was busy or late, so delivery would not be the server’s.', ...notes],
    data: measured.map(({ name, users, result }) => ({ name, users, ...figuresOf(result) })),
  }
}

function measure(
  users: number,
  language: Language,
  link: LinkKind,
  how: Pick<LoadTestOptions, 'seconds' | 'warmupSeconds' | 'progress'>,
): Promise<LoadTestResult> {
  return runLoadTest({
    ...how,
    config: {
      auth: { anonymous: true },
      rooms: { workers: 1 },
      limits: { sessions: CAPACITY },
      scripts: SUITE_SCRIPTS,
      log: { level: 'warn' },
    },
    load: {
      crowds: [{ link, bots: users }],
      rooms: {
        module: `ccu-${language}`,
        params: {},
        botsPerRoom: PLAYERS,
        traffic: { kind: 'chat', textBytes: TEXT_BYTES, messageHz: MESSAGE_HZ, isReliable: true },
      },
    },
    generators: 1,
    pin: onePerCore(),
    profile: undefined,
  })
}

function isServed({ load }: LoadTestResult): boolean {
  return load.deliveredShare >= LEAST_DELIVERED && load.latency.percentile(0.99) <= MOST_P99_MS
}

function describe({ name, users, result: { server, load } }: Measured): string {
  return `${name}: ${users} users: delivery p99 ${figure(load.latency.percentile(0.99))} ms, ${percent(load.deliveredShare)} delivered, ${figure(server.cpuUsPerFrame)} µs a message, generator ${percent(load.busyShare)} busy`
}
