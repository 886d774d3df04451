import {
  type ClientPayload,
  checkPayloadSize,
  decodeClientPayload,
  decodeHeartbeat,
  decodeRoomData,
  FrameReader,
  isClientOp,
  KaosError,
  Op,
  opName,
  salvageRequestId,
} from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { ServerConfig } from '../config.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Peer } from '../peer/peer.ts'
import type { ConnectionHandler } from '../peer/transport.ts'
import type { Session } from '../session/session.ts'
import { callerOf, type SessionService } from '../session/session-service.ts'
import type { Watched } from '../session/silence-monitor.ts'
import type { HookPipeline } from './hook-pipeline.ts'
import { OrderedLane } from './ordered-lane.ts'
import type { RequestHandlers } from './request-handlers.ts'
import { ViolationMeter } from './violation-meter.ts'

export interface PeerInboxParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly hooks: HookPipeline
  readonly sessionService: SessionService
  readonly handlers: RequestHandlers
  readonly onClosed: (inbox: PeerInbox) => void
}

/** Operations without a request id. */
const withoutId: ReadonlySet<number> = new Set([Op.SessionEnd, Op.Heartbeat, Op.RoomData])

/**
 * What one peer sends, on its way to the handlers: splits messages into frames, checks size and state, keeps the order of
 * the room family, and answers everything wrong with a precise error. Nothing a peer sends makes it throw.
 */
export class PeerInbox implements ConnectionHandler, Watched {
  readonly peer: Peer
  readonly #parts: PeerInboxParts
  readonly #reader = new FrameReader()
  readonly #violations: ViolationMeter
  readonly #lane: OrderedLane
  #session: Session | undefined
  #isStarting = false
  #rpcsInFlight = 0

  constructor(peer: Peer, parts: PeerInboxParts) {
    const { limits } = parts.config
    this.peer = peer
    this.#parts = parts
    this.#violations = new ViolationMeter(limits.violations, limits.violationWindowMs)
    this.#lane = new OrderedLane(limits.requestsQueued, (error, op, id) => this.#refuse(error, op, id))
  }

  get session(): Session | undefined {
    return this.#session
  }

  onMessage(message: Uint8Array): void {
    this.peer.lastHeardMs = this.#parts.clock.nowMs()
    const reader = this.#reader
    reader.reset(message)
    for (;;) {
      try {
        if (!reader.next()) return
      } catch (error) {
        this.#refuse(error, 0, 0)
        return
      }
      this.#parts.metrics.frameReceived(reader.op, reader.payloadLength)
      if (this.peer.isClosed) {
        this.#parts.metrics.frameDropped('closing')
        continue
      }
      this.#handleFrame(reader.op, reader.payload())
    }
  }

  onBadMessage(error: 'text' | 'too-large', sizeBytes: number): void {
    this.peer.lastHeardMs = this.#parts.clock.nowMs()
    const { messageBytes } = this.#parts.config.limits
    const refusal =
      error === 'text'
        ? new KaosError('INVALID_PAYLOAD', 'text messages are not used: send binary ones')
        : new KaosError('MESSAGE_TOO_LARGE', `a message has at most ${messageBytes} bytes, got ${sizeBytes}`)
    if (error === 'too-large') this.#parts.metrics.limitHit('messageBytes')
    this.#refuse(refusal, 0, 0)
  }

  onClosed(reason: string): void {
    this.peer.markClosed()
    this.#lane.clear()
    if (this.#session !== undefined) {
      this.#parts.sessionService.end(this.#session, { code: 0, reason, leaveReason: 'dropped' })
    }
    this.#parts.onClosed(this)
  }

