import {
  type ClientPayload,
  encodeClientFrame,
  encodeHeartbeat,
  encodeLaneCounts,
  ErrorTable,
  FrameReader,
  KaosError,
  opName,
  PROTOCOL_VERSIONS,
  type ServerPayload,
  UNCOUNTED,
} from '@kaosnet/protocol'
import { abortable } from './abort.ts'
import type { ConnectionOptions, OpenOptions } from './connection-options.ts'
import { connectionLost, internalError, sessionEnded, toKaosError } from './errors.ts'
import { FrameHandlers } from './frame-handlers.ts'
import { Heartbeats } from './heartbeats.ts'
import {
  Matchmaking,
  type MatchRequest,
  matchRequestToWire,
  type Ticket,
  type TicketLink,
} from './matchmaking.ts'
import {
  PendingRequests,
  type Reply,
  type RequestName,
  type RequestOptions,
  replyName,
  type WaitOptions,
} from './requests.ts'
import { Room, type RoomLink } from './room.ts'
import { RoomTable } from './room-table.ts'
import { type Session, sessionFromWire } from './session.ts'
import { SessionLanes } from './session-lanes.ts'
import type {
  ClientTransport,
  Delivery,
  TransportClose,
  TransportHandlers,
  TransportKind,
} from './transport.ts'

/** How long a server may take to answer our goodbye. */
const CLOSE_TIMEOUT_MS = 2_000

/**
 * One session and the transport that carries it: frames out and in, requests, heartbeats, rooms. When the transport is
 * lost another may take its place (`docs/protocol.md#resume`). It ends once, and with it everything on it; the client
 * then makes a new one.
 */
