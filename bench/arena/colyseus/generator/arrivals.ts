import { IntervalHistogram } from './interval-histogram.ts'

/** What came in, of all players together. */
export class Arrivals {
  readonly intervals = new IntervalHistogram()
  #missing = 0
  #disconnected = 0

  /**
   * @param sinceLastMs between this snapshot and the one before, of the same player
   * @param missing how many ticks lie between the two of them
   */
  onSnapshot(sinceLastMs: number, missing: number): void {
    this.intervals.record(sinceLastMs)
    this.#missing += missing
  }

  onDisconnected(): void {
    this.#disconnected += 1
  }

  get snapshots(): number {
    return this.intervals.count
  }

  get missing(): number {
    return this.#missing
  }

  /** Players that the server has thrown out since the beginning. */
  get disconnected(): number {
    return this.#disconnected
  }

  /** Begins a measurement. */
  restart(): void {
    this.intervals.clear()
    this.#missing = 0
  }
}
