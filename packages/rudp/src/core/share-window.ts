const BUCKETS = 10
const BUCKET_MS = 1000

/** A share, such as lost of sent packets, over the last ten seconds. */
export class ShareWindow {
  readonly #parts = new Float64Array(BUCKETS)
  readonly #wholes = new Float64Array(BUCKETS)
  /** The second the newest bucket stands for. */
  #second = 0

  /** Adds to the share: `part` more of what is counted, `whole` more in all. Either may take back, below 0. */
  add(part: number, whole: number, nowMs: number): void {
    this.#turn(nowMs)
    const bucket = this.#second % BUCKETS
    this.#parts[bucket]! += part
    this.#wholes[bucket]! += whole
  }

  /** The share, 0 when there is nothing. */
  value(nowMs: number): number {
    this.#turn(nowMs)
    let part = 0
    let whole = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      part += this.#parts[bucket]!
      whole += this.#wholes[bucket]!
    }
    return whole <= 0 ? 0 : Math.min(Math.max(part / whole, 0), 1)
  }

  #turn(nowMs: number): void {
    const second = Math.floor(nowMs / BUCKET_MS)
    const steps = Math.min(second - this.#second, BUCKETS)
    for (let step = 0; step < steps; step++) {
      const bucket = (second - step) % BUCKETS
      this.#parts[bucket] = 0
      this.#wholes[bucket] = 0
    }
    this.#second = Math.max(this.#second, second)
  }
}
