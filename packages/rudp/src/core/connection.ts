import { type CloseInfo, CloseCode } from './close-code.ts'
import type { ConnectionOptions, ConnectionState, PathId, SendResult } from './connection-options.ts'
import { ConnectionParts } from './connection-parts.ts'
import type { ConnectionStats } from './connection-stats.ts'
import { type DeliveryMode, deliveryModeNumber } from './delivery-mode.ts'
import { ConnectionEvent, type EventRing } from './event-ring.ts'
import { CONNECTION_ID_BYTES } from './packet-header.ts'
import { PACKET_NUMBER_LIMIT } from './packet-number.ts'
import { PacketReceiver, type ReceiverHost } from './packet-receiver.ts'
import { PacketSender } from './packet-sender.ts'
import { snapshotStats } from './snapshot-stats.ts'

const STATES: readonly ConnectionState[] = ['handshaking', 'open', 'closing', 'draining', 'closed']

/**
 * One connection after the handshake, without sockets or clock: datagrams and the time go in; datagrams,
 * handler calls and the next deadline come out.
 *
 * The owner calls `handleDatagram` for what arrives, `handleTimeout` when `nextDeadlineMs` is reached, and
 * after either, and after `flush` or `close`, calls `pollDatagram` until it returns 0, then asks for
 * `nextDeadlineMs` anew. Messages may be sent before the connection is open; they wait.
 */
export class Connection {
  /** What the receiver tells the connection, kept out of its public methods and free of closures. */
  static readonly #Host = class implements ReceiverHost {
    readonly #connection: Connection

    constructor(connection: Connection) {
      this.#connection = connection
    }

    onAuthentic(): void {
      if (this.#connection.#state === 'handshaking') this.#connection.#enter('open')
    }

    onViolation(reason: string, nowMs: number): void {
      this.#connection.close(CloseCode.ProtocolViolation, reason, nowMs)
    }

    onPeerClose(code: number, reason: string, nowMs: number): void {
      this.#connection.#onPeerClose(code, reason, nowMs)
    }

    onAcked(): void {
      this.#connection.#tellWritable()
    }
  }

  readonly #parts: ConnectionParts
  readonly #sender: PacketSender
  readonly #receiver: PacketReceiver
  #state: ConnectionState
  #nowMs = 0

  /** @throws RangeError when an option is out of range */
  constructor(options: ConnectionOptions) {
    if (options.connectionId.length !== CONNECTION_ID_BYTES) {
      throw new RangeError(`a connection id has ${CONNECTION_ID_BYTES} bytes`)
    }
    this.#parts = new ConnectionParts(options)
    this.#sender = new PacketSender(this.#parts, options.connectionId)
    this.#receiver = new PacketReceiver(this.#parts, new Connection.#Host(this))
    this.#nowMs = options.nowMs
    this.#state = options.role === 'client' ? 'open' : 'handshaking'
    // The client's first packet proves to the server that it has the keys.
    if (options.role === 'client') this.#parts.outbox.ping()
  }

  get state(): ConnectionState {
    return this.#state
  }

  get events(): EventRing {
    return this.#parts.events
  }

  /** The path the datagram last polled must be sent on. */
  get lastPath(): PathId {
    return this.#sender.lastPath
  }

  /** Takes one datagram as received. Its bytes are decrypted in place. */
  handleDatagram(buffer: Uint8Array, offset: number, length: number, path: PathId, nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#state !== 'closed') this.#receiver.receive(buffer, offset, length, path, nowMs)
  }

