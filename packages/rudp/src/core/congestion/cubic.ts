import {
  type CongestionAck,
  type CongestionController,
  INITIAL_WINDOW_BYTES,
  MINIMUM_WINDOW_BYTES,
  type PathRtt,
  SEGMENT_BYTES,
} from './controller.ts'
import { SlowStart } from './slow-start.ts'

/** Constants of RFC 9438 §4.6 and §5.1; time in seconds, windows in segments where they meet C. */
const BETA = 0.7
const C = 0.4
/** Reno's growth that is as fast as CUBIC's with this beta (RFC 9438 §4.3). */
const RENO_ALPHA = (3 * (1 - BETA)) / (1 + BETA)

/** CUBIC (RFC 9438) in bytes, with HyStart++ and fast convergence. */
export class Cubic implements CongestionController {
  #windowBytes = INITIAL_WINDOW_BYTES
  #thresholdBytes = Number.POSITIVE_INFINITY
  #recoveryStartMs = Number.NEGATIVE_INFINITY
  /** The window before the last reduction. */
  #maxWindowBytes = 0
  /** When the present growth began, -1 = with the next ACK. */
  #epochStartMs = -1
  /** Seconds from the epoch's start until the window is at `#maxWindowBytes` again. */
  #plateauSeconds = 0
  /** The window Reno would have. */
  #renoWindowBytes = 0
  #lastAckMs = 0
  #slowStart = new SlowStart()

  get windowBytes(): number {
    return this.#windowBytes
  }

  get isInSlowStart(): boolean {
    return this.#windowBytes < this.#thresholdBytes
  }

  get pacingBytesPerSecond(): number {
    return 0
  }

  onAck(ack: CongestionAck, rtt: PathRtt, nowMs: number): void {
    if (ack.largestSentAtMs <= this.#recoveryStartMs) return
    if (ack.isAppLimited) {
      // Time without use of the window must not count as growth (RFC 9438 §5.8).
      if (this.#epochStartMs >= 0) this.#epochStartMs += nowMs - this.#lastAckMs
      this.#lastAckMs = nowMs
      return
    }
    this.#lastAckMs = nowMs
    if (this.isInSlowStart) {
      this.#windowBytes += this.#slowStart.onAck(ack, rtt)
      if (this.#slowStart.isOver) this.#thresholdBytes = this.#windowBytes
      return
    }
    this.#growInAvoidance(ack.ackedBytes, rtt.smoothedMs, nowMs)
  }

  onLoss(_lostBytes: number, newestSentAtMs: number, _rtt: PathRtt, nowMs: number): void {
    if (newestSentAtMs <= this.#recoveryStartMs) return
    this.#recoveryStartMs = nowMs
    this.#reduce(BETA)
  }

  onPersistentCongestion(): void {
    this.#reduce(BETA)
    this.#windowBytes = MINIMUM_WINDOW_BYTES
    this.#recoveryStartMs = Number.NEGATIVE_INFINITY
    this.#slowStart = new SlowStart()
  }

  onStandingQueue(factor: number): void {
    this.#reduce(factor)
  }

  #growInAvoidance(ackedBytes: number, smoothedRttMs: number, nowMs: number): void {
    if (this.#epochStartMs < 0) this.#startEpoch(nowMs)
    const targetSeconds = (nowMs - this.#epochStartMs + smoothedRttMs) / 1000
    const curveBytes = C * (targetSeconds - this.#plateauSeconds) ** 3 * SEGMENT_BYTES + this.#maxWindowBytes
    const targetBytes = Math.min(Math.max(curveBytes, this.#windowBytes), 1.5 * this.#windowBytes)
    const alpha = this.#renoWindowBytes < this.#maxWindowBytes ? RENO_ALPHA : 1
    this.#renoWindowBytes += (alpha * SEGMENT_BYTES * ackedBytes) / this.#windowBytes
    if (this.#renoWindowBytes > targetBytes) this.#windowBytes = this.#renoWindowBytes
    else this.#windowBytes += ((targetBytes - this.#windowBytes) * ackedBytes) / this.#windowBytes
  }

  #startEpoch(nowMs: number): void {
    this.#epochStartMs = nowMs
    this.#renoWindowBytes = this.#windowBytes
    if (this.#maxWindowBytes < this.#windowBytes) this.#maxWindowBytes = this.#windowBytes
    this.#plateauSeconds = Math.cbrt((this.#maxWindowBytes - this.#windowBytes) / SEGMENT_BYTES / C)
  }

  #reduce(factor: number): void {
    // A flow that shrinks twice in a row leaves room for others (fast convergence, RFC 9438 §4.7).
    const isShrinking = this.#windowBytes < this.#maxWindowBytes
    this.#maxWindowBytes = isShrinking ? this.#windowBytes * ((1 + BETA) / 2) : this.#windowBytes
    this.#windowBytes = Math.max(this.#windowBytes * factor, MINIMUM_WINDOW_BYTES)
    this.#thresholdBytes = this.#windowBytes
    this.#epochStartMs = -1
  }
}
