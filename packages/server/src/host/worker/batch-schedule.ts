import type { Clock, TimerHandle } from '../../clock.ts'

/** A post to another thread costs both some tens of microseconds, whatever it carries: two thousand a second at most. */
const MIN_GAP_MS = 0.5

/**
 * When a batch for another thread leaves: at the end of the turn in which it got its first record, or, when the last one left
 * less than half a millisecond ago, with the first record after that time, and at the latest when a timer says so. So who has
 * little to tell tells it at once, and who has much tells it together.
 */
export class BatchSchedule {
  readonly #clock: Clock
  readonly #send: () => void
  #lastMs = Number.NEGATIVE_INFINITY
  /** `held`: until the gap is over. */
  #state: 'idle' | 'held' | 'leaving' = 'idle'
  #timer: TimerHandle | undefined
  readonly #run = (): void => {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#state = 'idle'
    this.#lastMs = this.#clock.nowMs()
    this.#send()
  }

  constructor(clock: Clock, send: () => void) {
    this.#clock = clock
    this.#send = send
  }

  /** There is something to send. */
  plan(): void {
    if (this.#state === 'leaving') return
    const waitMs = this.#lastMs + MIN_GAP_MS - this.#clock.nowMs()
    if (waitMs <= 0) {
      this.#state = 'leaving'
      this.#clock.defer(this.#run)
    } else if (this.#state === 'idle') {
      this.#state = 'held'
      this.#timer = this.#clock.setTimer(this.#run, waitMs)
    }
  }
}
