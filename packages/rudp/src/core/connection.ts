import type { ConnectionOptions, ConnectionState, PathId, SendResult } from './connection-options.ts'
import type { ConnectionStats } from './connection-stats.ts'
import type { DeliveryMode } from './delivery-mode.ts'
import { EventRing } from './event-ring.ts'

/**
 * One connection after the handshake, without sockets or clock: datagrams and the time go in; datagrams,
 * handler calls and the next deadline come out.
 *
 * The owner calls `handleDatagram` for what arrives, `handleTimeout` when `nextDeadlineMs` is reached, and
 * after either, and after `flush` or `close`, calls `pollDatagram` until it returns 0, then asks for
 * `nextDeadlineMs` anew.
 */
export class Connection {
  /** The path the datagram last polled must be sent on. */
  lastPath: PathId = 0
  readonly events: EventRing

  constructor(options: ConnectionOptions) {
    this.events = new EventRing(options.eventCapacity ?? 512)
  }

  get state(): ConnectionState {
    throw new Error('being written')
  }

  /** Takes one datagram as received. Its bytes are decrypted in place. */
  handleDatagram(
    _buffer: Uint8Array,
    _offset: number,
    _length: number,
    _path: PathId,
    _nowMs: number,
  ): void {}

  /** Queues a copy of `data`; it leaves with the next `flush`. */
  send(_channel: number, _mode: DeliveryMode, _data: Uint8Array): SendResult {
    return 'closed'
  }

  /** Lets everything queued so far go out now: the end of a tick. */
  flush(_nowMs: number): void {}

  /**
   * Writes at most one datagram into `out` at `offset` (which must have `maxDatagramBytes` of room) and sets
   * `lastPath`. @returns its length; 0 = nothing to send now
   */
  pollDatagram(_out: Uint8Array, _offset: number, _nowMs: number): number {
    return 0
  }

  /** When `handleTimeout` is due; Infinity = never. */
  nextDeadlineMs(): number {
    return Number.POSITIVE_INFINITY
  }

  handleTimeout(_nowMs: number): void {}

  /** Ends the connection and tells the peer why. Unacknowledged data is lost. Idempotent. */
  close(_code: number, _reason: string, _nowMs: number): void {}

  /** Ends the connection at once without a word to the peer: after a stateless reset, or when the socket is gone. */
  terminate(_code: number, _reason: string, _nowMs: number): void {}

  /** Client: the local address has probably changed; sends a packet now so that the server learns it. */
  notifyAddressChanged(_nowMs: number): void {}

  /** Server: gives the client a ticket (at most 255 bytes) for its next connection; repeated until acknowledged. */
  sendResumeTicket(_ticket: Uint8Array): void {}

  /** Sends the server's tick counter along with the next flush; unreliable. */
  sendTick(_tick: number, _microsInTick: number): void {}

  stats(): ConnectionStats {
    throw new Error('being written')
  }
}
