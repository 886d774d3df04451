import { MAX_LAZY_ACK_DELAY_MS } from './ack-tracker.ts'
import type { PathRtt } from './congestion/controller.ts'

/** Timers of an event loop are no finer than this (RFC 9002 kGranularity, 1 ms there). */
export const GRANULARITY_MS = 2

/** The minimum is taken over the last one to two of these. */
const MIN_WINDOW_MS = 5000

/** RTT estimation (RFC 9002 §5) with a windowed minimum, and jitter in the manner of RFC 3550. */
export class RttEstimator implements PathRtt {
  latestMs = 0
  smoothedMs = 0
  varianceMs = 0
  minMs = 0
  jitterMs = 0
  hasSample = false
  #windowStartMs = 0
  #windowMinMs = Number.POSITIVE_INFINITY
  #previousMinMs = Number.POSITIVE_INFINITY

  /** @param initialMs taken for granted until the first sample */
  constructor(initialMs: number) {
    this.reset(initialMs)
  }

  /** Forgets everything: the path is another. */
  reset(initialMs: number): void {
    this.latestMs = initialMs
    this.smoothedMs = initialMs
    this.varianceMs = initialMs / 2
    this.minMs = initialMs
    this.hasSample = false
    this.#windowMinMs = Number.POSITIVE_INFINITY
    this.#previousMinMs = Number.POSITIVE_INFINITY
  }

  /**
   * Takes a sample. The time the peer held the ACK back comes off as far as the rest stays plausible, so that
   * ACKs that waited for a tick do not look like a slow path.
   *
   * @param sampleMs from sending to ACK
   * @param ackDelayMs as the peer said
   */
  onSample(sampleMs: number, ackDelayMs: number, nowMs: number): void {
    const isPlausible = ackDelayMs < sampleMs && ackDelayMs <= 2 * MAX_LAZY_ACK_DELAY_MS
    const adjustedMs = isPlausible ? sampleMs - ackDelayMs : sampleMs
    this.#updateMinimum(adjustedMs, nowMs)
    if (!this.hasSample) {
      this.hasSample = true
      this.smoothedMs = adjustedMs
      this.varianceMs = adjustedMs / 2
    } else {
      this.jitterMs += (Math.abs(adjustedMs - this.latestMs) - this.jitterMs) / 16
      this.varianceMs += (Math.abs(this.smoothedMs - adjustedMs) - this.varianceMs) / 4
      this.smoothedMs += (adjustedMs - this.smoothedMs) / 8
    }
    this.latestMs = adjustedMs
  }

  /** Time in which an ACK must have come back if the peer sends it at once (RFC 9002 §6.2.1). */
  get timeoutMs(): number {
    return this.smoothedMs + Math.max(4 * this.varianceMs, GRANULARITY_MS)
  }

  /**
   * Unlike RFC 9002 §5.2, the minimum leaves out the ACK delay: in a game nearly every ACK waits for a tick, so
   * the raw minimum would be a tick too high and delay-based decisions blind. A peer that lies here harms itself.
   */
  #updateMinimum(adjustedMs: number, nowMs: number): void {
    if (nowMs - this.#windowStartMs >= MIN_WINDOW_MS) {
      this.#previousMinMs = this.#windowMinMs
      this.#windowMinMs = Number.POSITIVE_INFINITY
      this.#windowStartMs = nowMs
    }
    this.#windowMinMs = Math.min(this.#windowMinMs, adjustedMs)
    this.minMs = Math.min(this.#previousMinMs, this.#windowMinMs)
  }
}
