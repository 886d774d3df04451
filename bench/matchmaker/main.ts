import { availableParallelism, cpus, release } from 'node:os'
import { percentilesOf } from '../transport/latency/percentiles.ts'
import { loadMatchmaker, type TicketSpec } from './load-matchmaker.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { VirtualClock } from './virtual-clock.ts'

const IDLE_SECONDS = 30

interface Row {
  readonly what: string
  readonly arrived: number
  readonly matched: number
  readonly waitMs: number
  /** Of the time in which tickets arrive. */
  readonly usPerTicket: number
  readonly sharePercent: number
  /** Of a second in which nothing arrives any more, and the rest waits. */
  readonly idleUs: number
  readonly turnP99Us: number
  readonly turnMaxUs: number
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
  // Once to warm up.
  run(scenario, Math.min(scenario.seconds, 5))
  const row = run(scenario, scenario.seconds)
  console.log(
    `| ${row.what} | ${row.arrived} | ${row.matched} | ${(row.waitMs / 1_000).toFixed(1)} | ${row.usPerTicket.toFixed(1)} | ${row.sharePercent.toFixed(1)} % | ${row.idleUs.toFixed(0)} | ${row.turnP99Us.toFixed(0)} | ${row.turnMaxUs.toFixed(0)} |`,
  )
}

function run({ what, waiting, arrivalsPerSecond, ticket }: Scenario, seconds: number): Row {
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
  const { p99, max } = percentilesOf(busy)
  const busyUs = sum(busy)
  return {
    what,
    arrived: arrivals,
    matched: matchedWhileBusy,
    waitMs,
    usPerTicket: busyUs / arrivals,
    sharePercent: (busyUs / (seconds * 1e6)) * 100,
    idleUs,
    turnP99Us: p99,
    turnMaxUs: max,
  }
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
