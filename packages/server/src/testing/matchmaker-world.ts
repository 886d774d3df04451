import { ManualClock } from './manual-clock.ts'
import { defaultMatchmakerConfig, Matchmaker, type MatchmakerConfig } from '../matchmaker/matchmaker.ts'
import type { TicketSpec, TicketStage } from '../matchmaker/ticket.ts'

/** A ticket for tests: a duel, where nothing else is said. */
export function ticket(id: string, spec: Partial<TicketSpec> & { readonly query?: string } = {}): TicketSpec {
  const { query = '', ...rest } = spec
  const stages: readonly TicketStage[] = [{ afterMs: 0, query }]
  return { id, module: 'duel', min: 2, max: 2, multiple: 1, size: 1, properties: {}, stages, ...rest }
}

export interface MatchmakerWorld {
  readonly clock: ManualClock
  readonly matchmaker: Matchmaker<TicketSpec>
  /** Ids, in the order in which they were told. */
  readonly matches: string[][]
  readonly expired: string[]
  /** Adds tickets in this order, at this moment. */
  add(...tickets: TicketSpec[]): void
  /** Lets the next passes happen. */
  pass(count?: number): void
}

/**
 * A matchmaker for tests, and what it told.
 * @param whenMatched what its owner does besides
 */
export function matchmakerWorld(
  config: Partial<MatchmakerConfig> = {},
  whenMatched: (ids: string[], matchmaker: Matchmaker<TicketSpec>) => void = () => {},
): MatchmakerWorld {
  const clock = new ManualClock()
  const matches: string[][] = []
  const expired: string[] = []
  const whole = { ...defaultMatchmakerConfig, ...config }
  const matchmaker: Matchmaker<TicketSpec> = new Matchmaker<TicketSpec>({
    clock,
    config: whole,
    onMatched: (tickets) => {
      const ids = tickets.map(({ id }) => id)
      matches.push(ids)
      whenMatched(ids, matchmaker)
    },
    onExpired: ({ id }) => void expired.push(id),
  })
  return {
    clock,
    matchmaker,
    matches,
    expired,
    add: (...tickets) => {
      for (const one of tickets) matchmaker.add(one)
    },
    pass: (count = 1) => clock.advance(count * whole.intervalMs),
  }
}
