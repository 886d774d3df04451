import {
  type ClientPayload,
  decodeLaneCounts,
  encodeLaneCounts,
  KaosError,
  PROTOCOL_VERSIONS,
  type ServerPayload,
  ServerPayloads,
} from '@kaosnet/protocol'
import type { Clock, TimerHandle } from '../clock.ts'
import type { ServerConfig } from '../config.ts'
import type { SessionId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Peer } from '../peer/peer.ts'
import type { Random } from '../random.ts'
import type { CallerInfo } from '../room/room-host.ts'
import type { HookMessage, HookPipeline } from '../router/hook-pipeline.ts'
import { AddressSessions } from './address-sessions.ts'
import type { Authenticator } from './authenticator.ts'
import { ResumeTokens, type UsedToken } from './resume-tokens.ts'
import { type Identity, Session } from './session.ts'
import { SessionLink } from './session-link.ts'
import type { SessionRegistry } from './session-registry.ts'

export interface SessionServiceParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly authenticator: Authenticator
  readonly sessions: SessionRegistry
  readonly hooks: HookPipeline
  /** The session has ended: its members must leave their rooms. */
  readonly onEnded: (session: Session, end: SessionEnding) => void
  /**
   * The connection of a session is lost; its members are away.
   * @returns how long the rooms it is in want to wait for it
   */
  readonly onAway: (session: Session) => number
  /** The client is back, and has been sent everything it had missed. */
  readonly onBack: (session: Session) => void
}

type ResumeRequest = NonNullable<ClientPayload<'SessionStart'>['resume']>

export interface SessionEnding {
  /** 0 = normal, otherwise a code of the error table. */
  readonly code: number
  readonly reason: string
  /** What its rooms are told. */
  readonly leaveReason: 'left' | 'dropped' | 'kicked' | 'shutdown'
  readonly retryAfterMs?: number
}

/** Starts sessions (version, limits, authentication, hook), keeps them while their connection is lost, and ends them. */
export class SessionService {
  readonly #parts: SessionServiceParts
  readonly #tokens: ResumeTokens
  readonly #addresses = new AddressSessions()
  /** What ends the sessions that are away. */
  readonly #windows = new Map<Session, TimerHandle>()
  #isShuttingDown = false

  constructor(parts: SessionServiceParts) {
    this.#parts = parts
    this.#tokens = new ResumeTokens(parts.random)
  }

  /** From now on no session starts. */
  refuseNew(): void {
    this.#isShuttingDown = true
  }

