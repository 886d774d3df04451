import {
  decodeLaneCounts,
  encodeSessionAck,
  KaosError,
  type LaneCounts,
  Op,
  ReceivedCounts,
  ReplayBuffer,
  reliableLane,
  UNCOUNTED,
} from '@kaosnet/protocol'

/** Frames kept for the server at most; they are small then, and the bound on bytes is the one that counts. */
const REPLAY_FRAMES = 16_384

/** What each side of a session has received, lane by lane, and what has to be sent again (docs/protocol.md#resume). */
export class SessionLanes {
  readonly #received = new ReceivedCounts()
  readonly #sent: ReplayBuffer

  /** @param maxBytes Kept for the server until it has acknowledged them. */
  constructor(maxBytes: number) {
    this.#sent = new ReplayBuffer({ maxBytes, maxFrames: REPLAY_FRAMES })
  }

  /** Counts a frame of the server's. @returns whether an acknowledgement is due */
  receive(op: number, payload: Uint8Array, isDown: boolean): boolean {
    const lane = reliableLane(op, payload)
    // Until the session is resumed, what comes on lane 0 is about that; rooms may have overtaken it.
    if (lane === UNCOUNTED || (lane === 0 && isDown)) return false
    if (op === Op.RoomJoin) this.#received.open(lane)
    const isAckDue = this.#received.add(lane, payload.length)
    if (op === Op.RoomLeave) {
      this.#received.close(lane)
      this.#sent.forget(lane)
    }
    return isAckDue
  }

  /** A SessionAck frame; undefined when there is nothing new to acknowledge. */
  takeAck(): Uint8Array | undefined {
    return this.#received.takeAck()
  }

  /** The server says what it has received. @throws {KaosError} INVALID_PAYLOAD */
  handleAck(payload: Uint8Array): void {
    for (const [lane, count] of decodeLaneCounts(payload)) {
      if (count === 0) this.#received.forget(lane)
      else this.#sent.ack(lane, count)
    }
  }

  /** Keeps a frame that was sent. */
  sent(lane: number, frame: Uint8Array): void {
    this.#sent.push(lane, frame)
  }

  /**
   * Keeps a frame for the next connection.
   * @throws {KaosError} RATE_LIMITED when too much waits for it already
   */
  keep(lane: number, frame: Uint8Array): boolean {
    if (!this.#sent.fits(frame.length)) {
      throw new KaosError(
        'RATE_LIMITED',
        `not sent: the connection is lost, and ${this.#sent.sizeBytes} bytes wait for the next one`,
      )
    }
    return this.#sent.push(lane, frame)
  }

  /** What we have received, for a SessionStart. */
  receivedCounts(): LaneCounts {
    return this.#received.all()
  }

  /**
   * The server has resumed the session: forgets what it has, and what nobody asks for any more.
   * @param named what we had received, as the request said
   * @param received the server's answer to that
   * @throws {KaosError} RESUME_REFUSED when more was lost than is kept
   */
  resume(named: LaneCounts, received: Uint8Array): void {
    const counts = decodeLaneCounts(received)
    for (const lane of this.#sent.lanes) {
      // A lane we have named, and the server does not know any more, is that of a room we are out of, as we shall hear.
      // One we have not named is that of a room we have joined since: its first frames have overtaken this reply.
      if (!counts.has(lane) && named.has(lane)) this.#sent.forget(lane)
    }
    // More was sent than we keep, and it has not arrived.
    if (!this.#sent.canReplay(counts)) throw new KaosError('RESUME_REFUSED')
    for (const [lane, count] of counts) this.#sent.ack(lane, count)
    this.#received.forgetClosed(named)
  }

  /**
   * Sends what the server has not got.
   * @returns false as soon as `send` does
   */
  replay(send: (frame: Uint8Array, lane: number) => boolean): boolean {
    let isTaken = true
    this.#sent.replay((frame, lane) => {
      isTaken = isTaken && send(frame.slice(), lane)
    })
    // At once, so that the server knows that its answer has arrived, and the old token is good for nothing.
    return isTaken && send(encodeSessionAck(this.#received.all()), 0)
  }
}
