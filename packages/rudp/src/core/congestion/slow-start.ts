import { type CongestionAck, type PathRtt, SEGMENT_BYTES } from './controller.ts'

/** Constants of RFC 9406 §4.3. */
const MIN_RTT_THRESHOLD_MS = 4
const MAX_RTT_THRESHOLD_MS = 16
const MIN_RTT_DIVISOR = 8
const SAMPLES_PER_ROUND = 8
const CONSERVATIVE_DIVISOR = 4
const CONSERVATIVE_ROUNDS = 5

/**
 * Slow start that ends when the delay grows and not only at the first loss (HyStart++, RFC 9406): the window
 * would otherwise overshoot a full queue by as much again.
 */
export class SlowStart {
  #roundEnd = 0
  #lastRoundMinMs = Number.POSITIVE_INFINITY
  #roundMinMs = Number.POSITIVE_INFINITY
  #samples = 0
  /** Rounds left of the conservative phase; 0 = not in it. */
  #conservativeRounds = 0
  #baselineMinMs = Number.POSITIVE_INFINITY
  #isOver = false

  /** The delay has grown for long enough: the controller should leave slow start. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** @returns bytes by which the window grows for this ACK */
  onAck(ack: CongestionAck, rtt: PathRtt): number {
    if (ack.largestPacketNumber >= this.#roundEnd) this.#startRound(ack.nextPacketNumber)
    this.#roundMinMs = Math.min(this.#roundMinMs, rtt.latestMs)
    this.#samples++
    if (this.#conservativeRounds > 0) {
      if (this.#samples >= SAMPLES_PER_ROUND && this.#roundMinMs < this.#baselineMinMs) {
        this.#conservativeRounds = 0
        this.#baselineMinMs = Number.POSITIVE_INFINITY
      }
    } else if (this.#isDelayGrowing()) {
      this.#baselineMinMs = this.#roundMinMs
      this.#conservativeRounds = CONSERVATIVE_ROUNDS
    }
    // Not paced ACK by ACK but by the pacer, so the limit of RFC 9406 §4.2 (L = 8) is for unpaced senders.
    const growth = Math.min(ack.ackedBytes, 8 * SEGMENT_BYTES)
    return this.#conservativeRounds > 0 ? growth / CONSERVATIVE_DIVISOR : growth
  }

  #isDelayGrowing(): boolean {
    if (this.#samples < SAMPLES_PER_ROUND || this.#lastRoundMinMs === Number.POSITIVE_INFINITY) return false
    const thresholdMs = Math.max(
      MIN_RTT_THRESHOLD_MS,
      Math.min(this.#lastRoundMinMs / MIN_RTT_DIVISOR, MAX_RTT_THRESHOLD_MS),
    )
    return this.#roundMinMs >= this.#lastRoundMinMs + thresholdMs
  }

  #startRound(roundEnd: number): void {
    if (this.#conservativeRounds > 0) {
      this.#conservativeRounds--
      if (this.#conservativeRounds === 0) this.#isOver = true
    }
    this.#roundEnd = roundEnd
    this.#lastRoundMinMs = this.#roundMinMs
    this.#roundMinMs = Number.POSITIVE_INFINITY
    this.#samples = 0
  }
}
