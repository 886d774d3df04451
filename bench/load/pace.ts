export interface PaceOptions {
  readonly perSecond: number
  /** Monotonic milliseconds. */
  readonly clock: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/** Lets through so many in a second, evenly, whoever asks. Time in which nobody asked is not made up for. */
export class Pace {
  readonly #gapMs: number
  readonly #clock: () => number
  readonly #sleep: (ms: number) => Promise<void>
  #nextMs = Number.NEGATIVE_INFINITY

  constructor({ perSecond, clock, sleep }: PaceOptions) {
    this.#gapMs = 1000 / perSecond
    this.#clock = clock
    this.#sleep = sleep
  }

  /** Fulfilled when it is the caller's turn. */
  async turn(): Promise<void> {
    const nowMs = this.#clock()
    const turnMs = Math.max(nowMs, this.#nextMs)
    this.#nextMs = turnMs + this.#gapMs
    if (turnMs > nowMs) await this.#sleep(turnMs - nowMs)
  }
}
