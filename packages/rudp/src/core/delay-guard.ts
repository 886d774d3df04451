import {
  INITIAL_WINDOW_BYTES,
  MINIMUM_WINDOW_BYTES,
  type PathRtt,
  SEGMENT_BYTES,
} from './congestion/controller.ts'

/** The queue bulk may build on the path (TARGET of RFC 6817). */
const BULK_TARGET_MS = 25
/** Slow start of bulk ends at this share of the target. */
const SLOW_START_SHARE = 0.75
/** Share of the window given back per round trip for each target's worth of delay too much … */
const DECREASE_PER_TARGET = 0.25
/** … and at most. */
const MAX_DECREASE = 0.5
/**
 * So often bulk stands back for two round trips. The queue it keeps would else become the minimum that delay
 * is measured against, and grow by the target each time that minimum is renewed.
 */
const DRAIN_INTERVAL_MS = 3500

/** All traffic shrinks when the queue has been longer than this … */
const STANDING_DELAY_MS = 100
/** … for this long. */
const STANDING_FOR_MS = 1000
const STANDING_FACTOR = 0.85

/**
 * Keeps bulk from filling the queues of the path, behind which the game would wait: a second window, for bulk
 * only, that follows the delay (LEDBAT, RFC 6817) where the congestion window waits for loss.
 */
export class DelayGuard {
  #windowBytes = INITIAL_WINDOW_BYTES
  #isSlowStart = true
  #previousMs = Number.POSITIVE_INFINITY
  #drainUntilMs = Number.NEGATIVE_INFINITY
  #nextDrainMs = Number.NEGATIVE_INFINITY
  #standingSinceMs = Number.POSITIVE_INFINITY
  /** When bulk was last held back: without that, the window was not used and must not grow. */
  #heldMs = Number.NEGATIVE_INFINITY

  /** Whether bulk may be sent with so much in flight. */
  allowsBulk(inFlightBytes: number, nowMs: number): boolean {
    return inFlightBytes < (nowMs < this.#drainUntilMs ? MINIMUM_WINDOW_BYTES : this.#windowBytes)
  }

  onBulkHeld(nowMs: number): void {
    this.#heldMs = nowMs
  }

  /** Takes an ACK and the RTT it gave. @returns the factor by which all traffic must shrink now, 1 = not at all */
  onAck(ackedBytes: number, rtt: PathRtt, nowMs: number): number {
    // Of two successive samples the lower one counts: a single late ACK is no queue.
    const delayMs = Math.min(rtt.latestMs, this.#previousMs) - rtt.minMs
    this.#previousMs = rtt.latestMs
    if (nowMs - this.#heldMs <= rtt.smoothedMs) this.#adjust(ackedBytes, delayMs / BULK_TARGET_MS, rtt, nowMs)
    return this.#standingFactor(rtt, nowMs)
  }

  #adjust(ackedBytes: number, targets: number, rtt: PathRtt, nowMs: number): void {
    if (nowMs < this.#drainUntilMs) return
    if (nowMs >= this.#nextDrainMs) {
      if (this.#nextDrainMs > 0) this.#drainUntilMs = nowMs + 2 * rtt.smoothedMs
      this.#nextDrainMs = nowMs + DRAIN_INTERVAL_MS
    }
    if (targets > SLOW_START_SHARE) this.#isSlowStart = false
    if (this.#isSlowStart) {
      this.#windowBytes += ackedBytes
    } else if (targets <= 1) {
      this.#windowBytes += ((1 - targets) * SEGMENT_BYTES * ackedBytes) / this.#windowBytes
    } else {
      const decrease = Math.min(DECREASE_PER_TARGET * (targets - 1), MAX_DECREASE)
      this.#windowBytes = Math.max(this.#windowBytes - decrease * ackedBytes, MINIMUM_WINDOW_BYTES)
    }
  }

  #standingFactor(rtt: PathRtt, nowMs: number): number {
    if (rtt.smoothedMs <= rtt.minMs + STANDING_DELAY_MS) {
      this.#standingSinceMs = Number.POSITIVE_INFINITY
      return 1
    }
    if (this.#standingSinceMs === Number.POSITIVE_INFINITY) this.#standingSinceMs = nowMs
    if (nowMs - this.#standingSinceMs < STANDING_FOR_MS) return 1
    this.#standingSinceMs = nowMs
    return STANDING_FACTOR
  }
}
