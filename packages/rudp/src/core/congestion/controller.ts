/** Which controller bounds what is in flight, and its settings. */
export interface CongestionOptions {
  /** `newreno` (RFC 9002 §7, the default), `cubic` (RFC 9438), or `game`: rate-based, tolerates random loss. */
  readonly algorithm?: 'newreno' | 'cubic' | 'game'
  /** NewReno's factor on loss, 0.5 to 0.9. Default 0.5. */
  readonly newRenoBeta?: number
  /** The rate `game` never exceeds, in bytes per second. Default 250 000 (2 Mbit/s). */
  readonly gameMaxBytesPerSecond?: number
}

/** Path measurements a controller may use, all in milliseconds. */
export interface PathRtt {
  readonly latestMs: number
  readonly smoothedMs: number
  readonly minMs: number
}

/**
 * Decides how many bytes may be in flight and how fast they may leave. It sees only bytes and times, so one
 * is exchanged for another without the rest of the connection noticing.
 */
export interface CongestionController {
  /** Bytes that may be in flight. */
  readonly windowBytes: number
  /** Slow start ends here; Infinity before the first congestion signal. */
  readonly slowStartThresholdBytes: number
  /** Bytes per second to pace at, or 0 to let the pacer derive it from window and RTT. */
  readonly pacingBytesPerSecond: number
  onSent(sizeBytes: number, packetNumber: number, nowMs: number): void
  /** Called once per ACK frame that acknowledged anything new. `sentAtMs` is that of the largest acknowledged. */
  onAck(ack: CongestionAck, rtt: PathRtt, nowMs: number): void
  /** Called once per detection, with the sum of the lost bytes and the newest lost packet's sending time. */
  onLoss(lostBytes: number, newestLostSentAtMs: number, rtt: PathRtt, nowMs: number): void
  /** RFC 9002 §7.6: nothing came through for a long time. */
  onPersistentCongestion(): void
  /** All traffic has delayed itself for long; give back this share of the rate (0 < factor < 1). */
  onDelayed(factor: number): void
}

/** What one ACK frame acknowledged. The same object is filled anew for each. */
export interface CongestionAck {
  ackedBytes: number
  largestSentAtMs: number
  largestPacketNumber: number
  nextPacketNumber: number
  /** Bytes in flight before this ACK. */
  priorInFlightBytes: number
  /** The sender had less to send than the window allowed, so the window must not grow. */
  isAppLimited: boolean
}

/** The packet size windows are counted in. */
export const SEGMENT_BYTES = 1200
export const INITIAL_WINDOW_BYTES = Math.min(10 * SEGMENT_BYTES, Math.max(2 * SEGMENT_BYTES, 14_720))
export const MINIMUM_WINDOW_BYTES = 2 * SEGMENT_BYTES
