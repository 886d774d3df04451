import type { LivenessOptions } from './connection-options.ts'

const CLIENT_KEEPALIVE_MS = 2000
/** A client that nothing happens to PINGs no more often than this, or twice in the idle timeout where that is shorter. */
const CLIENT_REST_MS = 6000
const REST_SHARE = 0.4
/** A server leaves it to its clients to fill the silence; it asks itself before it gives one up. */
const SERVER_KEEPALIVE_SHARE = 0.5
/** So many packets, each within so long of the one before, say that something goes on. An answer or two does not. */
const BUSY_PACKETS = 4
const BUSY_MS = 1000
const DEFAULT_UNSTABLE_MS = 3000
/** What was sent is answered within this share of the silence that is unstable. */
const ANSWER_SHARE = 1 / 3
const DEFAULT_IDLE_MS = 15_000
const MIN_IDLE_MS = 5000
const MAX_IDLE_MS = 120_000

/** What a silence has led to. */
export type SilenceVerdict = 'alive' | 'unstable' | 'timed-out'

/**
 * Watches for silence in both directions. A side that has sent nothing for a while PINGs; each PING doubles that while, up to a
 * bound, until packets come in quick succession again. Silence is suspicious only when something waits for an answer.
 */
export class Liveness {
  readonly #keepaliveMs: number
  readonly #restMs: number
  readonly #unstableAfterMs: number
  readonly #idleTimeoutMs: number
  /** How long nothing is sent before a PING is. */
  #patienceMs = 0
  #lastSentMs = 0
  #lastReceivedMs = 0
  /** Packets in quick succession up to the last one. */
  #inSuccession = 0
  /** When the first packet was sent that calls for an answer and has had none; Infinity = there is no such packet. */
  #unansweredSinceMs = Number.POSITIVE_INFINITY
  #isUnstable = false

  /** @throws RangeError when the idle timeout is out of range */
  constructor(role: 'client' | 'server', options: LivenessOptions, nowMs: number) {
    this.#unstableAfterMs = options.unstableAfterMs ?? DEFAULT_UNSTABLE_MS
    this.#idleTimeoutMs = options.idleTimeoutMs ?? DEFAULT_IDLE_MS
    if (!(this.#idleTimeoutMs >= MIN_IDLE_MS && this.#idleTimeoutMs <= MAX_IDLE_MS)) {
      throw new RangeError(`idleTimeoutMs must be from ${MIN_IDLE_MS} to ${MAX_IDLE_MS}`)
    }
    const isClient = role === 'client'
    this.#keepaliveMs =
      options.keepaliveMs ?? (isClient ? CLIENT_KEEPALIVE_MS : SERVER_KEEPALIVE_SHARE * this.#idleTimeoutMs)
    const restMs = isClient ? Math.min(CLIENT_REST_MS, REST_SHARE * this.#idleTimeoutMs) : this.#keepaliveMs
    this.#restMs = options.keepaliveMs ?? restMs
    this.#patienceMs = this.#keepaliveMs
    this.#lastSentMs = nowMs
    this.#lastReceivedMs = nowMs
  }

  get deadlineMs(): number {
    const endMs = this.#lastReceivedMs + this.#idleTimeoutMs
    return Math.min(
      this.#lastSentMs + this.#patienceMs,
      this.#isUnstable ? endMs : Math.min(this.#unstableAtMs, endMs),
    )
  }

  /** Whether a PING is due; it counts as sent when this says so. */
  takeKeepalive(nowMs: number): boolean {
    if (nowMs < this.#lastSentMs + this.#patienceMs) return false
    this.#lastSentMs = nowMs
    this.#patienceMs = Math.min(2 * this.#patienceMs, this.#restMs)
    return true
  }

  /** @param isEliciting the peer has to answer with an ACK at least */
  onSent(isEliciting: boolean, nowMs: number): void {
    this.#lastSentMs = nowMs
    if (isEliciting && this.#unansweredSinceMs === Number.POSITIVE_INFINITY) this.#unansweredSinceMs = nowMs
  }

  onReceived(nowMs: number): void {
    this.#inSuccession = nowMs - this.#lastReceivedMs < BUSY_MS ? this.#inSuccession + 1 : 1
    if (this.#inSuccession >= BUSY_PACKETS) this.#patienceMs = this.#keepaliveMs
    this.#lastReceivedMs = nowMs
    this.#unansweredSinceMs = Number.POSITIVE_INFINITY
    this.#isUnstable = false
  }

  /** @returns `unstable` only once per silence */
  onTimeout(nowMs: number): SilenceVerdict {
    if (nowMs >= this.#lastReceivedMs + this.#idleTimeoutMs) return 'timed-out'
    if (this.#isUnstable || nowMs < this.#unstableAtMs) return 'alive'
    this.#isUnstable = true
    return 'unstable'
  }

  get #unstableAtMs(): number {
    return Math.max(
      this.#lastReceivedMs + this.#unstableAfterMs,
      this.#unansweredSinceMs + ANSWER_SHARE * this.#unstableAfterMs,
    )
  }
}
