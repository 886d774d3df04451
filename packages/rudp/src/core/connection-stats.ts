/** Why an arriving packet, a message or an attempt was refused. The order is the number in the event ring. */
export const DROP_REASONS = [
  'malformed',
  'packet-rate',
  'byte-rate',
  'replayed',
  'too-old',
  'authentication',
  'not-open',
  'path-rate',
  'duplicate-message',
  'late-unreliable',
  'unreliable-superseded',
  'unreliable-congested',
  'unreliable-overflow',
  'unreliable-partial',
  'expired',
  'send-queue-bytes',
  'send-queue-messages',
  'message-size',
  'sent-packets-full',
] as const

/** Names why something was refused; each has a counter. */
export type DropReason = (typeof DROP_REASONS)[number]

/** A snapshot of one connection. Times in milliseconds, sizes in bytes; counts run from the start. */
export interface ConnectionStats {
  readonly smoothedRttMs: number
  readonly minRttMs: number
  readonly latestRttMs: number
  readonly rttVarianceMs: number
  /** Smoothed difference between successive RTT samples, in the manner of RFC 3550 §6.4.1. */
  readonly jitterMs: number
  /** Share of our packets declared lost in the last 10 s. */
  readonly lossSent: number
  /** Share of the peer's packets that never arrived in the last 10 s. */
  readonly lossReceived: number
  readonly congestionWindowBytes: number
  readonly inFlightBytes: number
  readonly pacingBytesPerSecond: number
  /** Share of ACKs that found the window unused. */
  readonly appLimitedShare: number
  /** Reliable bytes queued or unacknowledged. */
  readonly sendQueueBytes: number
  readonly sendQueueMessages: number
  /** Age of the oldest reliable message that is not yet acknowledged. */
  readonly sendQueueAgeMs: number
  /** Reliable bytes received and waiting for what comes before them. */
  readonly receiveBufferBytes: number
  readonly packetsSent: number
  readonly bytesSent: number
  readonly packetsReceived: number
  readonly bytesReceived: number
  readonly packetsLost: number
  /** Packets declared lost whose ACK came after all. */
  readonly packetsLostSpuriously: number
  readonly probeTimeouts: number
  /** Reliable frames sent for the first time. */
  readonly framesSent: number
  /** Reliable frames sent again because their packet was lost. */
  readonly framesRetransmitted: number
  /** Reliable frames sent again before that was certain: in spare room, or in a probe. */
  readonly framesRepeated: number
  readonly messagesSent: number
  readonly messagesReceived: number
  /** Greatest number of messages that waited at once for an earlier one on one channel. */
  readonly reorderDepth: number
  /** Largest datagram sent. */
  readonly mtuBytes: number
  readonly pathChanges: number
  readonly keyUpdates: number
  readonly drops: Readonly<Record<DropReason, number>>
}
