import type { ChannelOptions } from './channel-options.ts'
import type { CloseInfo } from './close-code.ts'
import type { CongestionOptions } from './congestion/controller.ts'
import type { DeliveryMode } from './delivery-mode.ts'
import type { ConnectionLimits } from './limits.ts'
import type { MtuOptions } from './mtu.ts'
import type { PacketProtection } from './packet-protection.ts'
import type { PacketScratch } from './packet-scratch.ts'
import type { Random } from './random.ts'

/** A small integer by which the endpoint names one remote address of one connection. */
export type PathId = number

/**
 * - `handshaking`: keys exist, but the peer has not yet proved that it has them (server only);
 * - `open`: messages flow;
 * - `closing`: `close` was called, CLOSE is being sent;
 * - `draining`: the peer closed; late packets are swallowed;
 * - `closed`: over; nothing is sent or expected any more.
 */
export type ConnectionState = 'handshaking' | 'open' | 'closing' | 'draining' | 'closed'

/**
 * What became of a message given to `send`:
 * - `queued`: it goes out from the next `flush` on;
 * - `superseded`: likewise, and it took the place of an unsent older one (unreliable-sequenced);
 * - `blocked`: not taken, the send queue is full; `onWritable` says when to try again;
 * - `too-large`: not taken, larger than the limits allow;
 * - `closed`: not taken, the connection is not open.
 */
export type SendResult = 'queued' | 'superseded' | 'blocked' | 'too-large' | 'closed'

/**
 * What a connection tells its owner. Calls are made from within the connection's own methods, so a handler may
 * call `send`, `flush` and `close` but none of the methods that take a datagram or poll for one.
 */
export interface ConnectionHandler {
  /** A message arrived. `data` is a view that is valid only during the call. */
  onMessage(channel: number, mode: DeliveryMode, data: Uint8Array): void
  /** A `send` on this channel was refused as `blocked`, and there is room again. */
  onWritable(channel: number): void
  /** The peer's address changed and it proved that it owns the new one: `path` is the path from now on. */
  onPathValidated(path: PathId): void
  /** Nothing was heard of the peer for `unstableAfterMs`. Once per silence. */
  onUnstable(): void
  /** `close` is given with `closing`, `draining` and `closed`. */
  onStateChanged(state: ConnectionState, close?: CloseInfo): void
  /** The server gave a ticket that spares the next connection a round trip. Valid only during the call. */
  onResumeTicket?(ticket: Uint8Array): void
  /** The server's tick counter and the microseconds since that tick began, for clock synchronisation. */
  onTick?(tick: number, microsInTick: number): void
}

/** Times that govern a silent or ending connection. */
export interface LivenessOptions {
  /**
   * A PING is sent when nothing was sent for this long. Default: 2 s on a client, which become 4 and 6 s when nothing happens,
   * but no more than 0.4 of the idle timeout; half of the idle timeout on a server.
   */
  readonly keepaliveMs?: number
  /**
   * `onUnstable` is called when nothing was received for this long, and nothing for a third of it since something was sent that
   * calls for an answer. Default 3 s.
   */
  readonly unstableAfterMs?: number
  /** The connection ends when nothing was received for this long, 5 s to 120 s. Default 15 s. */
  readonly idleTimeoutMs?: number
}

/** When keys are replaced (RFC 9001 §6; the limits of §6.6 are far above). */
export interface KeyUpdateOptions {
  /** Packets sent with one key. Default 2^22. */
  readonly afterPackets?: number
  /** Age of a key. Default 1 h. */
  readonly afterMs?: number
}

/** Everything a connection needs; the handshake is over when it is made. */
export interface ConnectionOptions {
  readonly role: 'client' | 'server'
  readonly protection: PacketProtection
  /** 8 bytes in front of each packet from client to server; both sides give the same. Kept, not copied. */
  readonly connectionId: Uint8Array
  readonly random: Random
  readonly handler: ConnectionHandler
  /** The time now. All times are milliseconds of one monotonic clock; fractions count. */
  readonly nowMs: number
  /** The path of the handshake; its address is already validated by the cookie. */
  readonly path: PathId
  /** Whether two paths differ in the port only, so that a change between them keeps window and RTT. Default: no. */
  readonly isSameHost?: (a: PathId, b: PathId) => boolean
  /** RTT measured during the handshake. Default 100 ms. */
  readonly initialRttMs?: number
  readonly limits?: Partial<ConnectionLimits>
  /** By channel number; channels not listed take the defaults. */
  readonly channels?: readonly ChannelOptions[]
  readonly congestion?: CongestionOptions
  readonly mtu?: MtuOptions
  readonly liveness?: LivenessOptions
  readonly keyUpdate?: KeyUpdateOptions
  /** Numbers of the first packet in each direction. They are 0 except in tests of very old connections. */
  readonly firstPacketNumbers?: { readonly sent: number; readonly received: number }
  /** Events kept for `events`; 0 = none. Default 512 (client), 64 (server). The ring grows as events come. */
  readonly eventCapacity?: number
  /** Shared by connections of which never two handle or build a packet at once. Default: one of its own. */
  readonly scratch?: PacketScratch
}
