import type { DropReason } from './connection-stats.ts'
import type { ConnectionLimits } from './limits.ts'

/** Seconds' worth of bytes that may come at once. */
const BYTE_BURST_SECONDS = 0.5
const MINUTE_MS = 60_000

/** What one peer may cost before its packets are authentic: packets, bytes, failed authentications. */
export class ReceiveBudget {
  readonly #limits: ConnectionLimits
  #packets = 0
  #bytes = 0
  #refilledAtMs = 0
  #failures = 0
  #failuresSinceMs = Number.NEGATIVE_INFINITY

  constructor(limits: ConnectionLimits, nowMs: number) {
    this.#limits = limits
    this.#packets = limits.receivePacketBurst
    this.#bytes = limits.receiveBytesPerSecond * BYTE_BURST_SECONDS
    this.#refilledAtMs = nowMs
  }

  /** Takes a datagram off the budget. @returns why it must be dropped, undefined when it may pass */
  take(sizeBytes: number, nowMs: number): DropReason | undefined {
    const { receivePacketsPerSecond, receivePacketBurst, receiveBytesPerSecond } = this.#limits
    const elapsedSeconds = Math.max(0, nowMs - this.#refilledAtMs) / 1000
    this.#refilledAtMs = nowMs
    if (receivePacketsPerSecond > 0) {
      const refilled = this.#packets + elapsedSeconds * receivePacketsPerSecond
      this.#packets = Math.min(refilled, receivePacketBurst)
      if (this.#packets < 1) return 'packet-rate'
    }
    if (receiveBytesPerSecond > 0) {
      const refilled = this.#bytes + elapsedSeconds * receiveBytesPerSecond
      this.#bytes = Math.min(refilled, receiveBytesPerSecond * BYTE_BURST_SECONDS)
      if (this.#bytes < sizeBytes) return 'byte-rate'
    }
    this.#packets--
    this.#bytes -= sizeBytes
    return undefined
  }

  /** A packet failed authentication. @returns whether that was one too many this minute */
  onAuthenticationFailed(nowMs: number): boolean {
    const limit = this.#limits.authenticationFailuresPerMinute
    if (nowMs - this.#failuresSinceMs >= MINUTE_MS) {
      this.#failuresSinceMs = nowMs
      this.#failures = 0
    }
    this.#failures++
    return limit > 0 && this.#failures > limit
  }
}
