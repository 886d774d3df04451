import type { Crowd } from '../load/load-plan.ts'
import type { Language } from '../rooms/measure/cell.ts'
import type { Bench, BenchContext, BenchReport, BenchTable } from '../suite/bench.ts'
import { figure, firstLine, mebibytes, percent, unless } from '../suite/format.ts'
import { figuresOf } from '../suite/load-figures-of.ts'
import { type LoadTestOptions, type LoadTestResult, runLoadTest } from '../suite/load-test.ts'
import { NOT_PINNED } from '../suite/pin.ts'
import { SUITE_SCRIPTS } from '../suite/scripts.ts'

/** Sessions, ten for each room. */
const SIZES = [2_500, 5_000, 10_000]
const SECONDS = 20
const WARM_UP_SECONDS = 5
const QUICK = { sizes: [40], seconds: 1, warmupSeconds: 1 } as const
const MEMBERS = 10
const INPUT_BYTES = 16
const INPUT_HZ = 1
const SNAPSHOT_HZ = 5
const NEWEST_OFFSET = 16
const NEWEST_STRIDE = 4
const KIBIBYTE = 1_024

interface Mix {
  readonly name: string
  readonly crowds: (sessions: number) => readonly Crowd[]
}

const RUDP: Mix = { name: 'RUDP', crowds: (sessions) => [{ link: 'rudp', bots: sessions }] }
const MIXED: Mix = {
  name: '80 % RUDP, 20 % WebSocket',
  crowds: (sessions) => {
    const overWebSocket = Math.round(sessions / 5)
    return [
      { link: 'rudp', bots: sessions - overWebSocket },
      { link: 'websocket', bots: overWebSocket },
    ]
  },
}

interface Measured {
  readonly name: string
  readonly sessions: number
  readonly members: number
  readonly result: LoadTestResult
}

export const targets: Bench = {
  name: 'targets',
  title: 'The targets of one node at the same time: 10,000 sessions in 1,000 rooms of 10 at 60 Hz',
  run,
}

async function run({ options, progress }: BenchContext): Promise<BenchReport> {
  const sizes = options.sessions ?? (options.isQuick ? QUICK.sizes : SIZES)
  const seconds = options.seconds ?? (options.isQuick ? QUICK.seconds : SECONDS)
  const membersOfRooms = options.members ?? [MEMBERS]
  const warmupSeconds = options.isQuick ? QUICK.warmupSeconds : WARM_UP_SECONDS
  const mixes = options.links.includes('websocket') ? [RUDP, MIXED] : [RUDP]
  const measured: Measured[] = []
  const notes: string[] = []
  for (const language of options.languages) {
    for (const mix of mixes) {
      const name = `${language === 'lua' ? 'Lua' : 'TypeScript'}, ${mix.name}`
      for (const [members, sessions] of sizes.flatMap((size) =>
        membersOfRooms.map((of) => [of, size] as const),
      )) {
        const who = `${name}: ${sessions} sessions, ${members} to a room`
        progress(who)
        try {
          const kind = `${language}-${mix === RUDP ? 'rudp' : 'mixed'}`
          const profile = options.profile && `${options.profile}/targets-${kind}-${sessions}-${members}`
          const how = { seconds, warmupSeconds, profile, progress }
          const row = {
            name,
            sessions,
            members,
            result: await measure(sessions, members, language, mix, how),
          }
          measured.push(row)
          progress(`${who}: ${describe(row)}`)
        } catch (error) {
          const note = `${who} could not be measured: ${firstLine(error)}`
          notes.push(note)
          progress(note)
        }
      }
    }
  }
  return {
    tables: [ticksTable(measured), costTable(measured), delayTable(measured)],
    notes: [
      'Routing in: datagram read to the queue of the room. Routing out: the script’s call to the last datagram of that turn written; inside the server, so the generator has no part in it.',
      '`*`: the generator was busy or late; the server shares the two cores with it.',
      'Heartbeat round trip: datagram to datagram through the network’s thread, the kernel’s and the generator’s part included; no room and no tick on the way.',
      ...notes,
    ],
    data: measured.map(({ name, sessions, members, result }) => ({
      name,
      sessions,
      members,
      ...figuresOf(result),
    })),
  }
}

