import {
  type CongestionAck,
  type CongestionController,
  INITIAL_WINDOW_BYTES,
  MINIMUM_WINDOW_BYTES,
  type PathRtt,
  SEGMENT_BYTES,
} from './controller.ts'
import { SlowStart } from './slow-start.ts'

/** NewReno as in RFC 9002 §7 and appendix B, in bytes, with HyStart++. */
export class NewReno implements CongestionController {
  readonly #beta: number
  #windowBytes = INITIAL_WINDOW_BYTES
  #thresholdBytes = Number.POSITIVE_INFINITY
  /** Acknowledged bytes not yet turned into growth. */
  #ackedBytes = 0
  /** Losses of packets sent before this belong to a reaction already made. */
  #recoveryStartMs = Number.NEGATIVE_INFINITY
  #slowStart = new SlowStart()

  constructor(beta: number) {
    this.#beta = beta
  }

  get windowBytes(): number {
    return this.#windowBytes
  }

  get isInSlowStart(): boolean {
    return this.#windowBytes < this.#thresholdBytes
  }

  get pacingBytesPerSecond(): number {
    return 0
  }

  onAck(ack: CongestionAck, rtt: PathRtt, _nowMs: number): void {
    if (ack.isAppLimited || ack.largestSentAtMs <= this.#recoveryStartMs) return
    if (this.isInSlowStart) {
      this.#windowBytes += this.#slowStart.onAck(ack, rtt)
      if (this.#slowStart.isOver) this.#thresholdBytes = this.#windowBytes
      return
    }
    this.#ackedBytes += ack.ackedBytes
    while (this.#ackedBytes >= this.#windowBytes) {
      this.#ackedBytes -= this.#windowBytes
      this.#windowBytes += SEGMENT_BYTES
    }
  }

  onLoss(_lostBytes: number, newestSentAtMs: number, _rtt: PathRtt, nowMs: number): void {
    if (newestSentAtMs <= this.#recoveryStartMs) return
    this.#recoveryStartMs = nowMs
    this.#shrinkTo(this.#windowBytes * this.#beta)
  }

  onPersistentCongestion(): void {
    this.#windowBytes = MINIMUM_WINDOW_BYTES
    this.#recoveryStartMs = Number.NEGATIVE_INFINITY
    this.#ackedBytes = 0
    this.#slowStart = new SlowStart()
  }

  onStandingQueue(factor: number): void {
    this.#shrinkTo(this.#windowBytes * factor)
  }

  #shrinkTo(bytes: number): void {
    this.#windowBytes = Math.max(bytes, MINIMUM_WINDOW_BYTES)
    this.#thresholdBytes = this.#windowBytes
    this.#ackedBytes = 0
  }
}
