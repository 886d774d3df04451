/** Observations by bucket (the last one has no upper bound) and their sum. */
export interface BucketCounts {
  readonly counts: readonly number[]
  readonly sumSeconds: number
}

/** A histogram of durations that counts without allocating. */
export class Buckets {
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  #sumSeconds = 0

  /** @param bounds Upper ones, in seconds, rising. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  /** @param times How many observations of this there were */
  observe(seconds: number, times = 1): void {
    const bounds = this.#bounds
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] as number) + times
    this.#sumSeconds += seconds * times
  }

  read(): BucketCounts {
    return { counts: [...this.#counts], sumSeconds: this.#sumSeconds }
  }
}
