import { CREDIT_STEP, INITIAL_CHANNEL_CREDIT, INITIAL_CONNECTION_CREDIT } from './send-credit.ts'

/** Every bound of one connection. Each has a counter that says how often it acted (`ConnectionStats.drops`). */
export interface ConnectionLimits {
  /** Datagrams accepted per second on average; 0 = unlimited. Those above are dropped unopened. */
  readonly receivePacketsPerSecond: number
  /** Datagrams accepted at once on top of the average. */
  readonly receivePacketBurst: number
  /** Bytes accepted per second on average, with a burst of half a second's worth; 0 = unlimited. */
  readonly receiveBytesPerSecond: number
  /** Largest datagram looked at, in bytes of UDP payload. */
  readonly maxDatagramBytes: number
  /** Frames in one packet; more is a protocol violation. */
  readonly maxFramesPerPacket: number
  /** Largest message, in bytes. At least 64 KiB less than `channelWindowBytes`, here and at the peer. */
  readonly maxMessageBytes: number
  /**
   * Reliable messages in fragments that are under way in one direction, over all channels; one stream may have
   * half of them. The memory they take is bounded by the windows below. The same at both peers.
   */
  readonly maxPartialMessages: number
  /** Unreliable messages of which some fragments have arrived; the oldest is dropped for a new one. */
  readonly maxUnreliablePartials: number
  /** Fragments of one unreliable message; longer messages are refused by `send`. */
  readonly maxUnreliableFragments: number
  /** An incomplete unreliable message is dropped after this long. */
  readonly unreliablePartialTtlMs: number
  /** Reliable bytes queued or unacknowledged; above, `send` returns `'blocked'`. */
  readonly sendQueueBytes: number
  /** Reliable messages queued or unacknowledged; above, `send` returns `'blocked'`. */
  readonly sendQueueMessages: number
  /** Unreliable bytes waiting for the next datagram; above, the oldest is dropped. */
  readonly unreliableQueueBytes: number
  /** A peer that takes nothing off a full send queue for this long is closed as a slow consumer. */
  readonly slowConsumerMs: number
  /** Packets that fail authentication in one minute before the connection is closed; 0 = never. */
  readonly authenticationFailuresPerMinute: number
  /** Undelivered reliable bytes the peer may have under way per channel; at least 320 KiB. */
  readonly channelWindowBytes: number
  /** Undelivered reliable bytes the peer may have under way over all channels; at least 1 MiB. */
  readonly connectionWindowBytes: number
  /** Packets remembered until their fate is known; a power of two from 128 up. */
  readonly maxSentPackets: number
  /** Address changes followed per minute, and never more than one per second. */
  readonly pathAttemptsPerMinute: number
}

/** Channels of one connection. Numbers 0..31. */
export const MAX_CHANNELS = 32

/** Datagram size every path must carry, in bytes of UDP payload. */
export const BASE_DATAGRAM_BYTES = 1200

/** Payload bytes of every fragment but a message's last; longer messages are split into pieces of it. */
export const FRAGMENT_BYTES = 1100

/** Defaults for a server, which does not trust its clients' rates. */
export const SERVER_LIMITS: ConnectionLimits = {
  receivePacketsPerSecond: 300,
  receivePacketBurst: 150,
  receiveBytesPerSecond: 256 * 1024,
  maxDatagramBytes: 1472,
  maxFramesPerPacket: 64,
  maxMessageBytes: 256 * 1024,
  maxPartialMessages: 64,
  maxUnreliablePartials: 8,
  maxUnreliableFragments: 8,
  unreliablePartialTtlMs: 1000,
  sendQueueBytes: 512 * 1024,
  sendQueueMessages: 1024,
  unreliableQueueBytes: 64 * 1024,
  slowConsumerMs: 5000,
  authenticationFailuresPerMinute: 1000,
  channelWindowBytes: 320 * 1024,
  connectionWindowBytes: 1024 * 1024,
  maxSentPackets: 8192,
  pathAttemptsPerMinute: 8,
}

/** Defaults for a client, which chose its server and has one connection: no bound on the server's rate. */
export const CLIENT_LIMITS: ConnectionLimits = {
  ...SERVER_LIMITS,
  receivePacketsPerSecond: 0,
  receiveBytesPerSecond: 0,
  authenticationFailuresPerMinute: 0,
}

const LIMIT_NAMES = Object.keys(SERVER_LIMITS)

/**
 * Completes limits and checks that they fit each other. Complete ones come back as they are, so that all connections
 * of a server share one set.
 * @throws RangeError
 */
export function resolveLimits(
  role: 'client' | 'server',
  limits: Partial<ConnectionLimits>,
): ConnectionLimits {
  const resolved = isComplete(limits)
    ? limits
    : { ...(role === 'client' ? CLIENT_LIMITS : SERVER_LIMITS), ...limits }
  const { channelWindowBytes, connectionWindowBytes, maxMessageBytes, maxSentPackets } = resolved
  if (channelWindowBytes < INITIAL_CHANNEL_CREDIT || connectionWindowBytes < INITIAL_CONNECTION_CREDIT) {
    throw new RangeError('receive windows must not be smaller than the initial credit')
  }
  if (maxMessageBytes > Math.min(channelWindowBytes, connectionWindowBytes) - CREDIT_STEP) {
    throw new RangeError('maxMessageBytes must be a credit step smaller than the windows')
  }
  if (!(maxSentPackets >= 128 && Number.isInteger(Math.log2(maxSentPackets)))) {
    throw new RangeError('maxSentPackets must be a power of two from 128 up')
  }
  return resolved
}

function isComplete(limits: Partial<ConnectionLimits>): limits is ConnectionLimits {
  return LIMIT_NAMES.every((name) => Object.hasOwn(limits, name))
}
