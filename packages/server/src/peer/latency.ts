/**
 * Round trip and its variation from heartbeat samples: a moving average with weight 1/8 (RFC 6298 §2), and the mean
 * difference between successive round trips, smoothed as RFC 3550 §6.4.1 smooths transit times (weight 1/16).
 */
export class Latency {
  #rttMs = 0
  #jitterMs = 0
  #lastMs = -1

  /** 0 until the first sample. */
  get rttMs(): number {
    return this.#rttMs
  }

  get jitterMs(): number {
    return this.#jitterMs
  }

  addSample(rttMs: number): void {
    if (rttMs < 0) return
    if (this.#lastMs < 0) this.#rttMs = rttMs
    else {
      this.#rttMs += (rttMs - this.#rttMs) / 8
      this.#jitterMs += (Math.abs(rttMs - this.#lastMs) - this.#jitterMs) / 16
    }
    this.#lastMs = rttMs
  }
}
