import type { Bucket } from './metrics-text.ts'

/** What was observed between two readings of one cumulative histogram. */
export class TickHistogram {
  readonly #buckets: readonly Bucket[]

  constructor(before: readonly Bucket[], after: readonly Bucket[]) {
    const earlier = new Map(before.map(({ upTo, count }) => [upTo, count]))
    this.#buckets = after.map(({ upTo, count }) => ({ upTo, count: count - (earlier.get(upTo) ?? 0) }))
  }

  get count(): number {
    return this.#buckets.at(-1)?.count ?? 0
  }

  /**
   * As if the observations of one bucket were spread evenly over it. Infinity when it is beyond the last bound; NaN when
   * nothing was observed.
   */
  quantile(share: number): number {
    if (this.count === 0) return Number.NaN
    const rank = share * this.count
    let lower: Bucket = { upTo: 0, count: 0 }
    for (const bucket of this.#buckets) {
      if (bucket.count >= rank && bucket.count > lower.count) {
        if (bucket.upTo === Number.POSITIVE_INFINITY) return bucket.upTo
        const part = (rank - lower.count) / (bucket.count - lower.count)
        return lower.upTo + part * (bucket.upTo - lower.upTo)
      }
      lower = bucket
    }
    return Number.POSITIVE_INFINITY
  }

  /** Exact, for a bound of the histogram. @throws Error for any other */
  shareUpTo(bound: number): number {
    const bucket = this.#buckets.find(({ upTo }) => upTo === bound)
    if (bucket === undefined) throw new Error(`the histogram has no bound at ${bound}`)
    return bucket.count / this.count
  }
}
