import {
  encodeHeartbeat,
  encodeServerFrame,
  type Heartbeat,
  type KaosError,
  Op,
  type ServerPayload,
  type ServerPayloadName,
  WireLimits,
} from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { FlushQueue } from './flush-queue.ts'
import { Latency } from './latency.ts'
import { queueClassOf } from './queue-class.ts'
import type { Connection, Delivery, Lane } from './transport.ts'

/** What a peer reports about itself as it happens. */
export interface PeerObserver {
  frameSent(op: number, sizeBytes: number): void
  errorSent(code: number): void
  framesSuperseded(count: number): void
}

export interface PeerOptions {
  readonly clock: Clock
  readonly flushQueue: FlushQueue
  readonly observer: PeerObserver
  /** Bytes of the class `control` that may wait for a slow reader. */
  readonly controlQueueBytes: number
  /** The same of the class `reliable`. */
  readonly reliableQueueBytes: number
  /** One of the bounds above is passed. The peer sends nothing more; the owner ends it. */
  readonly onSlowConsumer: (peer: Peer, bound: QueueBound) => void
}

/** A bound on what waits for a slow reader: the session ends when it is passed. */
export type QueueBound = 'controlQueueBytes' | 'reliableQueueBytes'

/**
 * The server's end of one connection, whatever carries it: sends frames in their delivery class, measures latency,
 * remembers when it last heard something. It knows nothing of sessions or rooms.
 */
export class Peer {
  readonly connection: Connection
  readonly latency = new Latency()
  readonly openedMs: number
  lastHeardMs = 0
  readonly #options: PeerOptions
  #isDirty = false
  #isClosed = false
  #isOverflowing = false
  #supersededSeen = 0
  #lastHeartbeatUs = 0
  #lastHeartbeatAtUs = 0

  constructor(connection: Connection, options: PeerOptions) {
    this.connection = connection
    this.#options = options
    this.openedMs = options.clock.nowMs()
    this.lastHeardMs = this.openedMs
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Copies the frame; it leaves with the next flush of this turn. Frames for a closed peer are ignored. */
  send(frame: Uint8Array, delivery: Delivery = 'reliable', lane: Lane = 0): void {
    if (this.#isClosed || this.#isOverflowing) return
    const op = frame[0] as number
    const queueClass = queueClassOf(op, delivery)
    this.connection.send(frame, queueClass, lane)
    this.#options.observer.frameSent(op, frame.length)
    if (!this.#isDirty) {
      this.#isDirty = true
      this.#options.flushQueue.add(this)
    }
    if (queueClass === 'unreliable') return
    const bound = queueClass === 'control' ? 'controlQueueBytes' : 'reliableQueueBytes'
    if (this.connection.queuedBytes(queueClass) <= this.#options[bound]) return
    // Much may be sent in one turn: what the network takes at once has not waited for anybody.
    this.connection.flush()
    if (this.connection.queuedBytes(queueClass) <= this.#options[bound]) return
    this.#isOverflowing = true
    this.#options.onSlowConsumer(this, bound)
  }

  sendControl<N extends ServerPayloadName>(name: N, payload: ServerPayload<N>, lane: Lane = 0): void {
    this.send(encodeServerFrame(name, payload), 'reliable', lane)
  }

  /** Answers a request (or, with id 0, tells of a frame that was no request) with an error. */
  sendError(error: KaosError, op: number, requestId: number): void {
    this.#options.observer.errorSent(error.code)
    this.send(encodeError(error, op, requestId))
  }

  /** Takes the other side's timestamps and answers with ours when asked to. */
  handleHeartbeat(heartbeat: Heartbeat): void {
    const nowUs = this.#options.clock.unixMs() * 1000
    if (heartbeat.echoUs !== 0) {
      this.latency.addSample((nowUs - heartbeat.echoUs - heartbeat.holdUs) / 1000)
    }
    this.#lastHeartbeatUs = heartbeat.sentUs
    this.#lastHeartbeatAtUs = nowUs
    if (heartbeat.isReplyWanted) this.sendHeartbeat(false)
  }

  sendHeartbeat(isReplyWanted: boolean): void {
    const nowUs = this.#options.clock.unixMs() * 1000
    this.send(
      encodeHeartbeat({
        isReplyWanted,
        sentUs: nowUs,
        echoUs: this.#lastHeartbeatUs,
        holdUs: this.#lastHeartbeatUs === 0 ? 0 : nowUs - this.#lastHeartbeatAtUs,
      }),
      'unreliable',
    )
  }

  flush(): void {
    this.#isDirty = false
    if (this.#isClosed) return
    this.connection.flush()
    const superseded = this.connection.supersededFrames
    if (superseded !== this.#supersededSeen) {
      this.#options.observer.framesSuperseded(superseded - this.#supersededSeen)
      this.#supersededSeen = superseded
    }
  }

  /** Tells the client why (SessionEnd), then closes the connection. Idempotent. */
  close(code: number, reason: string, retryAfterMs?: number): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const frame = encodeServerFrame('SessionEnd', {
      code,
      reason: clipUtf8(reason, WireLimits.reasonBytes),
      retry_after_ms: retryAfterMs,
    })
    // Past the bound on what may wait: a slow consumer, too, shall hear why.
    this.#options.observer.frameSent(Op.SessionEnd, frame.length)
    this.connection.close(code, reason, frame)
  }

  /** Closes the connection without a SessionEnd: the session may go on over another one. Idempotent. */
  abandon(code: number, reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.connection.close(code, reason)
  }

  /** The connection is gone: nothing more is sent. */
  markClosed(): void {
    this.#isClosed = true
  }
}

/** A whole Error frame; a text that is too long is cut. */
export function encodeError(error: KaosError, op: number, requestId: number): Uint8Array {
  return encodeServerFrame('Error', {
    id: requestId,
    op,
    code: error.code,
    name: error.error,
    message: clipUtf8(error.message, WireLimits.errorMessageBytes),
    details: error.details,
  })
}

/** Shortens text to a number of UTF-8 bytes without cutting a character. */
export function clipUtf8(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
