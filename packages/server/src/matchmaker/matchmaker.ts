import type { Clock, TimerHandle } from '../clock.ts'
import { DueHeap } from '../room/due-heap.ts'
import { checkTicket } from './check-ticket.ts'
import { Intake } from './intake.ts'
import { LINKS_PER_TICKET, partnerIn, unlinkAll } from './links.ts'
import { MatchSearch } from './match-search.ts'
import { ModulePool } from './module-pool.ts'
import type { TicketSpec } from './ticket.ts'
import { WaitingTicket } from './waiting-ticket.ts'

export interface MatchmakerConfig {
  /** From one pass to the next. */
  readonly intervalMs: number
  /** So long a ticket waits for a match that has as many players as its tickets allow; then a smaller one will do. */
  readonly fullWaitMs: number
  /** So long a ticket waits at most. */
  readonly ticketMaxMs: number
  /** Everybody in a match must accept everybody else; otherwise the ticket that has waited longest accepts the others. */
  readonly isMutual: boolean
  /** Work of one turn of the event loop: about so many pairs of tickets looked at, or terms of queries asked. */
  readonly stepsPerTurn: number
}

export const defaultMatchmakerConfig: MatchmakerConfig = {
  intervalMs: 1_000,
  fullWaitMs: 10_000,
  ticketMaxMs: 120_000,
  isMutual: true,
  stepsPerTurn: 4_000,
}

export interface MatchmakerOptions<T extends TicketSpec> {
  readonly clock: Clock
  readonly config: MatchmakerConfig
  /** Their players are a match; the one that has waited longest comes first. They do not wait any more. */
  onMatched(tickets: readonly T[]): void
  /** It has waited for as long as it may, and does not wait any more. */
  onExpired(ticket: T): void
}

/** Work done since the beginning. */
export interface MatchmakerCounts {
  /** Queries that were asked about a ticket. */
  readonly asked: number
  readonly searches: number
  /** Searches that ended at their bound, so that a match may have been missed. */
  readonly cutShort: number
}

/** A pass: what is due at its beginning, then what waits to be linked by then, then the matches. */
type Pass<T extends TicketSpec> =
  | { readonly kind: 'due' }
  | { readonly kind: 'intake'; readonly mark: number }
  | { readonly kind: 'match'; readonly anchors: readonly WaitingTicket<T>[]; next: number }

/** An anchor whose search was cut short rests for 2 passes, then 4, and so on up to this. */
const MOST_PASSES_OF_REST = 16
/** What the owner does with a match, or with an expired ticket, counts as so many steps. */
const STEPS_OF_CALLBACK = 200

/**
 * Finds tickets that make a match. Compatible tickets are linked as they come, in slices that do not hold the thread;
 * passes look for matches around tickets whose links have changed, and around nothing else, so that tickets for which
 * there is no match cost nothing while they wait.
 *
 * ```ts
 * const matchmaker = new Matchmaker({ clock, config: defaultMatchmakerConfig, onMatched, onExpired })
 * matchmaker.add({
 *   id: 'a', module: 'duel', min: 2, max: 2, multiple: 1, size: 1, properties: { skill: 1200 },
 *   stages: [{ afterMs: 0, query: '+properties.skill:[1100 TO 1300]' }, { afterMs: 10_000, query: '' }],
 * })
 * ```
 */
export class Matchmaker<T extends TicketSpec> {
  readonly #options: MatchmakerOptions<T>
  readonly #config: MatchmakerConfig
  readonly #waiting = new Map<string, WaitingTicket<T>>()
  readonly #pools = new Map<string, ModulePool<T>>()
  /** By their next stage, the end of their patience, or their end. */
  readonly #due = new DueHeap<WaitingTicket<T>>()
  readonly #intake: Intake<T>
  readonly #search: MatchSearch<T>
  /** Anchors of the next pass. */
  #changed = new Set<WaitingTicket<T>>()
  /** Have left others out, and have room for them now. */
  readonly #depleted = new Set<WaitingTicket<T>>()
  #pass: Pass<T> | undefined
  #passNumber = 0
  #order = 0
  #searches = 0
  #cutShort = 0
  #timer: TimerHandle | undefined
  #isTurnDeferred = false
  #isClosed = false

