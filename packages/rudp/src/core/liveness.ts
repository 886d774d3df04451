import type { LivenessOptions } from './connection-options.ts'

const CLIENT_KEEPALIVE_MS = 2000
const SERVER_KEEPALIVE_MS = 5000
const DEFAULT_UNSTABLE_MS = 3000
const DEFAULT_IDLE_MS = 15_000
const MIN_IDLE_MS = 5000
const MAX_IDLE_MS = 120_000

/** What a silence has led to. */
export type SilenceVerdict = 'alive' | 'unstable' | 'timed-out'

/** Watches for silence in both directions. */
export class Liveness {
  readonly #keepaliveMs: number
  readonly #unstableAfterMs: number
  readonly #idleTimeoutMs: number
  #lastSentMs: number
  #lastReceivedMs: number
  #isUnstable = false

  /** @throws RangeError when the idle timeout is out of range */
  constructor(role: 'client' | 'server', options: LivenessOptions, nowMs: number) {
    this.#keepaliveMs = options.keepaliveMs ?? (role === 'client' ? CLIENT_KEEPALIVE_MS : SERVER_KEEPALIVE_MS)
    this.#unstableAfterMs = options.unstableAfterMs ?? DEFAULT_UNSTABLE_MS
    this.#idleTimeoutMs = options.idleTimeoutMs ?? DEFAULT_IDLE_MS
    if (!(this.#idleTimeoutMs >= MIN_IDLE_MS && this.#idleTimeoutMs <= MAX_IDLE_MS)) {
      throw new RangeError(`idleTimeoutMs must be from ${MIN_IDLE_MS} to ${MAX_IDLE_MS}`)
    }
    this.#lastSentMs = nowMs
    this.#lastReceivedMs = nowMs
  }

  get deadlineMs(): number {
    return Math.min(
      this.#lastSentMs + this.#keepaliveMs,
      this.#lastReceivedMs + (this.#isUnstable ? this.#idleTimeoutMs : this.#unstableAfterMs),
      this.#lastReceivedMs + this.#idleTimeoutMs,
    )
  }

  /** Whether a PING is due; it counts as sent when this says so. */
  takeKeepalive(nowMs: number): boolean {
    if (nowMs < this.#lastSentMs + this.#keepaliveMs) return false
    this.#lastSentMs = nowMs
    return true
  }

  onSent(nowMs: number): void {
    this.#lastSentMs = nowMs
  }

  onReceived(nowMs: number): void {
    this.#lastReceivedMs = nowMs
    this.#isUnstable = false
  }

  /** @returns `unstable` only once per silence */
  onTimeout(nowMs: number): SilenceVerdict {
    if (nowMs >= this.#lastReceivedMs + this.#idleTimeoutMs) return 'timed-out'
    if (this.#isUnstable || nowMs < this.#lastReceivedMs + this.#unstableAfterMs) return 'alive'
    this.#isUnstable = true
    return 'unstable'
  }
}
