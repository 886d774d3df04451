import type { Clock } from '../../clock.ts'

/** A post to another thread costs both some tens of microseconds, whatever it carries: a thousand a second at most. */
const MIN_GAP_MS = 1

/**
 * When a batch for another thread leaves: at the end of the turn in which it got its first record, or, when the last one left
 * less than a millisecond ago, once that time is over. So who has little to tell tells it at once, and who has much
 * tells it together.
 */
export class BatchSchedule {
  readonly #clock: Clock
  readonly #send: () => void
  #lastMs = Number.NEGATIVE_INFINITY
  #isPlanned = false
  readonly #run = (): void => {
    this.#isPlanned = false
    this.#lastMs = this.#clock.nowMs()
    this.#send()
  }

  constructor(clock: Clock, send: () => void) {
    this.#clock = clock
    this.#send = send
  }

  /** There is something to send. */
  plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    const waitMs = this.#lastMs + MIN_GAP_MS - this.#clock.nowMs()
    if (waitMs > 0) this.#clock.setTimer(this.#run, waitMs)
    else this.#clock.defer(this.#run)
  }
}
