/**
 * When which client is to send: each in turn, all of them once a period, evenly spread over it. The times are fixed
 * before the first message, so what a slow generator sends late does not thin out what comes after.
 */
export class InputSchedule {
  readonly #clients: number
  readonly #gapMs: number
  readonly #startMs: number
  #taken = 0

  constructor(clients: number, periodMs: number, startMs: number) {
    this.#clients = clients
    this.#gapMs = periodMs / clients
    this.#startMs = startMs
  }

  /** How many were due, sent or not. */
  dueBy(nowMs: number): number {
    return nowMs < this.#startMs ? 0 : Math.floor((nowMs - this.#startMs) / this.#gapMs) + 1
  }

  nextDueMs(): number {
    return this.#startMs + this.#taken * this.#gapMs
  }

  /** The client whose message is next. */
  take(): number {
    const client = this.#taken % this.#clients
    this.#taken += 1
    return client
  }

  get taken(): number {
    return this.#taken
  }
}
