import {
  type ClientPayload,
  decodeClientPayload,
  decodeRoomData,
  KaosError,
  Op,
  WireLimits,
} from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { ServerConfig } from '../config.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Session } from '../session/session.ts'
import type { SessionService } from '../session/session-service.ts'
import { asRefusal } from './as-refusal.ts'
import type { MatchmakingHandlers } from './matchmaking-handlers.ts'
import { OrderedLane } from './ordered-lane.ts'
import { RateLimit, type RateLimits } from './rate-limit.ts'
import type { RequestHandlers } from './request-handlers.ts'
import { ViolationMeter } from './violation-meter.ts'

export interface SessionInboxParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly sessionService: SessionService
  readonly handlers: RequestHandlers
  readonly matchmaking: MatchmakingHandlers
}

/**
 * The requests of one session, whatever connection brings them: keeps the order of the room family, bounds what is in
 * work, and answers by way of the session, so that nothing is lost when the connection is.
 */
export class SessionInbox {
  readonly session: Session
  readonly #parts: SessionInboxParts
  readonly #violations: ViolationMeter
  readonly #lane: OrderedLane
  readonly #rate: RateLimit
  #rpcsInFlight = 0

  constructor(session: Session, parts: SessionInboxParts) {
    const { limits } = parts.config
    this.session = session
    this.#parts = parts
    this.#violations = new ViolationMeter(limits.violations, limits.violationWindowMs)
    this.#lane = new OrderedLane(limits.requestsQueued, (error, op, id) => this.refuse(error, op, id))
    this.#rate = new RateLimit(limits, parts.clock.nowMs())
  }

  /** Counts a frame against the session's rate. @returns the limit that is passed: the frame must not be processed */
  passedRate(payloadBytes: number, nowMs: number): keyof RateLimits | undefined {
    const limit = this.#rate.passed(WireLimits.frameHeaderBytes + payloadBytes, nowMs)
    if (limit !== undefined) this.#parts.metrics.limitHit(limit)
    return limit
  }

  /** Tells the client that a frame was not processed: each request, and of other frames one in a while. */
  refuseRate(limit: keyof RateLimits, op: number, requestId: number): void {
    if (requestId === 0 && !this.#rate.mayTell(this.#parts.clock.nowMs())) return
    const unit = limit === 'messagesPerSecond' ? 'messages' : 'bytes'
    const text = `a session sends at most ${this.#parts.config.limits[limit]} ${unit} a second`
    this.refuse(new KaosError('RATE_LIMITED', text), op, requestId)
  }

  /** A new connection has taken over, and brings what the old one could not. */
  resumed(): void {
    const { resumeWindowMs, timeoutMs } = this.#parts.config.session
    this.#rate.catchUp(this.#parts.clock.nowMs(), timeoutMs + resumeWindowMs)
  }

  /**
   * @param readAtMs When it was read from the network
   * @throws {KaosError} when the payload or the state does not allow it
   */
  request(op: number, payload: Uint8Array, readAtMs: number): void {
    const { session } = this
    const { handlers, matchmaking } = this.#parts
    if (op === Op.RoomData) return this.#roomData(payload, readAtMs)
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
      case Op.MatchmakerAdd: {
        const request = decodeClientPayload('MatchmakerAdd', owned)
        this.#inOrder(op, request.id, () => matchmaking.matchmakerAdd(session, request))
        return
      }
      case Op.MatchmakerRemove: {
        const request = decodeClientPayload('MatchmakerRemove', owned)
        this.#inOrder(op, request.id, () => matchmaking.matchmakerRemove(session, request))
        return
      }
      case Op.Party: {
        const request = decodeClientPayload('Party', owned)
        this.#inOrder(op, request.id, () => matchmaking.party(session, request))
        return
      }
      case Op.Rpc:
        this.#rpc(decodeClientPayload('Rpc', owned))
        return
      default:
        throw new KaosError('UNKNOWN_OP')
    }
  }

  /** Answers with an error; too many violations end the session. */
  refuse(error: unknown, op: number, requestId: number): void {
    const { session } = this
    if (session.isEnded) return
    const refusal = asRefusal(error, op, this.#parts.logger)
    session.link.sendError(refusal, op, requestId)
    if (!refusal.isViolation || !this.#violations.add(this.#parts.clock.nowMs())) return
    this.#parts.metrics.limitHit('violations')
    const { code, message } = new KaosError('PROTOCOL_VIOLATION')
    this.#parts.sessionService.end(session, { code, reason: message, leaveReason: 'dropped' })
  }

  #roomData(payload: Uint8Array, readAtMs: number): void {
    const { session } = this
    const { handlers } = this.#parts
    // While an earlier message waits for a hook, this one outlives the message it came in.
    const mustWait = this.#lane.isBusy || handlers.isDataHooked
    const message = decodeRoomData(mustWait ? new Uint8Array(payload) : payload)
    this.#inOrder(Op.RoomData, 0, () => handlers.roomData(session, message, readAtMs))
  }

  #inOrder(op: number, requestId: number, task: () => void | Promise<void>): void {
    const unlessEnded = (): void | Promise<void> => (this.session.isEnded ? undefined : task())
    if (this.#lane.run(op, requestId, unlessEnded)) return
    this.#parts.metrics.limitHit('requestsQueued')
    this.refuse(new KaosError('TOO_MANY_REQUESTS'), op, requestId)
  }

  #rpc(request: ClientPayload<'Rpc'>): void {
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
      .rpc(this.session, request)
      .catch((error: unknown) => this.refuse(error, Op.Rpc, request.id))
      .finally(() => {
        this.#rpcsInFlight--
      })
  }
}