  /** Ends the session if there is one, and the connection in any case. */
  end(error: KaosError, leaveReason: 'dropped' | 'shutdown', retryAfterMs?: number): void {
    const ending = { code: error.code, reason: error.message, leaveReason }
    if (this.#session !== undefined) {
      this.#parts.sessionService.end(
        this.#session,
        retryAfterMs === undefined ? ending : { ...ending, retryAfterMs },
      )
    } else this.peer.close(error.code, error.message, retryAfterMs)
  }

  checkSilence(nowMs: number): void {
    if (this.peer.isClosed) return
    const { startTimeoutMs, timeoutMs } = this.#parts.config.session
    if (this.#session === undefined && nowMs - this.peer.openedMs >= startTimeoutMs) {
      this.end(new KaosError('SESSION_START_TIMEOUT'), 'dropped')
    } else if (nowMs - this.peer.lastHeardMs >= timeoutMs) {
      this.end(
        new KaosError('SESSION_TIMEOUT', `nothing was heard from the client for ${timeoutMs} ms`),
        'dropped',
      )
    }
  }

  #handleFrame(op: number, payload: Uint8Array): void {
    try {
      if (opName(op) === undefined) {
        throw new KaosError('UNKNOWN_OP', `operation 0x${op.toString(16).padStart(2, '0')} is not assigned`)
      }
      if (!isClientOp(op)) throw new KaosError('WRONG_DIRECTION', `${opName(op)} is sent by the server only`)
      checkPayloadSize(op, payload.length)
      if (op === Op.Heartbeat) this.#heartbeat(payload)
      else if (op === Op.SessionEnd) this.#sessionEnd(payload)
      else if (op === Op.SessionStart) this.#sessionStart(payload)
      else this.#request(op, payload, this.#requireSession(op))
    } catch (error) {
      this.#refuse(error, op, withoutId.has(op) ? 0 : salvageRequestId(payload))
    }
  }

  #requireSession(op: number): Session {
    if (this.#session === undefined) {
      throw new KaosError(
        'WRONG_STATE',
        `${opName(op)} needs a session: send SessionStart and wait for its answer`,
      )
    }
    return this.#session
  }

  #request(op: number, payload: Uint8Array, session: Session): void {
    const { handlers } = this.#parts
    if (op === Op.RoomData) return this.#roomData(payload, session)
    // The bytes that a request holds outlive the message they came in. Not slice(): that of a Buffer copies nothing.
    const owned = new Uint8Array(payload)
    switch (op) {
      case Op.RoomCreate: {
        const request = decodeClientPayload('RoomCreate', owned)
        this.#inOrder(op, request.id, () => handlers.roomCreate(session, request))
        return
      }
      case Op.RoomJoin: {
        const request = decodeClientPayload('RoomJoin', owned)
        this.#inOrder(op, request.id, () => handlers.roomJoin(session, request))
        return
      }
      case Op.RoomLeave: {
        const request = decodeClientPayload('RoomLeave', owned)
        this.#inOrder(op, request.id, () => handlers.roomLeave(session, request))
        return
      }
      case Op.RoomList: {
        const request = decodeClientPayload('RoomList', owned)
        this.#inOrder(op, request.id, () => handlers.roomList(session, request))
        return
      }
      case Op.Rpc:
        this.#rpc(session, decodeClientPayload('Rpc', owned))
        return
      default:
        throw new KaosError('UNKNOWN_OP')
    }
  }

  #roomData(payload: Uint8Array, session: Session): void {
    const { handlers } = this.#parts
    // While an earlier message waits for a hook, this one outlives the message it came in.
    const mustWait = this.#lane.isBusy || handlers.isDataHooked
    const message = decodeRoomData(mustWait ? new Uint8Array(payload) : payload)
    this.#inOrder(Op.RoomData, 0, () => handlers.roomData(session, message))
  }

  #inOrder(op: number, requestId: number, task: () => void | Promise<void>): void {
    if (this.#lane.run(op, requestId, task)) return
    this.#parts.metrics.limitHit('requestsQueued')
    this.#refuse(new KaosError('TOO_MANY_REQUESTS'), op, requestId)
  }

  #rpc(session: Session, request: ClientPayload<'Rpc'>): void {
    const { rpcInFlight } = this.#parts.config.limits
    if (this.#rpcsInFlight >= rpcInFlight) {
      this.#parts.metrics.limitHit('rpcInFlight')
      throw new KaosError(
        'TOO_MANY_REQUESTS',
        `${rpcInFlight} RPCs of this session are still being processed`,
      )
    }
    this.#rpcsInFlight++
    void this.#parts.handlers
      .rpc(session, request)
      .catch((error: unknown) => this.#refuse(error, Op.Rpc, request.id))
      .finally(() => {
        this.#rpcsInFlight--
      })
  }

  #heartbeat(payload: Uint8Array): void {
    const heartbeat = decodeHeartbeat(payload)
    const { hooks } = this.#parts
    const session = this.#session
    if (session === undefined || !hooks.hasBefore('heartbeat')) {
      this.peer.handleHeartbeat(heartbeat)
      if (session !== undefined) this.#afterHeartbeat(session)
      return
    }
    void hooks
      .before('heartbeat', callerOf(session), { latency_ms: this.peer.latency.rttMs })
      .then(() => {
        this.peer.handleHeartbeat(heartbeat)
        this.#afterHeartbeat(session)
      })
      .catch((error: unknown) => this.#refuse(error, Op.Heartbeat, 0))
  }

  #afterHeartbeat(session: Session): void {
    this.#parts.hooks.after('heartbeat', callerOf(session), { latency_ms: this.peer.latency.rttMs })
  }

  #sessionStart(payload: Uint8Array): void {
    const request = decodeClientPayload('SessionStart', payload)
    if (this.#session !== undefined || this.#isStarting) {
      throw new KaosError('WRONG_STATE', 'the session has been started already')
    }
    this.#isStarting = true
    void this.#parts.sessionService
      .start(this.peer, request)
      .then((session) => {
        if (!session.isEnded) this.#session = session
      })
      .catch((error: unknown) => this.#refuse(error, Op.SessionStart, request.id, true))
      .finally(() => {
        this.#isStarting = false
      })
  }

  #sessionEnd(payload: Uint8Array): void {
    const message = decodeClientPayload('SessionEnd', payload)
    const session = this.#session
    if (session === undefined) {
      this.peer.close(0, 'ended by the client')
      return
    }
    const { hooks, sessionService } = this.#parts
    const end = (): void =>
      sessionService.end(session, { code: 0, reason: message.reason ?? '', leaveReason: 'left' })
    if (!hooks.hasBefore('session_end')) return end()
    void hooks
      .before('session_end', callerOf(session), { code: message.code, reason: message.reason })
      .then(end)
      .catch((error: unknown) => this.#refuse(error, Op.SessionEnd, 0))
  }

  /** Answers with an error; too many violations (or failed session starts) close the connection. */
  #refuse(error: unknown, op: number, requestId: number, isCounted = false): void {
    if (this.peer.isClosed) return
    let refusal: KaosError
    if (error instanceof KaosError) refusal = error
    else {
      this.#parts.logger.error(
        { op: opName(op), error: errorFields(error) },
        'a request failed inside the server',
      )
      refusal = new KaosError('INTERNAL', undefined, { cause: error })
    }
    this.peer.sendError(refusal, op, requestId)
    if ((refusal.isViolation || isCounted) && this.#violations.add(this.#parts.clock.nowMs())) {
      this.#parts.metrics.limitHit('violations')
      this.end(new KaosError('PROTOCOL_VIOLATION'), 'dropped')
    }
  }
}

function errorFields(error: unknown): object {
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) }
}
