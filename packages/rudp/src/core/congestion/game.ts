import {
  type CongestionAck,
  type CongestionController,
  MINIMUM_WINDOW_BYTES,
  type PathRtt,
  SEGMENT_BYTES,
} from './controller.ts'

/** A queue this long means that we send faster than the path carries. */
const QUEUE_DELAY_MS = 40
/** Loss beyond this share is taken for congestion, whatever the delay says … */
const LOSS_LIMIT = 0.3
/** … once so much was sent that the share means something. */
const LOSS_SAMPLE_BYTES = 40 * SEGMENT_BYTES
const BACKOFF_FACTOR = 0.7
const STARTUP_GROWTH = 1.5
const STEADY_GROWTH = 1.05
/** Round trips of data that may be in flight: lost packets stay there until they are found out. */
const WINDOW_ROUND_TRIPS = 2

const INITIAL_BYTES_PER_SECOND = 60_000
const MINIMUM_BYTES_PER_SECOND = 10_000

/**
 * A rate instead of a window, for links whose loss is random and says nothing of congestion (Wi-Fi, mobile):
 * the rate grows each round trip that used it, and shrinks only when the delay grows or far too much is lost.
 * It takes more than its share beside loss-based flows, so it is off unless asked for, and capped.
 */
export class GameCongestion implements CongestionController {
  readonly #maxBytesPerSecond: number
  #bytesPerSecond = 0
  #isStartup = true
  #roundEnd = 0
  #sampleAckedBytes = 0
  #sampleLostBytes = 0
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
    this.#sampleAckedBytes += ack.ackedBytes
    if (!ack.isAppLimited) this.#isRoundUsed = true
    if (rtt.smoothedMs > rtt.minMs + QUEUE_DELAY_MS || this.#isLossExcessive()) this.#backOff(rtt, nowMs)
    if (ack.largestPacketNumber < this.#roundEnd) return
    this.#roundEnd = ack.nextPacketNumber
    if (this.#isRoundUsed && nowMs >= this.#backoffUntilMs) this.#grow()
    this.#isRoundUsed = false
  }

  onLoss(lostBytes: number, _newestSentAtMs: number, _rtt: PathRtt, _nowMs: number): void {
    this.#sampleLostBytes += lostBytes
  }

  onPersistentCongestion(): void {
    this.#bytesPerSecond = MINIMUM_BYTES_PER_SECOND
    this.#isStartup = true
  }

  onStandingQueue(factor: number): void {
    this.#bytesPerSecond = Math.max(this.#bytesPerSecond * factor, MINIMUM_BYTES_PER_SECOND)
    this.#isStartup = false
  }

  #grow(): void {
    const growth = this.#isStartup ? STARTUP_GROWTH : STEADY_GROWTH
    this.#bytesPerSecond = Math.min(this.#bytesPerSecond * growth, this.#maxBytesPerSecond)
  }

  /** Judges and forgets a sample when it is large enough. */
  #isLossExcessive(): boolean {
    const bytes = this.#sampleAckedBytes + this.#sampleLostBytes
    if (bytes < LOSS_SAMPLE_BYTES) return false
    const isExcessive = this.#sampleLostBytes > LOSS_LIMIT * bytes
    this.#sampleAckedBytes = 0
    this.#sampleLostBytes = 0
    return isExcessive
  }

  /** At most once per two round trips: the effect of one reduction must be seen before the next. */
  #backOff(rtt: PathRtt, nowMs: number): void {
    if (nowMs < this.#backoffUntilMs) return
    this.#backoffUntilMs = nowMs + 2 * rtt.smoothedMs
    this.#bytesPerSecond = Math.max(this.#bytesPerSecond * BACKOFF_FACTOR, MINIMUM_BYTES_PER_SECOND)
    this.#isStartup = false
  }
}