function measure(
  sessions: number,
  members: number,
  language: Language,
  mix: Mix,
  how: Pick<LoadTestOptions, 'seconds' | 'warmupSeconds' | 'profile' | 'progress'>,
): Promise<LoadTestResult> {
  return runLoadTest({
    ...how,
    config: {
      auth: { anonymous: true },
      scripts: SUITE_SCRIPTS,
      log: { level: 'warn' },
    },
    load: {
      crowds: mix.crowds(sessions),
      rooms: {
        module: `targets-${language}`,
        params: {},
        botsPerRoom: members,
        traffic: {
          kind: 'snapshot',
          inputBytes: INPUT_BYTES,
          inputHz: INPUT_HZ,
          snapshotHz: SNAPSHOT_HZ,
          newestOffset: NEWEST_OFFSET,
          newestStride: NEWEST_STRIDE,
        },
      },
    },
    generators: 1,
    pin: NOT_PINNED,
  })
}

function ticksTable(measured: readonly Measured[]): BenchTable {
  return {
    caption: 'Ticks and delivery',
    head: [
      'server',
      'sessions',
      'rooms',
      'Hz achieved',
      'lateness p50 / p99, ms',
      'delivered',
      'inputs sent',
    ],
    rows: measured.map((row) => {
      const { server, load } = row.result
      return [
        ...headOf(row),
        figure(server.ticksPerSecond / roomsOf(row)),
        `${figure(server.tickLatenessMs.p50)} / ${figure(server.tickLatenessMs.p99)}`,
        unless(load.isSaturated, percent(load.deliveredShare)),
        percent(load.sentShare),
      ]
    }),
  }
}

function costTable(measured: readonly Measured[]): BenchTable {
  return {
    caption: 'Cost',
    head: [
      'server',
      'sessions',
      'rooms',
      'messages/s',
      'CPU µs/message',
      'server CPU',
      'network’s thread / rooms’ thread busy',
      'KiB/session, all',
      'RSS, MiB',
      'generator busy',
    ],
    rows: measured.map((row) => {
      const { server, load, emptyRssBytes } = row.result
      return [
        ...headOf(row),
        figure((server.framesIn + server.framesOut) / server.seconds),
        figure(server.cpuUsPerFrame),
        percent(server.cpuShare),
        `${percent(server.ioBusyShare)} / ${percent(server.hostBusyShare)}`,
        figure((server.rssBytes - emptyRssBytes) / row.sessions / KIBIBYTE),
        mebibytes(server.rssBytes),
        percent(load.busyShare),
      ]
    }),
  }
}

function delayTable(measured: readonly Measured[]): BenchTable {
  return {
    caption: 'Routing, and delays of the network’s thread',
    head: [
      'server',
      'sessions',
      'rooms',
      'routing in p50 / p99, ms',
      'routing out p50 / p99, ms',
      'heartbeat round trip p50 / p99, ms',
      'GC pauses p99 / max, ms',
      'GC',
      'event-loop delay p50 / p99 / max, ms',
    ],
    rows: measured.map((row) => {
      const { server, load } = row.result
      const heartbeat = load.heartbeat.percentiles()
      const { p50, p99, max } = server.loopDelayMs
      const { inputRoutingMs, outputRoutingMs } = server
      return [
        ...headOf(row),
        `${figure(inputRoutingMs.p50)} / ${figure(inputRoutingMs.p99)}`,
        `${figure(outputRoutingMs.p50)} / ${figure(outputRoutingMs.p99)}`,
        unless(load.isSaturated, `${figure(heartbeat.p50)} / ${figure(heartbeat.p99)}`),
        `${figure(server.gcPausesMs.p99)} / ${figure(server.gcPausesMs.max)}`,
        percent(server.gcShare),
        `${figure(p50)} / ${figure(p99)} / ${figure(max)}`,
      ]
    }),
  }
}

function roomsOf({ sessions, members }: Measured): number {
  return Math.ceil(sessions / members)
}

function headOf(row: Measured): string[] {
  const { name, sessions, result } = row
  const mark = result.load.isSaturated ? ' *' : ''
  return [name, `${sessions.toLocaleString('en')}${mark}`, roomsOf(row).toLocaleString('en')]
}

function describe(row: Measured): string {
  const { server, load } = row.result
  const hz = server.ticksPerSecond / roomsOf(row)
  return `${figure(hz)} Hz, lateness p99 ${figure(server.tickLatenessMs.p99)} ms, ${percent(load.deliveredShare)} delivered, ${figure(server.cpuUsPerFrame)} µs a message, server ${percent(server.cpuShare)}, generator ${percent(load.busyShare)} busy`
}
