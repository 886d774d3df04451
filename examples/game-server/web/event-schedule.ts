import type { ArenaEvent, EventBatch } from './messages.ts'

/** When playback stands still (a hidden page), events beyond this are due at once. */
const MAX_WAITING_BATCHES = 90

/**
 * Holds events back until playback reaches their step, so that an orb vanishes when the player who takes it is seen
 * there. What concerns the own player is due at once: that player is shown ahead of the server, not behind it.
 */
export class EventSchedule {
  readonly #me: number
  readonly #waiting: EventBatch[] = []

  /** @param me the slot of the own player */
  constructor(me: number) {
    this.#me = me
  }

  /** Takes a batch, and returns those of its events that are due at once. */
  push(batch: EventBatch): ArenaEvent[] {
    const own = batch.events.filter((event) => concerns(event, this.#me))
    this.#waiting.push({ step: batch.step, events: batch.events.filter((event) => !own.includes(event)) })
    return own
  }

  /** Takes the events out that are due when this step is shown, in the order in which they happened. */
  takeDue(step: number): ArenaEvent[] {
    const due: ArenaEvent[] = []
    let next = this.#waiting[0]
    while (next !== undefined && (next.step <= step || this.#waiting.length > MAX_WAITING_BATCHES)) {
      due.push(...next.events)
      this.#waiting.shift()
      next = this.#waiting[0]
    }
    return due
  }
}

function concerns(event: ArenaEvent, slot: number): boolean {
  switch (event.kind) {
    case 'score':
    case 'dash':
    case 'bumper':
    case 'leave':
      return event.slot === slot
    case 'take':
      return event.by === slot
    case 'bump':
      return event.a === slot || event.b === slot
    case 'hit':
      return event.by === slot || event.on === slot
    case 'enter':
    case 'orb':
      return false
    default:
      return event satisfies never
  }
}
