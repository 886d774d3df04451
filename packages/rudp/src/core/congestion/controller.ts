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

/** What one ACK frame acknowledged anew. The same object is filled again for each. */
export interface CongestionAck {
  ackedBytes: number
  /** When the newest acknowledged packet was sent. */
  largestSentAtMs: number
  largestPacketNumber: number
  /** The number the next packet will have. */
  nextPacketNumber: number
  /** There was less to send than the window allows, so the window must not grow. */
  isAppLimited: boolean
}

/**
 * Decides how many bytes may be in flight and how fast they may leave. It sees only bytes and times, so one
 * is exchanged for another without the rest of the connection noticing.
 */
export interface CongestionController {
  /** Bytes that may be in flight. */
  readonly windowBytes: number
  readonly isInSlowStart: boolean
  /** Bytes per second to pace at; 0 = derive it from window and RTT. */
  readonly pacingBytesPerSecond: number
  onAck(ack: CongestionAck, rtt: PathRtt, nowMs: number): void
  /** Called once per detection, with the sum of the lost bytes and when the newest of them was sent. */
  onLoss(lostBytes: number, newestSentAtMs: number, rtt: PathRtt, nowMs: number): void
  /** Nothing came through for a long time (RFC 9002 §7.6). */
  onPersistentCongestion(): void
  /** A queue has stood on the path for long: give back a share of the rate, factor < 1. */
  onStandingQueue(factor: number): void
}

/** The packet size windows are counted in. */
export const SEGMENT_BYTES = 1200
/** RFC 9002 §7.2: min(10 segments, max(2 segments, 14 720)). */
export const INITIAL_WINDOW_BYTES = 10 * SEGMENT_BYTES
export const MINIMUM_WINDOW_BYTES = 2 * SEGMENT_BYTES
