import { SATURATED_SHARE } from '../load/load-figures.ts'
import type { Bench, BenchContext, BenchReport } from '../suite/bench.ts'
import { figure, firstLine, mebibytes, percent, unless } from '../suite/format.ts'
import { onePerCore } from '../suite/pin.ts'
import { KaosnetPeer } from './kaosnet-peer.ts'
import { OTHER_PEERS } from './other-peers.ts'
import type { ArenaCell, ArenaPeer } from './peer.ts'

const PLAYERS = 8
const ROOMS = [12, 25, 50, 100, 200, 300, 400, 600, 800, 1_000]
const SECONDS = 10
const WARM_UP_SECONDS = 5
const QUICK = { rooms: [2], seconds: 1, warmupSeconds: 1 } as const
/** What a game can still be played with; up to the largest R that keeps to it. */
const LEAST_DELIVERED = 0.99
const MOST_INTERVAL_P99_MS = 75

interface Measured {
  readonly peer: string
  readonly cell: ArenaCell
}

export const arena: Bench = {
  name: 'arena',
  title: 'Arena: rooms of 8 players on one core, 10 inputs of 32 B a second each, 20 broadcasts of 272 B',
  run,
}

async function run({ options, progress }: BenchContext): Promise<BenchReport> {
  const rooms = options.rooms ?? (options.isQuick ? QUICK.rooms : ROOMS)
  const seconds = options.seconds ?? (options.isQuick ? QUICK.seconds : SECONDS)
  const warmupSeconds = options.isQuick ? QUICK.warmupSeconds : WARM_UP_SECONDS
  const pin = onePerCore()
  const measured: Measured[] = []
  const notes: string[] = []
  if (pin.server.length === 0) notes.push('Not pinned: no `taskset`, or one core only.')
  for (const peer of peersOf(options)) {
    const reason = await peer.unavailable(progress)
    if (reason !== undefined) {
      notes.push(`${peer.name} was not measured: ${reason}`)
      continue
    }
    let largest: ArenaCell | undefined
    let end = 'it was not driven further'
    for (const count of rooms) {
      progress(`${peer.name}: ${count} rooms`)
      let cell: ArenaCell
      try {
        cell = await cheapestOf(options.repeat, () =>
          peer.run({ rooms: count, players: PLAYERS, seconds, warmupSeconds, pin, progress }),
        )
      } catch (error) {
        end = `with ${count} rooms it could not be measured: ${firstLine(error)}`
        progress(end)
        break
      }
      measured.push({ peer: peer.name, cell })
      progress(`${peer.name}: ${describe(cell)}`)
      if (isPlayable(cell)) largest = cell
      else {
        end = `${limitOf(cell)} the limit beyond`
        if (options.rooms === undefined) break
      }
    }
    notes.push(`${peer.name}: largest R ${largest?.rooms ?? 0}; ${end}.`)
  }
  return {
    tables: [
      {
        head: [
          'server',
          'rooms',
          'messages/s',
          'CPU µs/message',
          'interval p50 / p99, ms',
          'delivered',
          'RSS, MiB',
          'generator busy',
        ],
        rows: measured.map(({ peer, cell }) => [
          peer,
          `${cell.rooms}${cell.isGeneratorLimit ? ' *' : ''}`,
          figure(cell.messages / seconds),
          figure(cell.cpuUsPerMessage),
          unless(cell.isGeneratorLimit, `${figure(cell.intervalMs.p50)} / ${figure(cell.intervalMs.p99)}`),
          unless(cell.isGeneratorLimit, percent(cell.deliveredShare)),
          mebibytes(cell.rssBytes),
          percent(cell.generatorBusy),
        ]),
      },
    ],
    notes: [
      '`*`: the generator was busy or late, so intervals and delivery would not be the server’s.',
      ...notes,
    ],
    data: measured,
  }
}

function peersOf({ languages, links, workers, profile, hasPeers }: BenchContext['options']): ArenaPeer[] {
  const own = links.flatMap((link) =>
    languages.flatMap((language) =>
      workers.map((count) => new KaosnetPeer({ language, link, workers: count, profile })),
    ),
  )
  return hasPeers ? [...own, ...OTHER_PEERS] : own
}

async function cheapestOf(times: number, measure: () => Promise<ArenaCell>): Promise<ArenaCell> {
  let cheapest = await measure()
  for (let time = 1; time < times; time += 1) {
    const cell = await measure()
    if (cell.cpuUsPerMessage < cheapest.cpuUsPerMessage) cheapest = cell
  }
  return cheapest
}

function limitOf({ isGeneratorLimit, serverBusy = 0 }: ArenaCell): string {
  if (!isGeneratorLimit) return 'the server was'
  return serverBusy > SATURATED_SHARE ? 'server and generator were both' : 'the generator was'
}

function isPlayable({ deliveredShare, intervalMs }: ArenaCell): boolean {
  return deliveredShare >= LEAST_DELIVERED && intervalMs.p99 <= MOST_INTERVAL_P99_MS
}

function describe({ rooms, cpuUsPerMessage, intervalMs, deliveredShare, generatorBusy }: ArenaCell): string {
  return `${rooms} rooms: ${figure(cpuUsPerMessage)} µs a message, interval p99 ${figure(intervalMs.p99)} ms, ${percent(deliveredShare)} delivered, generator ${percent(generatorBusy)} busy`
}
