import { availableParallelism, cpus, release } from 'node:os'
import { percentilesOf } from '../transport/latency/percentiles.ts'
import { loadMatchmaker, type TicketSpec } from './load-matchmaker.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { VirtualClock } from './virtual-clock.ts'

const IDLE_SECONDS = 30
/** After one to warm up. The work is the same each time, turn by turn. */
const RUNS = 5

interface Run {
  readonly arrived: number
  readonly matched: number
  readonly waitMs: number
  /** Of the time in which tickets arrive. */
  readonly turnsUs: readonly number[]
  /** Of a second in which nothing arrives any more, and the rest waits. */
  readonly idleUs: number
}

const { Matchmaker, defaultMatchmakerConfig } = await loadMatchmaker()

console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Linux ${release()}, Node ${process.version}\n`,
)
console.log(
  '| tickets | arrived | matched | mean wait (s) | CPU per ticket (µs) | of one core | idle second (µs) | turn p99 (µs) | longest turn (µs) |',
)
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
for (const scenario of scenarios) {
  run(scenario)
  const runs = Array.from({ length: RUNS }, () => run(scenario))
  const [{ arrived, matched, waitMs }] = runs as [Run]
  const busyUs = sum(runs.flatMap(({ turnsUs }) => turnsUs)) / RUNS
  // The least of all runs is what a turn takes when nothing else gets in its way.
  const least = (runs[0]?.turnsUs ?? []).map((_, turn) => Math.min(...runs.map((one) => one.turnsUs[turn]!)))
  const cells = [
    scenario.what,
    arrived,
    matched,
    matched === 0 ? '–' : (waitMs / 1_000).toFixed(1),
    (busyUs / arrived).toFixed(1),
    `${(busyUs / scenario.seconds / 1e4).toFixed(1)} %`,
    (sum(runs.map(({ idleUs }) => idleUs)) / RUNS).toFixed(1),
    percentilesOf(runs.flatMap(({ turnsUs }) => turnsUs)).p99.toFixed(0),
    percentilesOf(least).max.toFixed(0),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

function run({ waiting, arrivalsPerSecond, seconds, ticket }: Scenario): Run {
  const clock = new VirtualClock()
  const random = seeded(5)
  const since = new Map<string, number>()
  let matched = 0
  let waitedMs = 0
  const matchmaker = new Matchmaker({
    clock,
    config: { ...defaultMatchmakerConfig, ticketMaxMs: 600_000 },
    onMatched: (tickets: readonly TicketSpec[]) => {
      matched += tickets.length
      for (const { id } of tickets) waitedMs += clock.nowMs() - (since.get(id) ?? Number.NaN)
    },
    onExpired: () => {},
  })
  let n = 0
  const add = (): void => {
    const next = ticket(n++, random)
    since.set(next.id, clock.nowMs())
    clock.time(() => matchmaker.add(next))
  }
  for (; n < waiting; ) add()
  // Until the stages and searches of those that wait are over.
  clock.advance(60_000)
  clock.turnsUs = []
  const arrivals = arrivalsPerSecond * seconds
  const gapMs = 1_000 / arrivalsPerSecond
  for (let arrival = 0; arrival < arrivals; arrival++) {
    add()
    clock.advance(gapMs)
  }
  const busy = clock.turnsUs
  const matchedWhileBusy = matched
  const waitMs = waitedMs / matched
  clock.advance(60_000)
  clock.turnsUs = []
  clock.advance(IDLE_SECONDS * 1_000)
  const idleUs = sum(clock.turnsUs) / IDLE_SECONDS
  matchmaker.close()
  return { arrived: arrivals, matched: matchedWhileBusy, waitMs, turnsUs: busy, idleUs }
}

function sum(values: readonly number[]): number {
  let all = 0
  for (const value of values) all += value
  return all
}

/** Repeatable numbers from 0 to 1. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
