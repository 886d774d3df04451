import { type BatchPool, type LaneBatches, LaneOutbox, rudpChannelOf } from '@kaosnet/protocol'
import type { RudpConnection } from '@kaosnet/rudp'
import type { Clock, TimerHandle } from '../clock.ts'
import { LatestFrames } from './latest-frames.ts'
import { controlBytesOf, frameCountOf } from './message-frames.ts'
import { MessageLedger } from './message-ledger.ts'
import { QueuedBytes } from './queued-bytes.ts'
import type { Connection, ConnectionHandler, Lane, QueueClass } from './transport.ts'

export interface RudpPeerConnectionOptions {
  readonly clock: Clock
  /** For what is collected in one turn; shared by all connections. */
  readonly batches: BatchPool<LaneBatches>
  /** Unreliable bytes that wait and are too many for one unreliable message; and as many may be under way. */
  readonly unreliableQueueBytes: number
  readonly onGone: () => void
  /** When the datagrams were read that are being handled. */
  readonly readAtMs: () => number
}

/** The range of close codes kaos-rudp leaves to applications (`docs/transport.md`). */
const APPLICATION_CLOSE_BASE = 256
/** What was sent last, and the SessionEnd after it, get this long each to be acknowledged before the connection closes. */
const LINGER_MS = 250
/** How soon it is noticed that something was acknowledged. */
const POLL_MS = 10
/**
 * Beyond so many reliable messages without an acknowledgement, frames are collected for fewer, larger ones: what waits
 * takes little more memory than its bytes.
 */
const MESSAGES_UNDER_WAY = 1_024
/** Fewer bytes than this pass no bound, so it need not be known what of them has been acknowledged by now. */
const SETTLED_ABOVE_BYTES = 65_536

/**
 * One kaos-rudp connection, each lane on a channel of its own. What is unreliable and too large for one unreliable
 * message goes reliably, no more of it at a time than the bound; beyond that the newest of each lane waits.
 */
