import type { PathRtt } from './congestion/controller.ts'

/** Bulk pauses while the path's queue is longer than this (in the manner of LEDBAT, RFC 6817). */
const BULK_DELAY_MS = 25
/** All traffic shrinks when the queue has been longer than this … */
const STANDING_DELAY_MS = 100
/** … for this long. */
const STANDING_FOR_MS = 1000
const STANDING_FACTOR = 0.85

/** Keeps bulk from filling the queues of the path, behind which the game would wait. */
export class DelayGuard {
  #standingSinceMs = Number.POSITIVE_INFINITY

  /** Whether bulk may be sent. */
  allowsBulk(rtt: PathRtt): boolean {
    return rtt.smoothedMs <= rtt.minMs + BULK_DELAY_MS
  }

  /** Takes a new RTT. @returns the factor by which all traffic must shrink now, 1 = not at all */
  onRtt(rtt: PathRtt, nowMs: number): number {
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
