export interface TokenBucketOptions {
  readonly ratePerSecond: number
  /** What the bucket holds when it is full, and at first. */
  readonly burst: number
}

/** Allows a rate on average, and a burst above it for whoever was quiet before. Allocates nothing but itself. */
export class TokenBucket {
  readonly #ratePerMs: number
  readonly #burst: number
  #tokens = 0
  #filledMs = 0

  constructor({ ratePerSecond, burst }: TokenBucketOptions, nowMs: number) {
    this.#ratePerMs = ratePerSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#filledMs = nowMs
  }

  /** Whether as much may be taken now. More than the bucket holds may be taken from a full one, which then owes it. */
  has(amount: number, nowMs: number): boolean {
    this.#fill(nowMs, this.#burst)
    return this.#tokens >= Math.min(amount, this.#burst)
  }

  /** Takes without asking; see {@link has}. */
  take(amount: number): void {
    this.#tokens -= amount
  }

  /** Lets the bucket fill above its burst, once, with what it would have got since it was last asked. */
  fillBeyondBurst(nowMs: number, mostMs: number): void {
    this.#fill(nowMs, Math.max(this.#burst, mostMs * this.#ratePerMs))
  }

  /** Nobody would notice if this bucket were replaced by a new one. */
  isFull(nowMs: number): boolean {
    return this.has(this.#burst, nowMs)
  }

  #fill(nowMs: number, most: number): void {
    const filled = this.#tokens + (nowMs - this.#filledMs) * this.#ratePerMs
    // What fillBeyondBurst() has given stays until it is taken.
    this.#tokens = Math.max(this.#tokens, Math.min(most, filled))
    this.#filledMs = nowMs
  }
}
