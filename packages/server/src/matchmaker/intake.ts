import { link, unlinkAll } from './links.ts'
import { canBeTogether } from './match-size.ts'
import type { ModulePool } from './module-pool.ts'
import type { TicketSpec } from './ticket.ts'
import type { WaitingTicket } from './waiting-ticket.ts'

const COMPACT_ABOVE = 1_024

export interface IntakeOptions<T extends TicketSpec> {
  readonly isMutual: boolean
  poolOf(waiting: WaitingTicket<T>): ModulePool<T>
  /** The ticket has all the links of its present stage. */
  onLinked(waiting: WaitingTicket<T>): void
}

/**
 * Tickets that are new, or in a new stage, one after the other: each meets all that are linked, and is linked then itself.
 * So each pair is asked once, by the later of the two, and again only when one of them enters another stage.
 */
export class Intake<T extends TicketSpec> {
  readonly #options: IntakeOptions<T>
  /** What stands before #head has been taken out. */
  #queue: WaitingTicket<T>[] = []
  #head = 0
  #takenCount = 0
  /** Meets the others of its pool; the next of them is at #cursor. */
  #current: WaitingTicket<T> | undefined
  #cursor = 0
  #askedCount = 0

  constructor(options: IntakeOptions<T>) {
    this.#options = options
  }

  /** Queries asked since the beginning. */
  get askedCount(): number {
    return this.#askedCount
  }

  get isIdle(): boolean {
    return this.#current === undefined && this.#head === this.#queue.length
  }

  /** A mark behind everything that waits now. */
  get mark(): number {
    return this.#takenCount + this.#queue.length - this.#head
  }

  /** Whether everything before the mark is done. */
  isPast(mark: number): boolean {
    return this.#current === undefined ? this.#takenCount >= mark : this.#takenCount > mark
  }

  add(waiting: WaitingTicket<T>): void {
    if (waiting === this.#current) this.#begin(waiting)
    if (waiting.state === 'queued') return
    waiting.state = 'queued'
    this.#queue.push(waiting)
  }

  /** Works for about so many steps. Returns how many it took; 0 = there is nothing to do. */
  run(steps: number): number {
    let used = 0
    while (used < steps) {
      const current = this.#current ?? this.#takeNext()
      if (current === undefined) break
      used += current.state === 'gone' ? this.#drop() : this.#meet(current, steps - used)
    }
    return used
  }

  #takeNext(): WaitingTicket<T> | undefined {
    const next = this.#queue[this.#head]
    if (next === undefined) return undefined
    this.#head++
    this.#takenCount++
    if (this.#head === this.#queue.length || this.#head === COMPACT_ABOVE) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    if (next.state !== 'gone') this.#begin(next)
    this.#current = next
    return next
  }

  #begin(waiting: WaitingTicket<T>): void {
    unlinkAll(waiting)
    waiting.hasLeftOut = false
    this.#options.poolOf(waiting).compact()
    this.#cursor = 0
  }

  #drop(): number {
    this.#current = undefined
    return 1
  }

  /** Meets the next others. Returns the steps. */
  #meet(current: WaitingTicket<T>, steps: number): number {
    const { tickets } = this.#options.poolOf(current)
    let used = 0
    while (this.#cursor < tickets.length) {
      if (used >= steps) return used
      const other = tickets[this.#cursor++]
      used += other?.state === 'linked' ? this.#ask(current, other) : 1
    }
    this.#current = undefined
    current.state = 'linked'
    this.#options.onLinked(current)
    return used + current.links.length + 1
  }

  /** Links the two if they are compatible. Returns the steps. */
  #ask(a: WaitingTicket<T>, b: WaitingTicket<T>): number {
    if (!canBeTogether(a, b)) return 1
    const { isMutual } = this.#options
    this.#askedCount++
    const scoreOfA = a.query.score(b.profile)
    if (scoreOfA === undefined && isMutual) return a.query.steps
    this.#askedCount++
    const scoreOfB = b.query.score(a.profile)
    const isLinked = isMutual ? scoreOfB !== undefined : scoreOfA !== undefined || scoreOfB !== undefined
    if (isLinked) link(a, b, scoreOfA, scoreOfB)
    return a.query.steps + b.query.steps
  }
}
