/** The share is taken over the last one to two of these. */
const SPAN_MS = 5000

/** A share, such as lost of sent packets, over the last five to ten seconds. */
export class ShareWindow {
  #part = 0
  #whole = 0
  #previousPart = 0
  #previousWhole = 0
  #startedAtMs = Number.NEGATIVE_INFINITY

  /** Adds to the share: `part` more of what is counted, `whole` more in all. Either may take back, below 0. */
  add(part: number, whole: number, nowMs: number): void {
    this.#turn(nowMs)
    this.#part += part
    this.#whole += whole
  }

  /** The share, 0 when there is nothing. */
  value(nowMs: number): number {
    this.#turn(nowMs)
    const whole = this.#whole + this.#previousWhole
    const part = this.#part + this.#previousPart
    return whole <= 0 ? 0 : Math.min(Math.max(part / whole, 0), 1)
  }

  #turn(nowMs: number): void {
    if (nowMs < this.#startedAtMs + SPAN_MS) return
    const isRecent = nowMs < this.#startedAtMs + 2 * SPAN_MS
    this.#previousPart = isRecent ? this.#part : 0
    this.#previousWhole = isRecent ? this.#whole : 0
    this.#part = 0
    this.#whole = 0
    this.#startedAtMs = isRecent ? this.#startedAtMs + SPAN_MS : nowMs
  }
}
