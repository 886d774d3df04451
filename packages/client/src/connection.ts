import {
  type ClientPayload,
  type ClientPayloadName,
  decodeHeartbeat,
  decodeServerPayload,
  encodeClientFrame,
  encodeHeartbeat,
  FrameReader,
  KaosError,
  Op,
  type OpName,
  opName,
  PROTOCOL_VERSIONS,
  salvageRequestId,
  type ServerPayload,
  type ServerPayloadName,
} from '@kaosnet/protocol'
import { abortable } from './abort.ts'
import type { ClientClock } from './clock.ts'
import type { ClockSync } from './clock-sync.ts'
import type { ListenerErrorHandler } from './emitter.ts'
import { connectionLost, errorFromWire, sessionEnded, toKaosError } from './errors.ts'
import { Heartbeats } from './heartbeats.ts'
import { PendingRequests, type RequestOptions } from './requests.ts'
import { Room, type RoomLink } from './room.ts'
import { RoomTable } from './room-table.ts'
import { type Session, sessionFromWire } from './session.ts'
import type {
  ClientTransport,
  Delivery,
  TransportClose,
  TransportDialer,
  TransportHandlers,
  TransportKind,
} from './transport.ts'

export interface ConnectionOptions {
  readonly clock: ClientClock
  readonly clockSync: ClockSync
  readonly requestTimeoutMs: number
  /** Something went wrong that no request or room can report. */
  readonly onError: (error: KaosError, op: OpName | undefined) => void
  readonly onListenerError: ListenerErrorHandler
  readonly onMeasured: () => void
  /** The connection ended, and not by {@link Connection.close}. */
  readonly onEnded: (error: KaosError) => void
}

export interface OpenOptions {
  readonly dial: TransportDialer
  readonly onFallback: (error: KaosError) => void
  readonly url: URL
  readonly signal: AbortSignal
  readonly start: Omit<ClientPayload<'SessionStart'>, 'id' | 'versions'>
}

/** Requests, and the name of the reply that answers each. */
const replyNames = {
  SessionStart: 'SessionStart',
  RoomCreate: 'RoomCreate',
  RoomJoin: 'RoomJoin',
  RoomLeave: 'RoomLeave',
  RoomList: 'RoomList',
  Rpc: 'RpcResponse',
} as const satisfies Partial<Record<ClientPayloadName, ServerPayloadName>>

type RequestName = keyof typeof replyNames
type Reply<Name extends RequestName> = ServerPayload<(typeof replyNames)[Name]>

/** How long a server may take to answer our goodbye. */
const CLOSE_TIMEOUT_MS = 2_000

/**
 * One transport connection and the one session on it: frames out and in, requests, heartbeats, rooms. It ends once,
 * and with it everything on it; the client then makes a new one.
 */
