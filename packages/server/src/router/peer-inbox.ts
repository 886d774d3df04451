import {
  checkPayloadSize,
  decodeClientPayload,
  decodeHeartbeat,
  decodeLaneCounts,
  FrameReader,
  type Heartbeat,
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
import { asRefusal } from './as-refusal.ts'
import type { HookMessage, HookPipeline } from './hook-pipeline.ts'
import type { SessionInbox } from './session-inbox.ts'
import type { SessionInboxes } from './session-inboxes.ts'
import { ViolationMeter } from './violation-meter.ts'

export interface PeerInboxParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly hooks: HookPipeline
  readonly sessionService: SessionService
  readonly inboxes: SessionInboxes
  readonly onClosed: (inbox: PeerInbox) => void
}

/** Operations without a request id. */
const withoutId: ReadonlySet<number> = new Set([Op.SessionEnd, Op.Heartbeat, Op.SessionAck, Op.RoomData])

/** What keeps a session, or ends it, is never refused for its rate: it is cheap, and refusing it helps nobody. */
const withoutRate: ReadonlySet<number> = new Set([Op.SessionEnd, Op.Heartbeat, Op.SessionAck])

/**
 * What one peer sends, on its way to its session: splits messages into frames, checks size and state, starts, resumes and
 * ends the session, and answers everything wrong with a precise error. Nothing a peer sends makes it throw.
 */
export class PeerInbox implements ConnectionHandler, Watched {
  readonly peer: Peer
  readonly #parts: PeerInboxParts
  readonly #reader = new FrameReader()
  readonly #violations: ViolationMeter
  #inbox: SessionInbox | undefined
  #isStarting = false
  /** A hook on a heartbeat runs. */
  #isHeartbeatHooked = false

  constructor(peer: Peer, parts: PeerInboxParts) {
    const { limits } = parts.config
    this.peer = peer
    this.#parts = parts
    this.#violations = new ViolationMeter(limits.violations, limits.violationWindowMs)
  }

  get session(): Session | undefined {
    return this.#inbox?.session
  }

  onMessage(message: Uint8Array, readAtMs = this.#parts.clock.nowMs()): void {
    this.peer.lastHeardMs = readAtMs
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
      this.#handleFrame(reader.op, reader.payload(), readAtMs)
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

  onClosed(reason: string, isGoneForGood = false): void {
    this.peer.markClosed()
    const session = this.#ownSession
    const { sessionService } = this.#parts
    if (session !== undefined && isGoneForGood) {
      sessionService.end(session, { code: 0, reason, leaveReason: 'left' })
    } else if (session !== undefined) {
      sessionService.lose(session, { code: 0, reason, leaveReason: 'dropped' })
    }
    this.#parts.onClosed(this)
  }

  /** Ends the session if there is one, and the connection in any case. */
  end(error: KaosError, leaveReason: 'dropped' | 'shutdown', retryAfterMs?: number): void {
    const ending = { code: error.code, reason: error.message, leaveReason }
    const session = this.#ownSession
    if (session !== undefined) {
      this.#parts.sessionService.end(
        session,
        retryAfterMs === undefined ? ending : { ...ending, retryAfterMs },
      )
    } else this.peer.close(error.code, error.message, retryAfterMs)
  }

  checkSilence(nowMs: number): void {
    if (this.peer.isClosed) return
    const { startTimeoutMs, timeoutMs } = this.#parts.config.session
    const session = this.#ownSession
    if (session === undefined) {
      if (nowMs - this.peer.openedMs >= startTimeoutMs) {
        this.end(new KaosError('SESSION_START_TIMEOUT'), 'dropped')
      }
    } else if (nowMs - this.peer.lastHeardMs >= timeoutMs) {
      const { code } = new KaosError('SESSION_TIMEOUT')
      const reason = `nothing was heard from the client for ${timeoutMs} ms`
      this.#parts.sessionService.lose(session, { code, reason, leaveReason: 'dropped' })
    }
  }

