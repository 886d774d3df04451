import {
  encodeServerFrame,
  type KaosError,
  type LaneCounts,
  Op,
  ReceivedCounts,
  type ReplayBounds,
  ReplayBuffer,
  reliableLane,
  type ServerPayload,
  type ServerPayloadName,
  UNCOUNTED,
} from '@kaosnet/protocol'
import { encodeError, type Peer } from '../peer/peer.ts'
import type { Delivery, Lane } from '../peer/transport.ts'

/** What a link reports as it happens. */
export interface LinkObserver {
  errorSent(code: number): void
  /** More was unacknowledged than may be kept: it cannot be repeated any more. */
  replayOverflowed(): void
  /** Unreliable data for a session whose connection is lost. */
  frameUnsent(): void
}

export interface SessionLinkOptions {
  /** Undefined: nothing is kept, and the session ends with its connection. */
  readonly replay: ReplayBounds | undefined
  readonly observer: LinkObserver
  /** Too much was sent while the connection was lost: the session cannot be resumed. Told once. */
  readonly onOverflow: () => void
}

/** A client that lets the buffer run over so often without one acknowledgement does not speak of resume at all. */
const SILENT_OVERFLOWS = 4

/**
 * The way to a session's client, over one peer after the other: counts the reliable frames of each lane in both
 * directions and keeps what is not acknowledged, so that a new peer goes on where the old one was lost
 * (`docs/protocol.md#resume`).
 */
export class SessionLink {
  readonly #options: SessionLinkOptions
  readonly #received = new ReceivedCounts()
  readonly #sent: ReplayBuffer | undefined
  /** Lanes whose end the client has acknowledged: it may forget them, once it is told so. */
  #endedLanes: Map<Lane, number> | undefined
  #peer: Peer
  #isAway = false
  #isLost = false
  /** Since the last acknowledgement. */
  #overflows = 0

  constructor(peer: Peer, options: SessionLinkOptions) {
    this.#peer = peer
    this.#options = options
    if (options.replay !== undefined) this.#sent = new ReplayBuffer(options.replay)
  }

  /** The present peer, or the last one while the session is away. */
  get peer(): Peer {
    return this.#peer
  }

  get isAway(): boolean {
    return this.#isAway
  }

  /** Whether a new peer may take over when this one is lost. */
  get isResumable(): boolean {
    return this.#sent !== undefined && !this.#isLost
  }

  /** What was received so far, for the other side to know. */
  get received(): LaneCounts {
    return this.#received.all()
  }

  /** Whether frames of a lane may still have to be repeated: its number is not free. */
  isLaneInUse(lane: Lane): boolean {
    return this.#sent?.has(lane) === true
  }

  send(frame: Uint8Array, delivery: Delivery = 'reliable', lane: Lane = 0): void {
    if (delivery === 'reliable') this.#keep(frame, lane)
    if (!this.#isAway) this.#peer.send(frame, delivery, lane)
    else if (delivery === 'unreliable') this.#options.observer.frameUnsent()
  }

  sendControl<N extends ServerPayloadName>(name: N, payload: ServerPayload<N>, lane: Lane = 0): void {
    this.send(encodeServerFrame(name, payload), 'reliable', lane)
  }

  /** Answers a request (or, with id 0, tells of a frame that was no request) with an error. */
  sendError(error: KaosError, op: number, requestId: number): void {
    this.#options.observer.errorSent(error.code)
    this.send(encodeError(error, op, requestId))
  }

  /** Every frame of the present peer passes here before anything is done about it. */
  countReceived(op: number, payload: Uint8Array): void {
    if (this.#sent === undefined) return
    const lane = reliableLane(op, payload)
    if (lane !== UNCOUNTED && this.#received.add(lane, payload.length)) this.sendAck()
  }

  /** Tells the client what has been received, if there is news. */
  sendAck(): void {
    const ack = this.#sent === undefined ? undefined : this.#received.takeAck(this.#endedLanes)
    this.#endedLanes = undefined
    // Reliable, so that none has to be repeated; counted are they not.
    if (ack !== undefined && !this.#isAway) this.#peer.send(ack)
  }

  /** The client has so much. Numbers that cannot be are ignored: they can only harm the one who made them up. */
  handleAck(counts: LaneCounts): void {
    this.#overflows = 0
    for (const [lane, count] of counts) {
      if (this.#sent?.has(lane) !== true) continue
      this.#sent.ack(lane, count)
      if (this.#sent.has(lane)) continue
      this.#endedLanes ??= new Map()
      this.#endedLanes.set(lane, 0)
    }
  }

  /** The connection is lost. What is sent from now on is kept. */
  detach(): void {
    this.#isAway = true
    this.#peer.markClosed()
  }

  /** Whether everything that the client has not received can be repeated. */
  canReplay(received: LaneCounts): boolean {
    return this.isResumable && this.#sent?.canReplay(received) === true
  }

  /**
   * A new peer takes over.
   * @param received What the client has; see {@link canReplay}
   * @param greet Sends what must come before everything else.
   * @returns the peer that was replaced
   */
  attach(peer: Peer, received: LaneCounts, greet: () => void): Peer {
    const old = this.#peer
    this.#peer = peer
    this.#isAway = false
    this.handleAck(received)
    // It has no lane of the past in mind any more.
    this.#endedLanes = undefined
    greet()
    this.#sent?.replay((frame, lane) => peer.send(frame, 'reliable', lane))
    return old
  }

  #keep(frame: Uint8Array, lane: Lane): void {
    const sent = this.#sent
    if (sent === undefined || this.#isLost) return
    const isKept = sent.push(lane, frame)
    if (lane !== 0) this.#followLane(frame[0], lane)
    if (isKept) return
    this.#options.observer.replayOverflowed()
    // As long as there is a connection, what is no longer kept may well arrive.
    this.#isLost = this.#isAway || ++this.#overflows >= SILENT_OVERFLOWS
    if (this.#isAway) this.#options.onOverflow()
  }

  /** The lane of a room lives from the answer to its join to its RoomLeave, both ways. */
  #followLane(op: number | undefined, lane: Lane): void {
    if (op === Op.RoomJoin) this.#received.open(lane)
    else if (op === Op.RoomLeave) {
      this.#received.forget(lane)
      this.#sent?.close(lane)
    }
  }
}