  /** Queues a copy of `data` on a channel (0..31); it leaves with the next `flush`. */
  send(channel: number, mode: DeliveryMode, data: Uint8Array): SendResult {
    if (this.#state !== 'open' && this.#state !== 'handshaking') return 'closed'
    const { send, backpressure } = this.#parts
    const result = send.send(channel, deliveryModeNumber(mode), data, this.#nowMs)
    if (result === 'blocked') {
      const { queuedBytes, queuedMessages } = send.account
      backpressure.onRefused(channel, queuedBytes, queuedMessages, this.#nowMs)
    }
    return result
  }

  /** Lets everything queued so far go out now: the end of a tick. */
  flush(nowMs: number): void {
    this.#nowMs = nowMs
    this.#sender.flush()
  }

  /**
   * Writes at most one datagram into `out` at `offset`, where there should be room for 1472 bytes, and sets
   * `lastPath`. @returns its length; 0 = nothing to send now
   */
  pollDatagram(out: Uint8Array, offset: number, nowMs: number): number {
    this.#nowMs = nowMs
    switch (this.#state) {
      case 'open':
        if (this.#parts.sent.next < PACKET_NUMBER_LIMIT) return this.#sender.build(out, offset, nowMs)
        this.close(CloseCode.Internal, 'packet numbers used up', nowMs)
        return this.pollDatagram(out, offset, nowMs)
      case 'closing':
      case 'draining': {
        const { closing } = this.#parts
        if (!closing.isPacketDue(nowMs)) return 0
        closing.onPacketSent(nowMs)
        return this.#sender.buildClose(out, offset, nowMs)
      }
      default:
        return 0
    }
  }

  /** When `handleTimeout` is due; Infinity = never. */
  nextDeadlineMs(): number {
    const { closing, liveness, recovery, paths, mtu, keys, backpressure } = this.#parts
    switch (this.#state) {
      case 'handshaking':
        return liveness.deadlineMs
      case 'open':
        return Math.min(
          liveness.deadlineMs,
          recovery.deadlineMs(),
          this.#sender.deadlineMs,
          paths.deadlineMs,
          mtu.deadlineMs,
          keys.deadlineMs,
          backpressure.deadlineMs,
        )
      case 'closing':
      case 'draining':
        return closing.deadlineMs
      default:
        return Number.POSITIVE_INFINITY
    }
  }

  /** Does what is due. Harmless when nothing is. */
  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs
    const { closing } = this.#parts
    if (this.#state === 'closing' || this.#state === 'draining') {
      if (closing.isOver(nowMs)) this.#enter('closed', closing.info)
    } else if (this.#state !== 'closed') {
      this.#handleOpenTimeout(nowMs)
    }
  }

  /** Ends the connection and tells the peer why. Unacknowledged data is lost. Idempotent. */
  close(code: number, reason: string, nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#state === 'handshaking') return this.terminate(code, reason, nowMs)
    if (this.#state !== 'open') return
    const { closing, recovery } = this.#parts
    this.#enter('closing', closing.start(code, reason, recovery.probeTimeoutMs, nowMs))
  }

  /** Ends the connection at once without a word to the peer: after a stateless reset, or when the socket is gone. */
  terminate(code: number, reason: string, nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#state === 'closed') return
    this.#parts.closing.abort({ code, reason, byPeer: false })
    this.#enter('closed', this.#parts.closing.info)
  }

  /** Client: the local address has probably changed; a packet goes out now so that the server learns it. */
  notifyAddressChanged(nowMs: number): void {
    this.#nowMs = nowMs
    this.#parts.outbox.ping()
  }

  /**
   * Server: gives the client a ticket (at most 255 bytes) for its next connection; repeated until it arrives.
   * @throws RangeError when the ticket is too long
   */
  sendResumeTicket(ticket: Uint8Array): void {
    this.#parts.outbox.setTicket(ticket)
  }

  /** Sends the server's tick counter along with the next data; unreliable, the newest wins. */
  sendTick(tick: number, microsInTick: number): void {
    this.#parts.outbox.setTick(tick, microsInTick)
  }

  /** See `RudpConnection.orderedMessages`. */
  orderedMessages(channel: number): number {
    return this.#parts.send.orderedMessages(channel)
  }

  stats(): ConnectionStats {
    return snapshotStats(this.#parts, this.#nowMs)
  }

  #handleOpenTimeout(nowMs: number): void {
    const { liveness, recovery, paths, keys, backpressure, outbox, send, events, handler } = this.#parts
    switch (liveness.onTimeout(nowMs)) {
      case 'timed-out':
        return this.terminate(CloseCode.Timeout, 'nothing received', nowMs)
      case 'unstable':
        handler.onUnstable()
        break
      case 'alive':
    }
    if (backpressure.isSlowConsumer(nowMs)) {
      return this.close(CloseCode.SlowConsumer, 'send queue full', nowMs)
    }
    if (liveness.takeKeepalive(nowMs)) outbox.ping()
    recovery.onTimeout(nowMs)
    keys.onTimeout(nowMs)
    send.trimUnused(nowMs)
    const abandoned = paths.current
    if (paths.onTimeout(nowMs)) events.record(nowMs, ConnectionEvent.Path, abandoned, 2)
  }

  #enter(state: ConnectionState, info?: CloseInfo): void {
    this.#state = state
    const { events, receive, handler } = this.#parts
    events.record(this.#nowMs, ConnectionEvent.State, STATES.indexOf(state), 0)
    if (info === undefined) return handler.onStateChanged(state)
    receive.stop()
    events.record(this.#nowMs, ConnectionEvent.Close, info.code, info.byPeer ? 1 : 0)
    handler.onStateChanged(state, info)
  }

  #onPeerClose(code: number, reason: string, nowMs: number): void {
    const { closing, recovery } = this.#parts
    if (this.#state === 'closing') return this.#enter('closed', closing.info)
    if (this.#state !== 'open') return
    const info = { code, reason, byPeer: true }
    closing.follow(info, recovery.probeTimeoutMs, nowMs)
    this.#enter('draining', info)
  }

  #tellWritable(): void {
    const { backpressure, send, handler } = this.#parts
    const { queuedBytes, queuedMessages } = send.account
    let channels = backpressure.onDrained(queuedBytes, queuedMessages)
    for (let channel = 0; channels !== 0; channel++) {
      if ((channels & 1) !== 0) handler.onWritable(channel)
      channels >>>= 1
    }
  }
}
