/** Counts invalid messages within a window. */
export class ViolationMeter {
  readonly #limit: number
  readonly #windowMs: number
  #windowStartMs = Number.NEGATIVE_INFINITY
  #count = 0

  constructor(limit: number, windowMs: number) {
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** True when the limit is passed. */
  add(nowMs: number): boolean {
    if (nowMs - this.#windowStartMs > this.#windowMs) {
      this.#windowStartMs = nowMs
      this.#count = 0
    }
    this.#count++
    return this.#count > this.#limit
  }
}
