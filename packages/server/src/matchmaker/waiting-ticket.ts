import type { DueItem } from '../room/due-heap.ts'
import type { Link } from './links.ts'
import type { SizedTicket } from './match-size.ts'
import type { TicketSpec } from './ticket.ts'
import { TicketProfile } from './ticket-profile.ts'
import { TicketQuery } from './ticket-query.ts'

/**
 * - `new`: has not been seen yet
 * - `queued`: its links are not, or not all, those of its present stage
 * - `linked`: every compatible ticket that is linked too has been met
 * - `gone`: matched, removed or expired
 */
export type WaitingState = 'new' | 'queued' | 'linked' | 'gone'

/** A ticket while it waits. */
export class WaitingTicket<T extends TicketSpec> implements DueItem, SizedTicket {
  readonly ticket: T
  // Copied, because every pair is asked for them first, and what owners add as a ticket has all sorts of shapes.
  readonly min: number
  readonly max: number
  readonly multiple: number
  readonly size: number
  /** Lower = has waited longer. */
  readonly order: number
  readonly sinceMs: number
  readonly profile: TicketProfile
  readonly #queries: readonly TicketQuery[]
  #query: TicketQuery
  #stage = 0
  state: WaitingState = 'new'
  /** Takes a match that could have more players. */
  isPatienceOver = false

  /** Owned by the heap of what is due. */
  nextDueMs = 0
  heapIndex = -1
  /** Where it is in its ModulePool. */
  poolIndex = -1

  /** Owned by links.ts. */
  readonly links: Link<T>[] = []
  weakest: Link<T> | undefined
  partnersBySize: ReadonlyMap<number, number> | undefined
  /** A compatible ticket was left out of the links because they were full. */
  hasLeftOut = false

  /** Owned by MatchSearch: its place among the candidates of the search with this number. */
  searchNumber = 0
  candidateIndex = 0
  /** Searches in a row that reached their bound, and the first pass that may search again. */
  cutShortCount = 0
  restsUntilPass = 0

  /** @throws {KaosError} INVALID_PAYLOAD for a query that cannot be read */
  constructor(ticket: T, order: number, sinceMs: number) {
    this.ticket = ticket
    this.min = ticket.min
    this.max = ticket.max
    this.multiple = ticket.multiple
    this.size = ticket.size
    this.order = order
    this.sinceMs = sinceMs
    this.profile = new TicketProfile(ticket)
    this.#queries = ticket.stages.map(({ query }, position) => {
      return new TicketQuery(query, position === 0 ? 'query' : `widen[${position - 1}].query`)
    })
    this.#query = this.#queries[0] as TicketQuery
  }

  /** What it asks of the others at present. */
  get query(): TicketQuery {
    return this.#query
  }

  /** When its next stage begins; undefined in the last. */
  get nextStageMs(): number | undefined {
    const next = this.ticket.stages[this.#stage + 1]
    return next === undefined ? undefined : this.sinceMs + next.afterMs
  }

  /** Enters the stage of this moment. Whether it is another than before. */
  enterStage(nowMs: number): boolean {
    const before = this.#stage
    for (let next = this.nextStageMs; next !== undefined && next <= nowMs; next = this.nextStageMs) {
      this.#stage++
    }
    this.#query = this.#queries[this.#stage] as TicketQuery
    return this.#stage !== before
  }
}