export class Connection implements RoomLink, TicketLink {
  readonly #options: ConnectionOptions
  readonly #requests: PendingRequests
  readonly #rooms: RoomTable
  readonly matchmaking: Matchmaking
  readonly #lanes: SessionLanes
  readonly #frames: FrameHandlers
  #transport: ClientTransport | undefined
  /** Of the present transport; whatever others still tell is of no interest. */
  #handlers: TransportHandlers | undefined
  #resumeToken: string | undefined
  #windowMs = 0
  #attempts = 0
  #isDown = false
  #heartbeats: Heartbeats | undefined
  #session: Session | undefined
  #end: KaosError | undefined
  #onTransportClosed: () => void = () => {}

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#requests = new PendingRequests(options.clock, options.requestTimeoutMs)
    this.#lanes = new SessionLanes(options.replayBytes)
    this.#rooms = new RoomTable(options.clock, options.onListenerError)
    this.matchmaking = new Matchmaking(this, options)
    this.#frames = new FrameHandlers({
      requests: this.#requests,
      rooms: this.#rooms,
      matchmaking: this.matchmaking,
      lanes: this.#lanes,
      link: this,
      onHeartbeat: (heartbeat) => this.#heartbeats?.receive(heartbeat),
      onSessionEnd: (error) => this.#fail(error),
      onError: (error, op) => {
        if (this.#end === undefined) options.onError(error, opName(op))
      },
    })
  }

  /** The transport is lost, and the session waits for another. */
  get isDown(): boolean {
    return this.#isDown
  }

  /** How long the server keeps the session when the connection is lost. */
  get resumeWindowMs(): number {
    return Math.max(this.#windowMs, this.#rooms.resumeWindowMs)
  }

  get sessionId(): string {
    return this.#session?.sessionId ?? ''
  }

  /** Why the session ended; undefined while it lives. */
  get end(): KaosError | undefined {
    return this.#end
  }

  /**
   * Dials the server and starts the session. Nothing stays behind when it fails.
   * @throws the signal's reason, the server's refusal, or a failure to reach it
   */
  async open(options: OpenOptions): Promise<Session> {
    const { clock, clockSync } = this.#options
    try {
      const transport = await this.#dial(options)
      const sentMs = clock.nowMs()
      return await this.#startSession(options.start, options.signal, (reply) => {
        clockSync.reset()
        clockSync.addSessionStart(sentMs, reply.server_time_us, clock.nowMs())
        return this.#activate(reply, transport.kind)
      })
    } catch (error) {
      if (this.#end === undefined) this.#finish(toKaosError(error, connectionLost), 'dropped')
      this.#transport?.close(0)
      throw error
    }
  }

  /**
   * Takes the session over to a new transport, and sends again what the server has not got. When it fails the session is
   * as before, and another try may be made.
   * @throws as {@link open}; RESUME_REFUSED when the server has no such session any more
   */
  async resume(options: OpenOptions): Promise<Session> {
    try {
      const transport = await this.#dial(options)
      const named = this.#lanes.receivedCounts()
      const resume = {
        token: this.#resumeToken ?? '',
        attempt: ++this.#attempts,
        received: encodeLaneCounts(named),
      }
      return await this.#startSession({ client: options.start.client, resume }, options.signal, (reply) =>
        this.#takeOver(reply, transport, named),
      )
    } catch (error) {
      this.#isDown = true
      this.#handlers = undefined
      this.#transport?.close(0)
      throw error
    }
  }

  async #dial({ dial, url, signal, start, onFallback }: OpenOptions): Promise<ClientTransport> {
    const { clock } = this.#options
    const handlers: TransportHandlers = {
      onMessage: (message) => {
        if (this.#handlers === handlers) this.#onMessage(message)
      },
      onClose: (close) => {
        this.#onTransportClosed()
        if (this.#handlers === handlers) this.#onClose(close)
      },
    }
    this.#handlers = handlers
    const dialing = dial({ url, handlers, signal, clock, token: start.token, onFallback })
    const transport = await abortable(dialing, signal, (tooLate) => tooLate.close(0))
    this.#transport = transport
    return transport
  }

  #startSession(
    fields: Omit<ClientPayload<'SessionStart'>, 'id' | 'versions'>,
    signal: AbortSignal,
    onReply: (reply: ServerPayload<'SessionStart'>) => Session,
  ): Promise<Session> {
    const wait = { signal, timeoutMs: Number.POSITIVE_INFINITY }
    return this.request('SessionStart', { versions: PROTOCOL_VERSIONS, ...fields }, wait, onReply, UNCOUNTED)
  }

  /** The server has accepted: each side knows what the other has, and sends the rest. */
  #takeOver(
    reply: ServerPayload<'SessionStart'>,
    transport: ClientTransport,
    named: ReturnType<SessionLanes['receivedCounts']>,
  ): Session {
    if (reply.is_resumed !== true || reply.received === undefined) throw new KaosError('RESUME_REFUSED')
    this.#lanes.resume(named, reply.received)
    this.#isDown = false
    const isTaken = this.#lanes.replay((frame, lane) => transport.send(frame, 'reliable', lane))
    if (!isTaken) throw connectionLost('the connection was lost again')
    const session = this.#activate(reply, transport.kind)
    this.#requests.resume()
    return session
  }

  /**
   * Sends a request and waits for its answer.
   * @param onReply see {@link PendingRequests.open}
   * @throws {KaosError} the server's error, REQUEST_TIMEOUT, the signal's reason, or what ended the connection
   */
  async request<Name extends RequestName, Result>(
    name: Name,
    fields: Omit<ClientPayload<Name>, 'id'>,
    options: WaitOptions,
    onReply: (reply: Reply<Name>) => Result,
    lane = 0,
  ): Promise<Result> {
    options.signal?.throwIfAborted()
    const { id, result } = this.#requests.open(replyName(name), options, onReply)
    try {
      const payload = { id, ...fields } as unknown as ClientPayload<Name>
      this.sendFrame(encodeClientFrame(name, payload), 'reliable', lane)
    } catch (error) {
      this.#requests.fail(id, error)
    }
    return result
  }

  joinRoom<State, Data>(
    where: Pick<ClientPayload<'RoomJoin'>, 'room_id' | 'find' | 'password' | 'reservation'>,
    metadata: Record<string, unknown> | undefined,
    options: RequestOptions,
  ): Promise<Room<State, Data>> {
    return this.request('RoomJoin', { ...where, metadata }, options, (reply) => {
      const { sessionId = '', userId = '', username = '' } = this.#session ?? {}
      const self = {
        member: reply.member,
        sessionId,
        userId,
        username,
        metadata: metadata ?? {},
        isAway: false,
      }
      return new Room<State, Data>(this.#rooms.add(reply, self), this)
    })
  }

  async matchmake(request: MatchRequest, options: RequestOptions): Promise<Ticket> {
    return this.request('MatchmakerAdd', matchRequestToWire(request), options, ({ ticket }) =>
      this.matchmaking.open(ticket),
    )
  }

  removeTicket(ticket: string, options: RequestOptions): Promise<void> {
    // Nobody but the reply tells the owner of a ticket that it was taken back.
    return this.request('MatchmakerRemove', { ticket }, { ...options, isReplyKept: true }, () =>
      this.matchmaking.removed(ticket),
    )
  }

  leaveRoom(handle: number, options: RequestOptions): Promise<void> {
    // On the lane of the room, so that it does not overtake the data sent before it.
    return this.request('RoomLeave', { room: handle }, options, () => {}, handle)
  }

  /**
   * @returns false when unreliable data was given up
   * @throws {KaosError} RATE_LIMITED when reliable data was not taken, or what ended the connection
   */
  sendFrame(frame: Uint8Array, delivery: Delivery, lane: number): boolean {
    if (this.#end !== undefined) throw this.#end
    const transport = this.#transport
    const isCounted = delivery === 'reliable' && lane !== UNCOUNTED && this.#resumeToken !== undefined
    if (this.#isDown || (isCounted && transport?.isClosing === true)) {
      if (isCounted) return this.#lanes.keep(lane, frame)
      if (lane !== UNCOUNTED) return false
    }
    const isTaken = transport?.send(frame, delivery, Math.max(lane, 0)) ?? false
    if (isTaken && isCounted) this.#lanes.sent(lane, frame)
    if (!isTaken && delivery === 'reliable') {
      const waiting = transport?.bufferedBytes ?? 0
      throw new KaosError('RATE_LIMITED', `not sent: ${waiting} bytes wait for the network already`)
    }
    return isTaken
  }

  /** The session is lost for good: ends it. */
  abandon(error: KaosError): void {
    this.#fail(error)
  }

  /** Says goodbye and closes; resolves when the transport is closed, or did not answer in time. Idempotent. */
  async close(): Promise<void> {
    const transport = this.#transport
    if (this.#end !== undefined || transport === undefined) return
    if (this.#isDown) return this.#finish(new KaosError('WRONG_STATE', 'the client was closed'), 'left')
    transport.send(encodeClientFrame('SessionEnd', { code: 0 }), 'reliable', 0)
    this.#finish(new KaosError('WRONG_STATE', 'the client was closed'), 'left')
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimer(resolve, CLOSE_TIMEOUT_MS)
      this.#onTransportClosed = () => {
        timer.cancel()
        resolve()
      }
      transport.close(0)
    })
  }

  #onMessage(message: Uint8Array): void {
    if (this.#end !== undefined) return
    this.#heartbeats?.heard()
    const reader = new FrameReader()
    reader.reset(message)
    try {
      while (this.#end === undefined && reader.next()) this.#receive(reader.op, reader.payload())
    } catch (thrown) {
      // Only the rest of this message is lost (docs/protocol.md#frames).
      this.#options.onError(toKaosError(thrown, internalError), undefined)
    }
  }

  #onClose({ code, reason, cause }: TransportClose): void {
    // A server that has heard nothing for too long closes the connection, and keeps the session all the same.
    if (code === undefined || code === ErrorTable.SESSION_TIMEOUT.code) {
      this.#lose(connectionLost(`the connection was lost: ${reason}`, cause))
    } else this.#fail(sessionEnded(code, reason))
  }

  /** The transport is lost: the session waits for another, or ends. */
  #lose(error: KaosError): void {
    if (this.#end !== undefined) return
    if (this.#isDown) return this.#requests.failNamed('SessionStart', error)
    if (this.#resumeToken === undefined || !this.#options.mayResume) return this.#fail(error)
    this.#isDown = true
    this.#handlers = undefined
    this.#heartbeats?.stop()
    this.#requests.pause()
    this.#transport?.close(0)
    this.#options.onDropped(error)
  }

  /** Reads one frame. One that makes no sense is reported; the connection goes on. */
  #receive(op: number, payload: Uint8Array): void {
    if (this.#resumeToken !== undefined && this.#lanes.receive(op, payload, this.#isDown)) this.#sendAck()
    try {
      this.#frames.handle(op, payload)
    } catch (thrown) {
      this.#options.onError(toKaosError(thrown, internalError), opName(op))
    }
  }

  #sendAck(): void {
    if (this.#isDown || this.#transport?.isClosing === true) return
    const ack = this.#lanes.takeAck()
    if (ack !== undefined) this.#transport?.send(ack, 'reliable', 0)
  }

  #activate(reply: ServerPayload<'SessionStart'>, transport: TransportKind): Session {
    const { clock, clockSync, onMeasured } = this.#options
    const session = sessionFromWire(reply, transport)
    this.#session = session
    this.#resumeToken = reply.resume_token
    this.#windowMs = reply.resume_window_ms ?? 0
    this.#heartbeats = new Heartbeats({
      clock,
      clockSync,
      onMeasured,
      intervalMs: reply.heartbeat_ms,
      timeoutMs: reply.timeout_ms,
      // A heartbeat that was repeated would measure the loss, not the way.
      send: (heartbeat) => {
        this.sendFrame(encodeHeartbeat(heartbeat), 'unreliable', 0)
        if (this.#resumeToken !== undefined) this.#sendAck()
      },
      onSilent: (silentMs) => {
        this.#lose(connectionLost(`nothing was heard from the server for ${Math.round(silentMs)} ms`))
      },
    })
    return session
  }

  /** Ends the connection for a reason of the server's or the network's. */
  #fail(error: KaosError): void {
    if (this.#end !== undefined) return
    this.#finish(error, 'dropped')
    this.#transport?.close(0)
    this.#options.onEnded(error)
  }

  #finish(error: KaosError, reason: 'left' | 'dropped'): void {
    this.#end = error
    this.#heartbeats?.stop()
    this.#requests.failAll(error)
    this.matchmaking.close(error, reason)
    this.#rooms.closeAll(
      reason === 'left'
        ? { reason, message: undefined, error: undefined }
        : { reason, message: error.message, error },
    )
  }
}