  /** The session, unless another connection has taken it over. */
  get #ownSession(): Session | undefined {
    const session = this.session
    return session?.peer === this.peer ? session : undefined
  }

  #handleFrame(op: number, payload: Uint8Array, readAtMs: number): void {
    // Counted before anything is said about it: the client counts what it sends.
    const { session } = this
    if (session !== undefined) {
      session.link.countReceived(op, payload)
      if (op !== Op.Heartbeat) this.#parts.sessionService.confirmToken(session)
      if (this.#isPastRate(op, payload, readAtMs)) return
    }
    try {
      if (opName(op) === undefined) {
        throw new KaosError('UNKNOWN_OP', `operation 0x${op.toString(16).padStart(2, '0')} is not assigned`)
      }
      if (!isClientOp(op)) throw new KaosError('WRONG_DIRECTION', `${opName(op)} is sent by the server only`)
      checkPayloadSize(op, payload.length)
      if (op === Op.Heartbeat) this.#heartbeat(payload)
      else if (op === Op.SessionEnd) this.#sessionEnd(payload)
      else if (op === Op.SessionStart) this.#sessionStart(payload)
      else if (op === Op.SessionAck) this.#sessionAck(payload)
      else this.#requireInbox(op).request(op, payload, readAtMs)
    } catch (error) {
      this.#refuse(error, op, withoutId.has(op) ? 0 : salvageRequestId(payload))
    }
  }

  /** Refuses a frame that came too fast. */
  #isPastRate(op: number, payload: Uint8Array, nowMs: number): boolean {
    if (withoutRate.has(op)) return false
    const limit = this.#inbox?.passedRate(payload.length, nowMs)
    if (limit === undefined) return false
    this.#inbox?.refuseRate(limit, op, withoutId.has(op) ? 0 : salvageRequestId(payload))
    return true
  }

  #requireInbox(op: number): SessionInbox {
    if (this.#inbox === undefined) {
      throw new KaosError(
        'WRONG_STATE',
        `${opName(op)} needs a session: send SessionStart and wait for its answer`,
      )
    }
    return this.#inbox
  }

  #heartbeat(payload: Uint8Array): void {
    const heartbeat = decodeHeartbeat(payload)
    const { hooks, metrics } = this.#parts
    const { session } = this
    if (session === undefined || !(hooks.hasBefore('heartbeat') || hooks.hasAfter('heartbeat'))) {
      return this.#answerHeartbeat(heartbeat)
    }
    // Heartbeats have no rate, and a flood of them must not fill the queue that everybody's RPCs wait in.
    if (this.#isHeartbeatHooked) {
      metrics.limitHit('heartbeatHooks')
      return this.#answerHeartbeat(heartbeat)
    }
    this.#isHeartbeatHooked = true
    void this.#hookedHeartbeat(session, heartbeat)
      .catch((error: unknown) => this.#refuse(error, Op.Heartbeat, 0))
      .finally(() => {
        this.#isHeartbeatHooked = false
      })
  }

  async #hookedHeartbeat(session: Session, heartbeat: Heartbeat): Promise<void> {
    const { hooks } = this.#parts
    const latency = (): HookMessage => ({ latency_ms: this.peer.latency.rttMs })
    if (hooks.hasBefore('heartbeat')) await hooks.before('heartbeat', callerOf(session), latency())
    this.#answerHeartbeat(heartbeat)
    await hooks.afterSettled('heartbeat', callerOf(session), latency())
  }

  #answerHeartbeat(heartbeat: Heartbeat): void {
    this.peer.handleHeartbeat(heartbeat)
    this.#ownSession?.link.sendAck()
  }

  #sessionStart(payload: Uint8Array): void {
    const request = decodeClientPayload('SessionStart', new Uint8Array(payload))
    if (this.#inbox !== undefined || this.#isStarting) {
      throw new KaosError('WRONG_STATE', 'the session has been started already')
    }
    const { inboxes, sessionService } = this.#parts
    if (request.resume !== undefined) {
      try {
        this.#inbox = inboxes.of(sessionService.resume(this.peer, request, request.resume))
        this.#inbox.resumed()
      } catch (error) {
        this.#refuse(error, Op.SessionStart, request.id, true)
      }
      return
    }
    this.#isStarting = true
    void sessionService
      .start(this.peer, request)
      .then((session) => {
        if (!session.isEnded) this.#inbox = inboxes.of(session)
      })
      .catch((error: unknown) => this.#refuse(error, Op.SessionStart, request.id, true))
      .finally(() => {
        this.#isStarting = false
      })
  }

  #sessionAck(payload: Uint8Array): void {
    const { session } = this.#requireInbox(Op.SessionAck)
    session.link.handleAck(decodeLaneCounts(payload))
  }

  #sessionEnd(payload: Uint8Array): void {
    const message = decodeClientPayload('SessionEnd', payload)
    const { session } = this
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
    if (this.#inbox !== undefined) return this.#inbox.refuse(error, op, requestId)
    const refusal = asRefusal(error, op, this.#parts.logger)
    this.peer.sendError(refusal, op, requestId)
    if ((refusal.isViolation || isCounted) && this.#violations.add(this.#parts.clock.nowMs())) {
      this.#parts.metrics.limitHit('violations')
      this.end(new KaosError('PROTOCOL_VIOLATION'), 'dropped')
    }
  }
}
