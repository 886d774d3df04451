import { Buckets, type BucketCounts } from './buckets.ts'

/** Upper bounds of the histograms of routing time, in seconds. */
export const ROUTING_BUCKETS_SECONDS: readonly number[] = [
  0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066,
  0.125, 0.25, 1,
]

/**
 * How long what rooms send is on its way through the server: from the script's call to the moment when the system has all that
 * was to be sent. Each message counts once for each of its receivers.
 */
export class OutputRouting {
  readonly #times = new Buckets(ROUTING_BUCKETS_SECONDS)
  readonly #sentAtMs: number[] = []
  readonly #receivers: number[] = []
  #waiting = 0
  /** Of those, handed to the connections. */
  #flushed = 0

  /** A room has sent something at that time. */
  queued(sentAtMs: number, receivers: number): void {
    this.#sentAtMs[this.#waiting] = sentAtMs
    this.#receivers[this.#waiting] = receivers
    this.#waiting++
  }

  /** Connections have everything that was queued, and will write it. */
  flushed(): void {
    this.#flushed = this.#waiting
  }

  /** The system has everything that was flushed. */
  written(nowMs: number): void {
    if (this.#flushed === 0) return
    for (let index = 0; index < this.#flushed; index++) {
      const seconds = Math.max(0, nowMs - (this.#sentAtMs[index] as number)) / 1000
      this.#times.observe(seconds, this.#receivers[index])
    }
    for (let index = this.#flushed; index < this.#waiting; index++) {
      this.#sentAtMs[index - this.#flushed] = this.#sentAtMs[index] as number
      this.#receivers[index - this.#flushed] = this.#receivers[index] as number
    }
    this.#waiting -= this.#flushed
    this.#flushed = 0
  }

  read(): BucketCounts {
    return this.#times.read()
  }
}
