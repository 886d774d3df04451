import { type CongestionController, SEGMENT_BYTES } from './congestion/controller.ts'

/** Faster than window per RTT, so that the pacer is not what limits (RFC 9002 §7.7). */
const AVOIDANCE_FACTOR = 1.25
const SLOW_START_FACTOR = 2
/** What may leave at once: this much time's worth, within the bounds below. */
const BURST_MS = 5
const MIN_BURST_BYTES = 10 * SEGMENT_BYTES
const MAX_BURST_BYTES = 64 * SEGMENT_BYTES
/** Packets of each tick that never wait. */
const EXEMPT_PACKETS = 2

/** Spreads packets over the round trip instead of sending a window at once: a token bucket of bytes. */
export class Pacer {
  #tokens = MIN_BURST_BYTES
  #refilledAtMs = 0
  #bytesPerMs = 1
  #burstBytes = MIN_BURST_BYTES
  #exemptPackets = 0

  constructor(nowMs: number) {
    this.#refilledAtMs = nowMs
  }

  get bytesPerSecond(): number {
    return this.#bytesPerMs * 1000
  }

  /** A tick begins. */
  onFlush(): void {
    this.#exemptPackets = EXEMPT_PACKETS
  }

  /** Takes in the window or RTT that an ACK or a loss has changed. */
  update(controller: CongestionController, smoothedRttMs: number): void {
    const factor = controller.isInSlowStart ? SLOW_START_FACTOR : AVOIDANCE_FACTOR
    this.#bytesPerMs =
      controller.pacingBytesPerSecond > 0
        ? controller.pacingBytesPerSecond / 1000
        : (factor * controller.windowBytes) / Math.max(smoothedRttMs, 1)
    this.#burstBytes = Math.min(Math.max(BURST_MS * this.#bytesPerMs, MIN_BURST_BYTES), MAX_BURST_BYTES)
  }

  /** When the next packet may leave: `nowMs` or later. */
  nextSendMs(nowMs: number): number {
    if (this.#exemptPackets > 0) return nowMs
    this.#refill(nowMs)
    return this.#tokens > 0 ? nowMs : nowMs + (1 - this.#tokens) / this.#bytesPerMs
  }

  /** A packet leaves. The bucket may go into debt, so that sizes need not be known before; exempt packets do, too. */
  onSent(sizeBytes: number, nowMs: number): void {
    this.#refill(nowMs)
    this.#tokens = Math.max(this.#tokens - sizeBytes, -this.#burstBytes)
    if (this.#exemptPackets > 0) this.#exemptPackets--
  }

  #refill(nowMs: number): void {
    const elapsedMs = nowMs - this.#refilledAtMs
    if (elapsedMs <= 0) return
    this.#tokens = Math.min(this.#tokens + elapsedMs * this.#bytesPerMs, this.#burstBytes)
    this.#refilledAtMs = nowMs
  }
}
