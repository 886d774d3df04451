/**
 * When a room's ticks are due: tick `n` at `start + n × period`, whatever happened to the ticks before it, so that a
 * room never drifts. A tick that runs late runs once, as the newest one that is due; the ones it passed over are
 * skipped.
 */
export class TickSchedule {
  readonly periodMs: number
  readonly #startMs: number
  #tick = 0
  #skipped = 0
  #lastRunMs: number

  /** @param phaseMs Delays every tick by a part of the period, so that rooms of one host do not tick all at once. */
  constructor(tickHz: number, nowMs: number, phaseMs = 0) {
    this.periodMs = 1000 / tickHz
    this.#startMs = nowMs + phaseMs
    this.#lastRunMs = nowMs
  }

  /** The newest tick that ran; 0 before the first. */
  get tick(): number {
    return this.#tick
  }

  /** Ticks passed over right before the present one. */
  get skipped(): number {
    return this.#skipped
  }

  get nextDueMs(): number {
    return this.#startMs + (this.#tick + 1) * this.periodMs
  }

  /**
   * Moves on to the newest tick that is due; call it when {@link nextDueMs} has come.
   * @returns The true time since the last run, in seconds.
   */
  begin(nowMs: number): number {
    // A timer may fire a rounding error early: that is still the next tick.
    const newest = Math.max(this.#tick + 1, Math.floor((nowMs - this.#startMs) / this.periodMs))
    this.#skipped = newest - this.#tick - 1
    this.#tick = newest
    const dtSeconds = (nowMs - this.#lastRunMs) / 1000
    this.#lastRunMs = nowMs
    return dtSeconds
  }
}
