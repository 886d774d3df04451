/** A rate limit: `ratePerSecond` on average, `burst` at once. A rate of 0 does not limit. */
export class TokenBucket {
  readonly #ratePerMs: number
  readonly #burst: number
  #tokens = 0
  #updatedMs = 0

  constructor(ratePerSecond: number, burst: number, nowMs: number) {
    this.#ratePerMs = ratePerSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#updatedMs = nowMs
  }

  /** Takes one token. @returns whether there was one */
  take(nowMs: number): boolean {
    if (this.#ratePerMs === 0) return true
    const elapsedMs = Math.max(0, nowMs - this.#updatedMs)
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#ratePerMs)
    this.#updatedMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
