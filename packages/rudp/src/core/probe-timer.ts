import {
  LAZY_SHARE_BYTES,
  MAX_ACK_DELAY_MS,
  MAX_LAZY_ACK_DELAY_MS,
  SHORT_LAZY_ACK_DELAY_MS,
} from './ack-tracker.ts'
import type { RttEstimator } from './rtt.ts'

/** Probes never come further apart than this. */
const MAX_INTERVAL_MS = 2000
/** Fewer prompt packets than this per round trip are a thin stream. */
const THIN_PACKETS = 4
const NEVER_MS = Number.NEGATIVE_INFINITY
/** How slowly the estimate of the peer's ACK delay falls. */
const ACK_DELAY_SMOOTHING = 1 / 16

/** What the timer must know of the packets in flight. */
export interface ProbeSubject {
  /** Packets whose ACK has not come … */
  readonly elicitingInFlight: number
  /** … and their bytes. */
  readonly bytes: number
  /** Those among them that elicit an ACK promptly. */
  readonly promptInFlight: number
  /** When the oldest of the latter was sent. */
  oldestPromptSentMs(): number
}

/** When a probe is due because no ACK has come (RFC 9002 §6.2), with care for streams of a packet per tick. */
export class ProbeTimer {
  readonly #rtt: RttEstimator
  readonly #subject: ProbeSubject
  /** When the newest prompt packets were sent, as a ring. */
  readonly #promptTimesMs: number[] = [NEVER_MS, NEVER_MS, NEVER_MS, NEVER_MS]
  #promptCount = 0
  #lastElicitingMs = 0
  /** When older data was last sent again, or a probe became due. */
  #lastRepeatMs = Number.NEGATIVE_INFINITY
  /** How long the peer holds ACKs back: rises at once, falls slowly. */
  #peerAckDelayMs = MAX_ACK_DELAY_MS
  #unanswered = 0

  constructor(rtt: RttEstimator, subject: ProbeSubject) {
    this.#rtt = rtt
    this.#subject = subject
  }

  /** Probes since the last answer. */
  get unanswered(): number {
    return this.#unanswered
  }

  /** The timeout of RFC 9002 §6.2.1, without backoff. */
  get timeoutMs(): number {
    return this.#rtt.timeoutMs + MAX_ACK_DELAY_MS
  }

  /**
   * Whether packets that need an ACK are so few that the loss of one is not noticed by ACKs of those after it
   * within a round trip. Then the timer runs from the oldest such packet and reckons with the delay the peer's
   * ACKs really have: for a packet each tick, RFC 9002's timer would start anew each tick and never end.
   */
  get isThin(): boolean {
    const oldestMs = this.#promptTimesMs[this.#promptCount % THIN_PACKETS]!
    return this.#newestPromptMs - oldestMs >= this.#rtt.smoothedMs
  }

  /** An eliciting packet goes out; `isRepeating`: it carries data that was sent before. */
  onSent(isPrompt: boolean, isRepeating: boolean, nowMs: number): void {
    this.#lastElicitingMs = nowMs
    if (isRepeating) this.#lastRepeatMs = nowMs
    if (isPrompt) this.#promptTimesMs[this.#promptCount++ % THIN_PACKETS] = nowMs
  }

  /** A prompt packet was acknowledged. */
  onAnswered(): void {
    this.#unanswered = 0
  }

  /** An ACK for a prompt packet says how long it was held back. */
  onAckDelay(delayMs: number): void {
    const change = Math.min(delayMs, MAX_ACK_DELAY_MS) - this.#peerAckDelayMs
    this.#peerAckDelayMs += change > 0 ? change : change * ACK_DELAY_SMOOTHING
  }

  /** The path is another. */
  reset(): void {
    this.#unanswered = 0
    this.#peerAckDelayMs = MAX_ACK_DELAY_MS
  }

  /** A probe is due now. */
  onFired(nowMs: number): void {
    this.#unanswered++
    this.#lastRepeatMs = nowMs
    this.#lastElicitingMs = nowMs
  }

  /** When the next probe is due; Infinity = never. */
  deadlineMs(): number {
    const { elicitingInFlight, promptInFlight, bytes } = this.#subject
    if (elicitingInFlight === 0) return Number.POSITIVE_INFINITY
    if (promptInFlight === 0) {
      // Where the window may be full the peer does not wait long, and neither may we: its ACK can be lost, and nothing follows.
      const ackDelayMs = bytes >= LAZY_SHARE_BYTES ? SHORT_LAZY_ACK_DELAY_MS : MAX_LAZY_ACK_DELAY_MS
      return this.#lastElicitingMs + this.#backedOff(this.timeoutMs + ackDelayMs)
    }
    if (!this.isThin) {
      return Math.max(this.#newestPromptMs, this.#lastRepeatMs) + this.#backedOff(this.timeoutMs)
    }
    const sinceMs = Math.max(this.#subject.oldestPromptSentMs(), this.#lastRepeatMs)
    return sinceMs + this.#backedOff(this.#rtt.timeoutMs + this.#peerAckDelayMs)
  }

  get #newestPromptMs(): number {
    return this.#promptTimesMs[(this.#promptCount + THIN_PACKETS - 1) % THIN_PACKETS]!
  }

  /** 1, 1.5, 3, 6 … timeouts: a probe or its ACK is lost as easily as any packet, so the second comes soon. */
  #backedOff(timeoutMs: number): number {
    const factor = this.#unanswered === 0 ? 1 : 0.75 * 2 ** this.#unanswered
    return Math.max(timeoutMs, Math.min(timeoutMs * factor, MAX_INTERVAL_MS))
  }
}
