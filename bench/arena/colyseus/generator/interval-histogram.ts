const MS_TO_US = 1000
/** Each power of two of microseconds is divided into so many equal parts: a value is off by 0.4 % at most. */
const PARTS = 128
const PARTS_LOG2 = 7
/** Beyond 2^32 µs, which is more than an hour, all values are one. */
const POWERS = 32
const MOST_US = 2 ** POWERS - 1

/** Counts intervals in buckets that grow with the value: constant memory, and nothing allocated for one more. */
export class IntervalHistogram {
  readonly #counts = new Uint32Array(PARTS * (POWERS - PARTS_LOG2 + 1))
  #count = 0

  get count(): number {
    return this.#count
  }

  record(milliseconds: number): void {
    const us = Math.min(MOST_US, Math.max(0, Math.round(milliseconds * MS_TO_US)))
    this.#counts[bucketOf(us)]! += 1
    this.#count += 1
  }

  /** The middle of the bucket in which the value of this rank lies, in milliseconds; 0 when nothing was recorded. */
  quantileMs(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count))
    let seen = 0
    for (let bucket = 0; bucket < this.#counts.length; bucket += 1) {
      seen += this.#counts[bucket]!
      if (seen >= rank) return (lowestUs(bucket) + lowestUs(bucket + 1)) / 2 / MS_TO_US
    }
    return 0
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
  }
}

/** The first `PARTS` buckets hold one microsecond each; then each power of two has `PARTS` of its own. */
function bucketOf(us: number): number {
  const power = 31 - Math.clz32(us)
  if (power < PARTS_LOG2) return us
  const shift = power - PARTS_LOG2
  return (shift + 1) * PARTS + ((us >>> shift) - PARTS)
}

function lowestUs(bucket: number): number {
  if (bucket < PARTS) return bucket
  const shift = Math.floor(bucket / PARTS) - 1
  return (PARTS + (bucket % PARTS)) * 2 ** shift
}