  constructor(options: MatchmakerOptions<T>) {
    const { isMutual } = options.config
    this.#options = options
    this.#config = options.config
    this.#search = new MatchSearch(isMutual)
    this.#intake = new Intake({
      isMutual,
      poolOf: (waiting) => this.#poolOf(waiting),
      onLinked: (waiting) => this.#onLinked(waiting),
    })
  }

  /** Tickets that wait. */
  get size(): number {
    return this.#waiting.size
  }

  get counts(): MatchmakerCounts {
    return { asked: this.#intake.askedCount, searches: this.#searches, cutShort: this.#cutShort }
  }

  has(id: string): boolean {
    return this.#waiting.has(id)
  }

  /**
   * The ticket waits from now on. How many tickets there may be is the caller's to bound.
   * @throws {KaosError} INVALID_PAYLOAD that names the field: sizes that cannot be, a query that cannot be read
   */
  add(ticket: T): void {
    if (this.#isClosed) throw new Error('the matchmaker is closed')
    if (this.#waiting.has(ticket.id)) throw new Error(`ticket ${ticket.id} waits already`)
    checkTicket(ticket)
    const waiting = new WaitingTicket(ticket, this.#order++, this.#options.clock.nowMs())
    this.#waiting.set(ticket.id, waiting)
    this.#poolOf(waiting).add(waiting)
    waiting.nextDueMs = this.#nextDueMs(waiting)
    this.#due.push(waiting)
    this.#intake.add(waiting)
    this.#deferTurn()
    this.#timer ??= this.#startTimer()
  }

  /** False when no such ticket waits. */
  remove(id: string): boolean {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    this.#takeOut(waiting)
    return true
  }

  /** Forgets all tickets, without a word. */
  close(): void {
    this.#isClosed = true
    this.#pass = undefined
    for (const waiting of [...this.#waiting.values()]) this.#takeOut(waiting)
  }

  #poolOf({ ticket }: WaitingTicket<T>): ModulePool<T> {
    let pool = this.#pools.get(ticket.module)
    if (pool === undefined) {
      pool = new ModulePool()
      this.#pools.set(ticket.module, pool)
    }
    return pool
  }

  #takeOut(waiting: WaitingTicket<T>): void {
    const partners = waiting.links.map((link) => partnerIn(link, waiting))
    unlinkAll(waiting)
    waiting.state = 'gone'
    this.#waiting.delete(waiting.ticket.id)
    this.#due.remove(waiting)
    this.#changed.delete(waiting)
    this.#depleted.delete(waiting)
    const pool = this.#poolOf(waiting)
    pool.remove(waiting)
    if (pool.size === 0) this.#pools.delete(waiting.ticket.module)
    for (const partner of partners) this.#onLost(partner)
    if (this.#waiting.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** A compatible ticket has gone. */
  #onLost(waiting: WaitingTicket<T>): void {
    // What stood in the way of its last search may have gone too.
    if (waiting.cutShortCount > 0) this.#changed.add(waiting)
    if (!waiting.hasLeftOut || waiting.links.length > LINKS_PER_TICKET / 2) return
    this.#depleted.add(waiting)
    // Those that are in the intake are in no match, so the pass goes first.
    if (this.#pass === undefined) this.#refill()
  }

  #refill(): void {
    for (const waiting of this.#depleted) this.#intake.add(waiting)
    this.#depleted.clear()
    this.#deferTurn()
  }

  #onLinked(waiting: WaitingTicket<T>): void {
    // Every match that is possible now and was not before has it, so its oldest ticket is it or linked to it.
    this.#changed.add(waiting)
    for (const link of waiting.links) this.#changed.add(partnerIn(link, waiting))
  }

  #startTimer(): TimerHandle {
    return this.#options.clock.setTimer(() => this.#onTimer(), this.#config.intervalMs)
  }

  #onTimer(): void {
    this.#timer = this.#startTimer()
    if (this.#pass !== undefined) return
    this.#passNumber++
    this.#pass = { kind: 'due' }
    this.#turn()
  }

  #deferTurn(): void {
    if (this.#isTurnDeferred || this.#isClosed) return
    if (this.#pass === undefined && this.#intake.isIdle) return
    this.#isTurnDeferred = true
    this.#options.clock.defer(() => {
      this.#isTurnDeferred = false
      this.#turn()
    })
  }

  #turn(): void {
    let left = this.#config.stepsPerTurn
    try {
      while (left > 0 && !this.#isClosed) {
        const used = this.#work(left)
        if (used === 0) break
        left -= used
      }
    } finally {
      this.#deferTurn()
    }
  }

  /** The next piece of work. Returns its steps; 0 = there is nothing to do. */
  #work(left: number): number {
    const pass = this.#pass
    if (pass === undefined) return this.#intake.run(left)
    switch (pass.kind) {
      case 'due':
        return this.#handleNextDue()
      case 'intake':
        return this.#intake.isPast(pass.mark) ? this.#beginMatching() : this.#intake.run(left)
      case 'match': {
        const anchor = pass.anchors[pass.next++]
        return anchor === undefined ? this.#endPass() : this.#matchAround(anchor)
      }
      default:
        return pass satisfies never
    }
  }

  #handleNextDue(): number {
    const nowMs = this.#options.clock.nowMs()
    const waiting = this.#due.peek()
    if (waiting === undefined || waiting.nextDueMs > nowMs) {
      this.#pass = { kind: 'intake', mark: this.#intake.mark }
      return 1
    }
    if (waiting.sinceMs + this.#config.ticketMaxMs <= nowMs) {
      this.#takeOut(waiting)
      this.#options.onExpired(waiting.ticket)
      return STEPS_OF_CALLBACK
    }
    if (waiting.enterStage(nowMs)) this.#intake.add(waiting)
    if (!waiting.isPatienceOver && waiting.sinceMs + this.#config.fullWaitMs <= nowMs) {
      waiting.isPatienceOver = true
      this.#changed.add(waiting)
    }
    waiting.nextDueMs = this.#nextDueMs(waiting)
    this.#due.update(waiting)
    return 1
  }

  #nextDueMs({ sinceMs, nextStageMs, isPatienceOver }: WaitingTicket<T>): number {
    const { ticketMaxMs, fullWaitMs } = this.#config
    const patienceMs = isPatienceOver ? Infinity : sinceMs + fullWaitMs
    return Math.min(sinceMs + ticketMaxMs, nextStageMs ?? Infinity, patienceMs)
  }

  #beginMatching(): number {
    const anchors = [...this.#changed].sort((one, other) => one.order - other.order)
    this.#changed.clear()
    this.#pass = { kind: 'match', anchors, next: 0 }
    return 1 + anchors.length
  }

  #matchAround(anchor: WaitingTicket<T>): number {
    // One in the intake comes back with new links; one that is gone does not.
    if (anchor.state !== 'linked') return 1
    if (anchor.restsUntilPass > this.#passNumber) {
      this.#changed.add(anchor)
      return 1
    }
    const { match, isCutShort, steps } = this.#search.find(anchor, anchor.isPatienceOver)
    this.#searches++
    if (isCutShort) this.#cutShort++
    if (match !== undefined) {
      for (const waiting of match) this.#takeOut(waiting)
      this.#options.onMatched(match.map(({ ticket }) => ticket))
      return steps + STEPS_OF_CALLBACK
    }
    anchor.cutShortCount = isCutShort ? anchor.cutShortCount + 1 : 0
    anchor.restsUntilPass = isCutShort
      ? this.#passNumber + Math.min(2 ** anchor.cutShortCount, MOST_PASSES_OF_REST)
      : 0
    return steps
  }

  #endPass(): number {
    this.#pass = undefined
    this.#refill()
    return 1
  }
}
