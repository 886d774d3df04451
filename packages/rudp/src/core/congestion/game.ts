import {
  type CongestionAck,
  type CongestionController,
  MINIMUM_WINDOW_BYTES,
  type PathRtt,
  SEGMENT_BYTES,
} from './controller.ts'

/** A queue this long means that we send faster than the path carries. */
const QUEUE_DELAY_MS = 40
/** Loss beyond this share is taken for congestion, whatever the delay says. */
const LOSS_LIMIT = 0.3
/** Fewer packets than this in a round say nothing about a share. */
const MIN_ROUND_BYTES = 8 * SEGMENT_BYTES
const STARTUP_GROWTH = 1.5
const STEADY_GROWTH = 1.05
/** What a round may fall short of its rate and still be driven up. */
const WINDOW_ROUND_TRIPS = 1.5

const INITIAL_BYTES_PER_SECOND = 60_000
const MINIMUM_BYTES_PER_SECOND = 10_000

/**
 * A rate instead of a window, for links whose loss is random and says nothing of congestion (Wi-Fi, mobile):
 * the rate grows each round trip that used it, and halves only when the delay grows or far too much is lost.
 * It takes more than its share beside loss-based flows, so it is off unless asked for, and capped.
 */
export class GameCongestion implements CongestionController {
  readonly #maxBytesPerSecond: number
  #bytesPerSecond: number
  #isStartup = true
  #roundEnd = 0
  #roundAckedBytes = 0
  #roundLostBytes = 0
  #isRoundUsed = false
  #backoffUntilMs = Number.NEGATIVE_INFINITY
  #smoothedRttMs = 100

  constructor(maxBytesPerSecond: number) {
    this.#maxBytesPerSecond = Math.max(maxBytesPerSecond, MINIMUM_BYTES_PER_SECOND)
    this.#bytesPerSecond = Math.min(INITIAL_BYTES_PER_SECOND, this.#maxBytesPerSecond)
  }

  get windowBytes(): number {
    const roundTripMs = Math.max(this.#smoothedRttMs, 20)
    return MINIMUM_WINDOW_BYTES + (this.#bytesPerSecond * WINDOW_ROUND_TRIPS * (roundTripMs + 25)) / 1000
  }

  get isInSlowStart(): boolean {
    return this.#isStartup
  }

  get pacingBytesPerSecond(): number {
    return this.#bytesPerSecond
  }

  onAck(ack: CongestionAck, rtt: PathRtt, nowMs: number): void {
    this.#smoothedRttMs = rtt.smoothedMs
    this.#roundAckedBytes += ack.ackedBytes
    if (!ack.isAppLimited) this.#isRoundUsed = true
    if (rtt.smoothedMs > rtt.minMs + QUEUE_DELAY_MS) this.#halve(rtt, nowMs)
    if (ack.largestPacketNumber < this.#roundEnd) return
    this.#finishRound(rtt, nowMs)
    this.#roundEnd = ack.nextPacketNumber
  }

  onLoss(lostBytes: number, _newestSentAtMs: number, _rtt: PathRtt, _nowMs: number): void {
    this.#roundLostBytes += lostBytes
  }

  onPersistentCongestion(): void {
    this.#bytesPerSecond = MINIMUM_BYTES_PER_SECOND
    this.#isStartup = true
  }

  onStandingQueue(factor: number): void {
    this.#bytesPerSecond = Math.max(this.#bytesPerSecond * factor, MINIMUM_BYTES_PER_SECOND)
    this.#isStartup = false
  }

  #finishRound(rtt: PathRtt, nowMs: number): void {
    const bytes = this.#roundAckedBytes + this.#roundLostBytes
    const isLossy = bytes >= MIN_ROUND_BYTES && this.#roundLostBytes > LOSS_LIMIT * bytes
    if (isLossy) {
      this.#halve(rtt, nowMs)
    } else if (this.#isRoundUsed && nowMs >= this.#backoffUntilMs) {
      const growth = this.#isStartup ? STARTUP_GROWTH : STEADY_GROWTH
      this.#bytesPerSecond = Math.min(this.#bytesPerSecond * growth, this.#maxBytesPerSecond)
    }
    if (isLossy || bytes >= MIN_ROUND_BYTES) {
      this.#roundAckedBytes = 0
      this.#roundLostBytes = 0
    }
    this.#isRoundUsed = false
  }

  /** At most once per two round trips: the effect of one reduction must be seen before the next. */
  #halve(rtt: PathRtt, nowMs: number): void {
    if (nowMs < this.#backoffUntilMs) return
    this.#backoffUntilMs = nowMs + 2 * rtt.smoothedMs
    this.#bytesPerSecond = Math.max(this.#bytesPerSecond / 2, MINIMUM_BYTES_PER_SECOND)
    this.#isStartup = false
  }
}
