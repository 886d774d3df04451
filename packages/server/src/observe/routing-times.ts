import { Buckets, type BucketCounts } from './buckets.ts'

/** Upper bounds of the histograms of routing time, in seconds. */
export const ROUTING_BUCKETS_SECONDS: readonly number[] = [
  0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066,
  0.125, 0.25, 1,
]

interface Output {
  sentAtMs: number
  receivers: number
  /** It is written when so many connections have been served. */
  mark: number
}

/**
 * How long what rooms send is on its way through the server: from the script's call until the system has it. Each message
 * counts once for each of its receivers.
 */
export class OutputRouting {
  readonly #times = new Buckets(ROUTING_BUCKETS_SECONDS)
  /** The first of them wait, oldest first; the rest are used again. */
  readonly #outputs: Output[] = []
  #waiting = 0
  /** Of those that wait, handed to the connections. */
  #flushed = 0

  /** A room has sent something at that time. */
  queued(sentAtMs: number, receivers: number): void {
    const output = this.#outputs[this.#waiting]
    this.#waiting++
    if (output === undefined) this.#outputs.push({ sentAtMs, receivers, mark: 0 })
    else {
      output.sentAtMs = sentAtMs
      output.receivers = receivers
    }
  }

  /**
   * Connections have everything that was queued.
   * @param mark How many of them must have been served until all of it is written
   */
  flushed(mark: number): void {
    for (; this.#flushed < this.#waiting; this.#flushed++)
      (this.#outputs[this.#flushed] as Output).mark = mark
  }

  /** So many connections have been served. */
  written(served: number, nowMs: number): void {
    let done = 0
    for (; done < this.#flushed; done++) {
      const { sentAtMs, receivers, mark } = this.#outputs[done] as Output
      if (mark > served) break
      this.#times.observe(Math.max(0, nowMs - sentAtMs) / 1000, receivers)
    }
    if (done === 0) return
    // Those that wait move to the front, in place: this runs on the network's thread, for every turn that writes.
    for (let index = done; index < this.#waiting; index++) {
      const written = this.#outputs[index - done] as Output
      this.#outputs[index - done] = this.#outputs[index] as Output
      this.#outputs[index] = written
    }
    this.#flushed -= done
    this.#waiting -= done
  }

  read(): BucketCounts {
    return this.#times.read()
  }
}
