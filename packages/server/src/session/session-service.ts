import { type ClientPayload, KaosError, PROTOCOL_VERSIONS, ServerPayloads } from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { ServerConfig } from '../config.ts'
import type { SessionId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Peer } from '../peer/peer.ts'
import type { Random } from '../random.ts'
import type { CallerInfo } from '../room/room-host.ts'
import type { HookMessage, HookPipeline } from '../router/hook-pipeline.ts'
import type { Authenticator } from './authenticator.ts'
import { type Identity, Session } from './session.ts'
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
}

export interface SessionEnding {
  /** 0 = normal, otherwise a code of the error table. */
  readonly code: number
  readonly reason: string
  /** What its rooms are told. */
  readonly leaveReason: 'left' | 'dropped' | 'kicked' | 'shutdown'
  readonly retryAfterMs?: number
}

/** Starts sessions (version, limits, authentication, hook) and ends them. */
export class SessionService {
  readonly #parts: SessionServiceParts
  #isShuttingDown = false

  constructor(parts: SessionServiceParts) {
    this.#parts = parts
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
    const { authenticator, clock, config, hooks, random, sessions } = this.#parts
    const version = PROTOCOL_VERSIONS.find((known) => request.versions.includes(known))
    if (version === undefined) {
      throw new KaosError(
        'UNSUPPORTED_VERSION',
        `versions ${request.versions.join(', ')} are not supported; this server speaks ${PROTOCOL_VERSIONS.join(', ')}`,
        { details: { supported: PROTOCOL_VERSIONS } },
      )
    }
    this.#checkRoom()
    const id = random.sessionId()
    const identity = await this.#admit(id, peer, await authenticator.authenticate(request))
    // The answer may have taken a while.
    this.#checkRoom()
    const session = new Session(id, identity, peer, clock.unixMs())
    if (peer.isClosed) {
      session.markEnded()
      return session
    }
    sessions.add(session)
    peer.sendControl('SessionStart', {
      id: request.id,
      version,
      session: id,
      user_id: identity.userId,
      username: identity.username,
      is_authenticated: identity.isAuthenticated,
      vars: identity.vars,
      heartbeat_ms: config.session.heartbeatMs,
      timeout_ms: config.session.timeoutMs,
      server_time_us: clock.unixMs() * 1000,
    })
    hooks.after('session_start', callerOf(session), identityMessage(identity))
    this.#parts.logger.debug({ sessionId: id, userId: identity.userId }, 'session started')
    return session
  }

  /** Ends a session and closes its peer. Idempotent. */
  end(session: Session, ending: SessionEnding): void {
    if (session.isEnded) return
    session.markEnded()
    const { hooks, logger, metrics, onEnded, sessions } = this.#parts
    onEnded(session, ending)
    sessions.delete(session.id)
    session.peer.close(ending.code, ending.reason, ending.retryAfterMs)
    metrics.sessionEnded(ending.code)
    hooks.after('session_end', callerOf(session), { code: ending.code, reason: ending.reason })
    logger.debug({ sessionId: session.id, code: ending.code, reason: ending.reason }, 'session ended')
  }

  #checkRoom(): void {
    if (this.#isShuttingDown) throw new KaosError('SHUTTING_DOWN')
    const bound = this.#parts.config.limits.sessions
    if (this.#parts.sessions.size < bound) return
    this.#parts.metrics.limitHit('sessions')
    throw new KaosError('SERVER_FULL', `this server admits at most ${bound} sessions`)
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