  /**
   * @throws {KaosError} UNSUPPORTED_VERSION, SHUTTING_DOWN, SERVER_FULL, AUTH_*, or what the before-hook of
   *   `session_start` says
   */
  async start(peer: Peer, request: ClientPayload<'SessionStart'>): Promise<Session> {
    const { authenticator, clock, hooks, random, sessions } = this.#parts
    const version = commonVersion(request.versions)
    const { remoteAddress } = peer.connection
    this.#checkRoom(remoteAddress)
    const id = random.sessionId()
    const identity = await this.#admit(id, peer, await authenticator.authenticate(request))
    // The answer may have taken a while.
    this.#checkRoom(remoteAddress)
    const session = new Session(id, identity, this.#newLink(id, peer), clock.unixMs())
    if (peer.isClosed) {
      session.markEnded()
      return session
    }
    sessions.add(session)
    this.#addresses.add(session, remoteAddress)
    peer.sendControl('SessionStart', this.#welcome(session, request.id, version))
    hooks.after('session_start', callerOf(session), identityMessage(identity))
    this.#parts.logger.debug({ sessionId: id, userId: identity.userId }, 'session started')
    return session
  }

  /**
   * Lets a new peer take over a session: the client is told what has been received, and sent what it has not. A peer that
   * still looks open is replaced.
   * @throws {KaosError} UNSUPPORTED_VERSION, SHUTTING_DOWN, INVALID_PAYLOAD or RESUME_REFUSED
   */
  resume(peer: Peer, request: ClientPayload<'SessionStart'>, resume: ResumeRequest): Session {
    const version = commonVersion(request.versions)
    if (this.#isShuttingDown) throw new KaosError('SHUTTING_DOWN')
    const counts = decodeLaneCounts(resume.received)
    const session = this.#tokens.find(resume)
    if (session === undefined) throw new KaosError('RESUME_REFUSED')
    if (!session.link.canReplay(counts)) {
      this.#endAway(session, 'SLOW_CONSUMER', 'too much was sent while the connection was lost')
      throw new KaosError('RESUME_REFUSED')
    }
    const wasAway = session.isAway
    this.#closeWindow(session)
    const old = session.link.attach(peer, counts, () => {
      peer.sendControl('SessionStart', {
        ...this.#welcome(session, request.id, version, resume),
        is_resumed: true,
        received: encodeLaneCounts(session.link.received),
      })
    })
    const replaced = new KaosError('SESSION_REPLACED')
    old.close(replaced.code, replaced.message)
    if (wasAway) this.#parts.onBack(session)
    this.#parts.metrics.sessionResumed()
    this.#parts.logger.debug({ sessionId: session.id }, 'session resumed')
    return session
  }

  /** The client has shown that it has the newest token of its session. */
  confirmToken(session: Session): void {
    this.#tokens.confirm(session)
  }

  /** The connection of a session is lost: it is kept for a while, or ends. The connection is closed in any case. */
  lose(session: Session, ending: SessionEnding): void {
    if (session.isEnded || session.isAway) return
    const { clock, config, logger, metrics, onAway } = this.#parts
    if (this.#isShuttingDown || !session.link.isResumable) return this.end(session, ending)
    session.peer.abandon(ending.code, ending.reason)
    session.link.detach()
    const windowMs = Math.max(config.session.resumeWindowMs, onAway(session))
    const expire = (): void => {
      this.#endAway(session, 'SESSION_TIMEOUT', `the session was not resumed within ${windowMs} ms`)
    }
    this.#windows.set(session, clock.setTimer(expire, windowMs))
    metrics.sessionDropped()
    logger.debug({ sessionId: session.id, reason: ending.reason }, 'session dropped')
  }

  /** Ends a session and closes its peer. Idempotent. */
  end(session: Session, ending: SessionEnding): void {
    if (session.isEnded) return
    session.markEnded()
    const { hooks, logger, metrics, onEnded, sessions } = this.#parts
    this.#closeWindow(session)
    this.#tokens.revoke(session)
    onEnded(session, ending)
    sessions.delete(session.id)
    this.#addresses.delete(session)
    session.peer.close(ending.code, ending.reason, ending.retryAfterMs)
    metrics.sessionEnded(ending.code)
    hooks.after('session_end', callerOf(session), { code: ending.code, reason: ending.reason })
    logger.debug({ sessionId: session.id, code: ending.code, reason: ending.reason }, 'session ended')
  }

  /** Ends every session, also those without a connection. */
  endAll(ending: SessionEnding): void {
    for (const session of [...this.#parts.sessions]) this.end(session, ending)
  }

  #newLink(id: SessionId, peer: Peer): SessionLink {
    const { clock, config, metrics, sessions } = this.#parts
    const { replayBytes, replayFrames, resumeWindowMs } = config.session
    return new SessionLink(peer, {
      replay: resumeWindowMs === 0 ? undefined : { maxBytes: replayBytes, maxFrames: replayFrames },
      observer: metrics,
      onOverflow: () => {
        // Not within the send that overflowed: its caller may be walking the members of a room.
        clock.defer(() => {
          const session = sessions.get(id)
          if (session === undefined) return
          this.#endAway(session, 'SLOW_CONSUMER', 'too much was sent while the connection was lost')
        })
      },
    })
  }

  #endAway(session: Session, error: 'SESSION_TIMEOUT' | 'SLOW_CONSUMER', reason: string): void {
    this.end(session, { code: new KaosError(error).code, reason, leaveReason: 'dropped' })
  }

  #closeWindow(session: Session): void {
    this.#windows.get(session)?.cancel()
    this.#windows.delete(session)
  }

  #welcome(session: Session, id: number, version: number, used?: UsedToken): ServerPayload<'SessionStart'> {
    const { clock, config } = this.#parts
    const { heartbeatMs, resumeWindowMs, timeoutMs } = config.session
    const { identity } = session
    return {
      id,
      version,
      session: session.id,
      user_id: identity.userId,
      username: identity.username,
      is_authenticated: identity.isAuthenticated,
      vars: identity.vars,
      heartbeat_ms: heartbeatMs,
      timeout_ms: timeoutMs,
      server_time_us: clock.unixMs() * 1000,
      ...(session.link.isResumable
        ? { resume_token: this.#tokens.issue(session, used), resume_window_ms: resumeWindowMs }
        : {}),
    }
  }

  #checkRoom(remoteAddress: string): void {
    if (this.#isShuttingDown) throw new KaosError('SHUTTING_DOWN')
    const { config, metrics } = this.#parts
    const { sessions, sessionsPerAddress } = config.limits
    if (this.#parts.sessions.size >= sessions) {
      metrics.limitHit('sessions')
      throw new KaosError('SERVER_FULL', `this server admits at most ${sessions} sessions`)
    }
    if (sessionsPerAddress > 0 && this.#addresses.of(remoteAddress) >= sessionsPerAddress) {
      metrics.limitHit('sessionsPerAddress')
      throw new KaosError(
        'SERVER_FULL',
        `this server admits at most ${sessionsPerAddress} sessions of one address`,
      )
    }
  }

  async #admit(id: SessionId, peer: Peer, identity: Identity): Promise<Identity> {
    const { hooks } = this.#parts
    if (!hooks.hasBefore('session_start')) return identity
    const caller = callerInfo(id, identity, peer)
    let message: HookMessage
    try {
      message = await hooks.before('session_start', caller, identityMessage(identity))
    } catch (error) {
      if (error instanceof KaosError && error.error === 'HOOK_REJECTED') {
        throw new KaosError('SESSION_REFUSED', error.message, { cause: error })
      }
      throw error
    }
    return checkedIdentity(message, identity)
  }
}

/** @throws {KaosError} UNSUPPORTED_VERSION */
function commonVersion(offered: readonly number[]): number {
  const version = PROTOCOL_VERSIONS.find((known) => offered.includes(known))
  if (version !== undefined) return version
  throw new KaosError(
    'UNSUPPORTED_VERSION',
    `versions ${offered.join(', ')} are not supported; this server speaks ${PROTOCOL_VERSIONS.join(', ')}`,
    { details: { supported: PROTOCOL_VERSIONS } },
  )
}

function identityMessage(identity: Identity): HookMessage {
  return {
    user_id: identity.userId,
    username: identity.username,
    vars: identity.vars,
    is_authenticated: identity.isAuthenticated,
  }
}

/** What the hook made of it; it may change who the user is, but not that it was authenticated. */
function checkedIdentity(message: HookMessage, before: Identity): Identity {
  const { user_id, username, vars } = ServerPayloads.SessionStart.fields
  try {
    return {
      userId: user_id.check(message.user_id, 'user_id'),
      username: username.check(message.username, 'username'),
      vars: vars.check(message.vars ?? {}, 'vars'),
      isAuthenticated: before.isAuthenticated,
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KaosError(
      'HOOK_FAILED',
      `the before-hook of session_start returned an invalid message: ${why}`,
      {
        cause,
      },
    )
  }
}

/** The `ctx` of hooks and RPCs. */
export function callerOf(session: Session): CallerInfo {
  return callerInfo(session.id, session.identity, session.peer)
}

function callerInfo(id: SessionId, identity: Identity, peer: Peer): CallerInfo {
  return {
    sessionId: id,
    ...identity,
    clientAddress: peer.connection.remoteAddress,
    transport: peer.connection.transport,
  }
}
