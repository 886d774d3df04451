import type { Duplex } from 'node:stream'
import { type BatchPool, type FrameBatch, WireLimits } from '@kaosnet/protocol'
import type { RawData, WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import { LatestFrames } from './latest-frames.ts'
import { MessageLedger } from './message-ledger.ts'
import { clipUtf8 } from './peer.ts'
import { QueuedBytes } from './queued-bytes.ts'
import type { Connection, ConnectionHandler, Lane, QueueClass } from './transport.ts'
import { binaryFrame } from './websocket-frame.ts'

export interface WebSocketConnectionOptions {
  readonly remoteAddress: string
  readonly clock: Clock
  /** For what is collected in one turn, with room for the header of a frame; shared by all connections. */
  readonly batches: BatchPool<FrameBatch>
  /** Unreliable bytes that wait while the socket is congested. */
  readonly unreliableQueueBytes: number
}

/** Above this the socket is congested: it is handed nothing more until it has written (`docs/protocol.md#websocket`). */
const CONGESTED_BYTES = 16_384
/** The close codes RFC 6455 §7.4.2 leaves to applications. */
const APPLICATION_CLOSE_BASE = 4000
const NORMAL_CLOSURE = 1000
/** RFC 6455 §7.4.1: what a browser says when a page is closed or left. */
const GOING_AWAY = 1001
/** A close frame carries at most 123 bytes of reason. */
const CLOSE_REASON_BYTES = 120
const CLOSE_TIMEOUT_MS = 1000

/**
 * One WebSocket. While the socket is congested, what is sent is collected here: reliable frames of any number in one
 * buffer, so that what waits takes little more memory than its bytes, and of unreliable ones the newest of each lane.
 *
 * Messages are written to the socket as frames made here, in one piece each: the library would hand over header and payload
 * separately, which costs Node more than all the rest of a message. It does everything else.
 */
export class WebSocketConnection implements Connection {
  readonly transport = 'websocket'
  readonly remoteAddress: string
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #clock: Clock
  readonly #batches: BatchPool<FrameBatch>
  /** The next message; undefined = it holds nothing yet. */
  #batch: FrameBatch | undefined
  /** What the next message holds, by class. */
  readonly #collected = new QueuedBytes()
  /** The next message and those that the socket has not written. */
  readonly #queued = new QueuedBytes()
  readonly #unwritten = new MessageLedger(this.#queued)
  readonly #latest: LatestFrames
  /** What the client sent last to hear it again. */
  #ping: Buffer | undefined
  /** Messages of which the socket has yet to say that they are written, if only because this turn is not over. */
  #unconfirmed = 0
  readonly #onWritten = (): void => {
    this.#unconfirmed--
    this.#forgetBeyond(this.#unconfirmed)
    this.#drain()
  }
  readonly #takeLatest = (frame: Uint8Array): boolean => this.#takesUnreliable(frame)

  /**
   * @param ws Without compression, so that it writes at once and whole: its frames and ours do not mix.
   * @param socket what it is on
   */
  constructor(ws: WebSocket, socket: Duplex, options: WebSocketConnectionOptions) {
    this.#ws = ws
    this.#socket = socket
    this.#clock = options.clock
    this.#batches = options.batches
    this.remoteAddress = options.remoteAddress
    this.#latest = new LatestFrames(options.unreliableQueueBytes)
  }

  attach(handler: ConnectionHandler, messageBytes: number): void {
    this.#ws.on('message', (data: RawData, isBinary: boolean) => {
      const message = data as Buffer
      if (!isBinary) handler.onBadMessage('text', message.length)
      else if (message.length > messageBytes) handler.onBadMessage('too-large', message.length)
      else handler.onMessage(message)
    })
    this.#ws.on('ping', (data: Buffer) => {
      // Not the slice of what was read, which would keep all of that.
      this.#ping = Buffer.from(data)
      this.#answerPing()
    })
    // An 'error' (bad UTF-8, a reset) is always followed by 'close', which tells the owner.
    let why = ''
    this.#ws.on('error', (error) => {
      why = error.message
    })
    this.#ws.on('close', (code, reason) =>
      handler.onClosed(why || reason.toString() || `closed with ${code}`, code === GOING_AWAY),
    )
  }

  queuedBytes(queueClass: QueueClass): number {
    const bytes = this.#queued.of(queueClass)
    return queueClass === 'unreliable' ? bytes + this.#latest.sizeBytes : bytes
  }

  get supersededFrames(): number {
    return this.#latest.superseded
  }

  send(frame: Uint8Array, queueClass: QueueClass, lane: Lane): void {
    if (!this.#isOpen) return
    if (queueClass !== 'unreliable') this.#append(frame, queueClass)
    // Behind what already waits, so that nothing overtakes what is older.
    else if (!this.#latest.isEmpty || !this.#takesUnreliable(frame)) this.#latest.put(lane, frame)
  }

  flush(): void {
    if (!this.#isCongested) this.#handOver()
  }

  close(code: number, reason: string, lastFrame?: Uint8Array): void {
    if (lastFrame !== undefined) this.send(lastFrame, 'control', 0)
    this.#handOver()
    this.#latest.clear()
    if (this.#ws.readyState === this.#ws.CLOSED) return
    this.#ws.close(
      code === 0 ? NORMAL_CLOSURE : APPLICATION_CLOSE_BASE + code,
      clipUtf8(reason, CLOSE_REASON_BYTES),
    )
    // A client that does not answer the close frame is not waited for.
    const timer = this.#clock.setTimer(() => this.#ws.terminate(), CLOSE_TIMEOUT_MS)
    this.#ws.once('close', () => timer.cancel())
  }

  get #collectedBytes(): number {
    return this.#batch?.length ?? 0
  }

  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }

  get #isCongested(): boolean {
    return this.#socket.writableLength > CONGESTED_BYTES
  }

  /** Adds an unreliable frame to the next message, unless the network takes no more. */
  #takesUnreliable(frame: Uint8Array): boolean {
    if (this.#isCongested) return false
    if (this.#collectedBytes + frame.length > CONGESTED_BYTES) {
      // What is in a message cannot be replaced any more, so it does not grow before the network has been asked.
      this.#handOver()
      if (this.#isCongested) return false
    }
    this.#append(frame, 'unreliable')
    return true
  }

  /** A client takes no message that is larger than {@link WireLimits.messageBytes}. */
  #append(frame: Uint8Array, queueClass: QueueClass): void {
    if (this.#collectedBytes + frame.length > WireLimits.messageBytes) this.#handOver()
    this.#batch ??= this.#batches.take()
    this.#batch.add(frame)
    this.#collected.add(queueClass, frame.length)
    this.#queued.add(queueClass, frame.length)
  }

  #handOver(): void {
    const batch = this.#batch
    if (batch === undefined || !this.#isOpen) return
    this.#batch = undefined
    const { control, reliable, unreliable } = this.#collected
    this.#unwritten.push(control, reliable, unreliable)
    this.#collected.clear()
    this.#unconfirmed++
    this.#socket.write(binaryFrame(batch.drain()), this.#onWritten)
    if (this.#socket.writableLength > 0) return
    // The system has taken all of it already.
    this.#batches.giveBack(batch)
    this.#forgetBeyond(0)
  }

  /** All but so many messages are written. */
  #forgetBeyond(messages: number): void {
    while (this.#unwritten.length > messages) this.#unwritten.shift()
  }

  /** The socket has written something. */
  #drain(): void {
    if (!this.#isOpen) return
    this.#answerPing()
    if (!this.#latest.isEmpty) this.#latest.drain(this.#takeLatest)
    this.flush()
  }

  /** RFC 6455 §5.5.3: of several, the last may be answered alone. */
  #answerPing(): void {
    if (this.#ping === undefined || !this.#isOpen || this.#isCongested) return
    this.#ws.pong(this.#ping)
    this.#ping = undefined
  }
}
