import type { TicketSpec } from './ticket.ts'
import type { WaitingTicket } from './waiting-ticket.ts'

const COMPACT_ABOVE = 32

/** The tickets that wait for one module, in the order in which they came. */
export class ModulePool<T extends TicketSpec> {
  #tickets: (WaitingTicket<T> | undefined)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** With holes; indexes stay until {@link compact}. */
  get tickets(): readonly (WaitingTicket<T> | undefined)[] {
    return this.#tickets
  }

  add(waiting: WaitingTicket<T>): void {
    waiting.poolIndex = this.#tickets.length
    this.#tickets.push(waiting)
    this.#size++
  }

  remove(waiting: WaitingTicket<T>): void {
    this.#tickets[waiting.poolIndex] = undefined
    waiting.poolIndex = -1
    this.#size--
  }

  /** Closes the holes when they are many. Not while somebody goes through the tickets. */
  compact(): void {
    if (this.#tickets.length < COMPACT_ABOVE || this.#tickets.length < this.#size * 2) return
    this.#tickets = this.#tickets.filter((waiting) => waiting !== undefined)
    for (const [index, waiting] of this.#tickets.entries())
      if (waiting !== undefined) waiting.poolIndex = index
  }
}