export class Connection implements TransportHandlers, RoomLink {
  readonly #options: ConnectionOptions
  readonly #requests: PendingRequests
  readonly #rooms: RoomTable
  #transport: ClientTransport | undefined
  #heartbeats: Heartbeats | undefined
  #session: Session | undefined
  #end: KaosError | undefined
  #onTransportClosed: () => void = () => {}

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#requests = new PendingRequests(options.clock, options.requestTimeoutMs)
    this.#rooms = new RoomTable(options.clock, options.onListenerError)
  }

  /** Why the connection ended; undefined while it lives. */
  get end(): KaosError | undefined {
    return this.#end
  }

  /**
   * Dials the server and starts the session. Nothing stays behind when it fails.
   * @throws the signal's reason, the server's refusal, or a failure to reach it
   */
  async open({ dial, url, signal, start, onFallback }: OpenOptions): Promise<Session> {
    const { clock, clockSync } = this.#options
    const dialing = dial({ url, handlers: this, signal, clock, token: start.token, onFallback })
    const transport = await abortable(dialing, signal, (tooLate) => tooLate.close(0))
    this.#transport = transport
    const sentMs = clock.nowMs()
    const fields = { versions: PROTOCOL_VERSIONS, ...start }
    try {
      const wait = { signal, timeoutMs: Number.POSITIVE_INFINITY }
      return await this.request('SessionStart', fields, wait, (reply) => {
        clockSync.reset()
        clockSync.addSessionStart(sentMs, reply.server_time_us, clock.nowMs())
        return this.#activate(reply, transport.kind)
      })
    } catch (error) {
      if (this.#end === undefined) this.#finish(toKaosError(error, connectionLost), 'dropped')
      transport.close(0)
      throw error
    }
  }

  /**
   * Sends a request and waits for its answer.
   * @param onReply see {@link PendingRequests.open}
   * @throws {KaosError} the server's error, REQUEST_TIMEOUT, the signal's reason, or what ended the connection
   */
  async request<Name extends RequestName, Result>(
    name: Name,
    fields: Omit<ClientPayload<Name>, 'id'>,
    options: RequestOptions,
    onReply: (reply: Reply<Name>) => Result,
    lane = 0,
  ): Promise<Result> {
    options.signal?.throwIfAborted()
    const replyName: (typeof replyNames)[Name] = replyNames[name]
    const { id, result } = this.#requests.open(replyName, options, onReply)
    try {
      const payload = { id, ...fields } as unknown as ClientPayload<Name>
      this.sendFrame(encodeClientFrame(name, payload), 'reliable', lane)
    } catch (error) {
      this.#requests.fail(id, error)
    }
    return result
  }

  joinRoom<State, Data>(
    roomId: string,
    metadata: Record<string, unknown> | undefined,
    options: RequestOptions,
  ): Promise<Room<State, Data>> {
    return this.request('RoomJoin', { room_id: roomId, metadata }, options, (reply) => {
      const { sessionId = '', userId = '', username = '' } = this.#session ?? {}
      const self = { member: reply.member, sessionId, userId, username, metadata: metadata ?? {} }
      return new Room<State, Data>(this.#rooms.add(reply, self), this)
    })
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
    const isTaken = transport?.send(frame, delivery, lane) ?? false
    if (!isTaken && delivery === 'reliable') {
      const waiting = transport?.bufferedBytes ?? 0
      throw new KaosError('RATE_LIMITED', `not sent: ${waiting} bytes wait for the network already`)
    }
    return isTaken
  }

  /** Says goodbye and closes; resolves when the transport is closed, or did not answer in time. Idempotent. */
  async close(): Promise<void> {
    const transport = this.#transport
    if (this.#end !== undefined || transport === undefined) return
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

  onMessage(message: Uint8Array): void {
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

  onClose({ code, reason, cause }: TransportClose): void {
    this.#onTransportClosed()
    this.#fail(
      code === undefined
        ? connectionLost(`the connection was lost: ${reason}`, cause)
        : sessionEnded(code, reason),
    )
  }

  /** Reads one frame. One that makes no sense is reported; the connection goes on. */
  #receive(op: number, payload: Uint8Array): void {
    try {
      this.#handle(op, payload)
    } catch (thrown) {
      this.#options.onError(toKaosError(thrown, internalError), opName(op))
    }
  }

  #handle(op: number, payload: Uint8Array): void {
    // An operation that is not here is one of a newer server, and means nothing to us (docs/protocol.md#versions).
    switch (op) {
      case Op.RoomData:
      case Op.RoomState:
      case Op.RoomPresence:
        this.#rooms.receive(op, payload)
        break
      case Op.RoomJoin:
        this.#settle('RoomJoin', payload, (reply) => this.#leaveUnwanted(reply))
        break
      case Op.RoomLeave:
        this.#handleLeave(decodeServerPayload('RoomLeave', payload))
        break
      case Op.Heartbeat:
        this.#heartbeats?.receive(decodeHeartbeat(payload))
        break
      case Op.SessionStart:
        this.#settle('SessionStart', payload)
        break
      case Op.RoomCreate:
        this.#settle('RoomCreate', payload)
        break
      case Op.RoomList:
        this.#settle('RoomList', payload)
        break
      case Op.RpcResponse:
        this.#settle('RpcResponse', payload)
        break
      case Op.Error:
        this.#handleError(decodeServerPayload('Error', payload))
        break
      case Op.SessionEnd:
        this.#handleSessionEnd(decodeServerPayload('SessionEnd', payload))
        break
    }
  }

  /** Hands a reply to whoever waits for it; nobody may, after a timeout or an abort. */
  #settle<Name extends Exclude<ServerPayloadName, 'SessionEnd' | 'Error' | 'RoomPresence'>>(
    name: Name,
    payload: Uint8Array,
    onUnwanted?: (reply: ServerPayload<Name>) => void,
  ): void {
    let reply: ServerPayload<Name>
    try {
      reply = decodeServerPayload(name, payload)
    } catch (error) {
      if (this.#requests.fail(salvageRequestId(payload), error)) return
      throw error
    }
    if (!this.#requests.settle(name, reply)) onUnwanted?.(reply)
  }

  #handleLeave(reply: ServerPayload<'RoomLeave'>): void {
    const { room, reason, code, message } = reply
    const error = code === undefined || code === 0 ? undefined : errorFromWire(code, message)
    this.#rooms.close(room, { reason, message, error })
    this.#requests.settle('RoomLeave', reply)
  }

  #handleError(wire: ServerPayload<'Error'>): void {
    const error = errorFromWire(wire.code, wire.message, wire.details)
    // Data that was under way when a room ended comes back like this; `closed` has told all there is to tell.
    const isLateData = error.error === 'ROOM_CLOSED' && wire.op === Op.RoomData
    if (wire.id !== 0) this.#requests.fail(wire.id, error)
    else if (!isLateData) this.#options.onError(error, opName(wire.op))
  }

  #handleSessionEnd({ code, reason, retry_after_ms }: ServerPayload<'SessionEnd'>): void {
    const details = retry_after_ms === undefined ? undefined : { retry_after_ms }
    this.#fail(sessionEnded(code, reason, details))
  }

  #activate(reply: ServerPayload<'SessionStart'>, transport: TransportKind): Session {
    const { clock, clockSync, onMeasured } = this.#options
    const session = sessionFromWire(reply, transport)
    this.#session = session
    this.#heartbeats = new Heartbeats({
      clock,
      clockSync,
      onMeasured,
      intervalMs: reply.heartbeat_ms,
      timeoutMs: reply.timeout_ms,
      // A heartbeat that was repeated would measure the loss, not the way.
      send: (heartbeat) => this.sendFrame(encodeHeartbeat(heartbeat), 'unreliable', 0),
      onSilent: (silentMs) => {
        this.#fail(connectionLost(`nothing was heard from the server for ${Math.round(silentMs)} ms`))
      },
    })
    return session
  }

  /** The join was called off, but the server had let us in already. */
  #leaveUnwanted({ room }: ServerPayload<'RoomJoin'>): void {
    this.leaveRoom(room, {}).catch((thrown) => {
      if (this.#end === undefined) this.#options.onError(toKaosError(thrown, internalError), 'RoomLeave')
    })
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
    this.#rooms.closeAll(
      reason === 'left'
        ? { reason, message: undefined, error: undefined }
        : { reason, message: error.message, error },
    )
  }
}

const internalError = (message: string, cause: unknown): KaosError =>
  new KaosError('INTERNAL', message, { cause })