export class RudpPeerConnection implements Connection {
  readonly transport = 'rudp'
  readonly closed: Promise<void>
  readonly #rudp: RudpConnection
  readonly #options: RudpPeerConnectionOptions
  readonly #outbox: LaneOutbox
  readonly #latest: LatestFrames
  /** Collected, or under way: an upper bound until {@link #settle}. */
  readonly #queued = new QueuedBytes()
  /** Reliable messages under way, by channel. */
  readonly #ledgers: (MessageLedger | undefined)[] = []
  /** All of them together: an upper bound until {@link #settle}. */
  #messagesUnderWay = 0
  /** Of what the outbox holds. */
  #controlCollected = 0
  #resolveClosed: () => void = () => {}
  #superseded = 0
  /** By channel, of the newest unreliable message: what the next one replaces if it has not been sent by then. */
  readonly #newestFrames: number[] = []
  #isBlocked = false
  #isClosing = false
  #linger: TimerHandle | undefined
  #poll: TimerHandle | undefined
  readonly #onPoll = (): void => {
    this.#poll = undefined
    this.flush()
  }
  readonly #takeLatest = (message: Uint8Array, lane: Lane): boolean => this.#takesLarge(message, lane)

  constructor(rudp: RudpConnection, options: RudpPeerConnectionOptions) {
    this.#rudp = rudp
    this.#options = options
    this.#outbox = new LaneOutbox(
      (message, isReliable, lane) => this.#hand(message, isReliable, lane),
      options.batches,
    )
    this.#latest = new LatestFrames(options.unreliableQueueBytes)
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  attach(handler: ConnectionHandler, messageBytes: number): void {
    this.#rudp.onMessage = (_channel, _mode, data) => {
      if (data.length > messageBytes) handler.onBadMessage('too-large', data.length)
      else handler.onMessage(data, this.#options.readAtMs())
    }
    this.#rudp.onClose = (close) => {
      this.#isClosing = true
      this.#linger?.cancel()
      this.#poll?.cancel()
      this.#latest.clear()
      this.#options.onGone()
      this.#resolveClosed()
      handler.onClosed(close.reason || `closed with ${close.code}`)
    }
  }

  get remoteAddress(): string {
    return this.#rudp.remote.ip
  }

  /** Without end once a reliable message was refused: nothing may be dropped, so the session cannot go on. */
  queuedBytes(queueClass: QueueClass): number {
    if (this.#isBlocked) return Number.POSITIVE_INFINITY
    if (this.#queued.of(queueClass) > SETTLED_ABOVE_BYTES) this.#settle()
    const bytes = this.#queued.of(queueClass)
    return queueClass === 'unreliable' ? bytes + this.#latest.sizeBytes : bytes
  }

  get supersededFrames(): number {
    return this.#superseded + this.#latest.superseded
  }

  send(frame: Uint8Array, queueClass: QueueClass, lane: Lane): void {
    if (queueClass === 'unreliable') return this.#outbox.add(frame, false, lane)
    this.#queued.add(queueClass, frame.length)
    // Before the outbox has it: it may hand over what it held until now, and that is counted as it goes.
    this.#outbox.add(frame, true, lane)
    if (queueClass === 'control') this.#controlCollected += frame.length
  }

  flush(): void {
    if (!this.#latest.isEmpty) this.#latest.drain(this.#takeLatest)
    const isHeldBack = this.#isBackedUp
    if (isHeldBack) this.#outbox.flushUnreliable()
    else this.#outbox.flush()
    this.#rudp.flush()
    if (isHeldBack || !this.#latest.isEmpty) this.#pollLater()
  }

  close(code: number, reason: string, lastFrame?: Uint8Array): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#poll?.cancel()
    this.#latest.clear()
    this.#outbox.flush()
    this.#rudp.flush()
    // Lanes have no common order, so the last frame waits for the others.
    this.#whenDelivered(() => {
      if (lastFrame !== undefined) this.#rudp.send(0, 'reliable-ordered', lastFrame)
      this.#rudp.flush()
      this.#whenDelivered(() => this.#rudp.close(code === 0 ? 0 : APPLICATION_CLOSE_BASE + code, reason))
    })
  }

  /** Calls back when the client has acknowledged everything reliable, or has had {@link LINGER_MS} to do so. */
  #whenDelivered(callback: () => void, waitedMs = 0): void {
    if (this.#rudp.stats().sendQueueBytes === 0 || waitedMs >= LINGER_MS) return callback()
    this.#linger = this.#options.clock.setTimer(
      () => this.#whenDelivered(callback, waitedMs + POLL_MS),
      POLL_MS,
    )
  }

  #hand(message: Uint8Array, isReliable: boolean, lane: Lane): void {
    if (isReliable) {
      const control = this.#controlCollected === 0 ? 0 : controlBytesOf(message)
      this.#controlCollected -= control
      this.#sendReliably(message, lane, control, message.length - control, 0)
      return
    }
    const channel = rudpChannelOf(lane)
    const frames = frameCountOf(message)
    const result = this.#rudp.send(channel, 'unreliable-sequenced', message)
    if (result === 'superseded') this.#superseded += this.#newestFrames[channel] ?? 0
    if (result !== 'too-large') this.#newestFrames[channel] = frames
    // Behind what already waits, so that nothing overtakes what is older.
    else if (!(this.#latest.isEmpty && this.#takesLarge(message, lane))) {
      this.#latest.put(lane, message, frames)
      this.#pollLater()
    }
  }

  /** Sends an unreliable message that is too large to be sent as one, unless too much of the kind is under way. */
  #takesLarge(message: Uint8Array, lane: Lane): boolean {
    const maxBytes = this.#options.unreliableQueueBytes
    if (this.#queued.unreliable + message.length > maxBytes) this.#settle()
    if (this.#queued.unreliable + message.length > maxBytes) return false
    this.#queued.unreliable += message.length
    this.#sendReliably(message, lane, 0, 0, message.length)
    return true
  }

  #sendReliably(
    message: Uint8Array,
    lane: Lane,
    control: number,
    reliable: number,
    unreliable: number,
  ): void {
    const channel = rudpChannelOf(lane)
    const result = this.#rudp.send(channel, 'reliable-ordered', message)
    // On a connection that has closed nothing waits.
    if (result !== 'queued') {
      if (result === 'blocked') this.#isBlocked = true
      this.#queued.control -= control
      this.#queued.reliable -= reliable
      this.#queued.unreliable -= unreliable
      return
    }
    const ledger = this.#ledgers[channel] ?? this.#openLedger(channel)
    if (ledger.isFull) this.#settleChannel(channel, ledger, 1)
    ledger.push(control, reliable, unreliable)
    this.#messagesUnderWay++
  }

  #openLedger(channel: number): MessageLedger {
    const ledger = new MessageLedger(this.#queued)
    this.#ledgers[channel] = ledger
    return ledger
  }

  get #isBackedUp(): boolean {
    if (this.#messagesUnderWay < MESSAGES_UNDER_WAY) return false
    this.#settle()
    return this.#messagesUnderWay >= MESSAGES_UNDER_WAY
  }

  /** Takes out what has been acknowledged. */
  #settle(): void {
    for (let channel = 0; channel < this.#ledgers.length; channel++) {
      const ledger = this.#ledgers[channel]
      if (ledger !== undefined) this.#settleChannel(channel, ledger, 0)
    }
  }

  /** @param unpushed Messages that kaos-rudp has and the ledger has not */
  #settleChannel(channel: number, ledger: MessageLedger, unpushed: number): void {
    if (ledger.length === 0) return
    let gone = ledger.length - (this.#rudp.orderedMessages(channel) - unpushed)
    this.#messagesUnderWay -= gone
    for (; gone > 0; gone--) ledger.shift()
  }

  #pollLater(): void {
    if (this.#poll === undefined && !this.#isClosing) {
      this.#poll = this.#options.clock.setTimer(this.#onPoll, POLL_MS)
    }
  }
}
