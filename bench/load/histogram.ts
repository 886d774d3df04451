/** Below this, every microsecond has a bucket of its own; above, each doubling has half as many buckets. */
const LINEAR_US = 256
const LINEAR_BITS = 8
const HALF = LINEAR_US / 2
/** About 71 minutes; what is longer counts as that. */
const MAX_US = 0xffff_ffff
const DOUBLINGS = 32 - LINEAR_BITS
const BUCKETS = LINEAR_US + DOUBLINGS * HALF

/** Counts by bucket, as pairs `[bucket, count]`, for another process. */
export interface HistogramRecord {
  readonly maxMs: number
  readonly sumMs: number
  readonly counts: readonly (readonly [bucket: number, count: number])[]
}

/** What a report says of a histogram, in milliseconds. */
export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/**
 * Times in constant memory, however many: buckets are linear within each doubling, as in HdrHistogram, so that a
 * percentile is at most 0.8 % too large.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  #count = 0
  #maxMs = 0
  #sumMs = 0

  static from(records: readonly HistogramRecord[]): Histogram {
    const histogram = new Histogram()
    for (const record of records) histogram.add(record)
    return histogram
  }

  get count(): number {
    return this.#count
  }

  get maxMs(): number {
    return this.#maxMs
  }

  /** Of all times, exact. */
  get sumMs(): number {
    return this.#sumMs
  }

  /** Negative times, which two clocks may give, count as 0. */
  record(ms: number): void {
    const us = ms <= 0 ? 0 : Math.min(Math.round(ms * 1000), MAX_US)
    const bucket = bucketOf(us)
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#count += 1
    if (ms > 0) this.#sumMs += ms
    if (ms > this.#maxMs) this.#maxMs = ms
  }

  /** The upper end of the bucket in which that share of all times is reached, in ms; NaN when there is none. */
  percentile(share: number): number {
    if (this.#count === 0) return Number.NaN
    const rank = Math.max(1, Math.ceil(share * this.#count))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] as number
      if (seen >= rank) return Math.min(upperUs(bucket) / 1000, this.#maxMs)
    }
    return this.#maxMs
  }

  percentiles(): Percentiles {
    return {
      count: this.#count,
      p50: this.percentile(0.5),
      p99: this.percentile(0.99),
      p999: this.percentile(0.999),
      max: this.#maxMs,
    }
  }

  add({ counts, maxMs, sumMs }: HistogramRecord): void {
    for (const [bucket, count] of counts) {
      this.#counts[bucket] = (this.#counts[bucket] as number) + count
      this.#count += count
    }
    this.#maxMs = Math.max(this.#maxMs, maxMs)
    this.#sumMs += sumMs
  }

  toRecord(): HistogramRecord {
    const counts: [number, number][] = []
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const count = this.#counts[bucket] as number
      if (count > 0) counts.push([bucket, count])
    }
    return { maxMs: this.#maxMs, sumMs: this.#sumMs, counts }
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#maxMs = 0
    this.#sumMs = 0
  }
}

function bucketOf(us: number): number {
  if (us < LINEAR_US) return us
  const doubling = 31 - LINEAR_BITS - Math.clz32(us)
  // The shift is unsigned: us has 32 bits.
  return LINEAR_US + doubling * HALF + ((us >>> (doubling + 1)) - HALF)
}

function upperUs(bucket: number): number {
  if (bucket < LINEAR_US) return bucket
  const doubling = Math.floor((bucket - LINEAR_US) / HALF)
  const within = ((bucket - LINEAR_US) % HALF) + HALF
  return (within + 1) * 2 ** (doubling + 1) - 1
}
