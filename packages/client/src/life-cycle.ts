import { KaosError, type OpName } from '@kaosnet/protocol'
import { abortable, sleep, withDeadline } from './abort.ts'
import type { ClientEvents, ClientState } from './client-events.ts'
import type { ClockSync } from './clock-sync.ts'
import { Connection } from './connection.ts'
import type { OpenOptions } from './connection-options.ts'
import type { Emitter, ListenerErrorHandler } from './emitter.ts'
import { connectFailed, retryAfterMs, toKaosError } from './errors.ts'
import type { ResolvedOptions } from './options.ts'
import { Backoff } from './reconnect.ts'
import type { Session } from './session.ts'

interface Connected {
  readonly kind: 'connected'
  readonly connection: Connection
  readonly session: Session
  readonly sinceMs: number
}

/** The connection is lost, and the session may be saved. */
interface Resuming {
  readonly kind: 'resuming'
  readonly connection: Connection
  readonly session: Session
  readonly sinceMs: number
  readonly abort: AbortController
  readonly result: Promise<Session>
}

interface Connecting {
  readonly kind: 'connecting' | 'reconnecting'
  readonly abort: AbortController
  readonly result: Promise<Session>
  /** What requests are told meanwhile. */
  readonly error: KaosError
}

/** What the client is doing; see {@link ClientState}. */
type Life =
  | { readonly kind: 'idle' | 'ended' }
  | Connecting
  | Connected
  | Resuming
  | { readonly kind: 'closing'; readonly done: Promise<void> }

export interface LifeCycleOptions extends ResolvedOptions {
  readonly url: URL
  readonly events: Emitter<ClientEvents>
  readonly clockSync: ClockSync
  readonly onError: (error: KaosError, op: OpName | undefined) => void
  readonly onListenerError: ListenerErrorHandler
}

/** Sent with the start of a session, for the server's logs. */
export const CLIENT_NAME = 'kaosnet-js/0.1.0'

/** From one connection to the next: connects, notices a loss, comes back, gives up, closes. */
export class LifeCycle {
  readonly #options: LifeCycleOptions
  readonly #backoff: Backoff | undefined
  #life: Life = { kind: 'idle' }

  constructor(options: LifeCycleOptions) {
    this.#options = options
    if (options.reconnect !== false) this.#backoff = new Backoff(options.reconnect, options.random)
  }

  get state(): ClientState {
    return this.#life.kind
  }

  get session(): Session | undefined {
    const life = this.#life
    return life.kind === 'connected' || life.kind === 'resuming' ? life.session : undefined
  }

  /** Undefined unless connected, or about to be again with the same session. */
  get connection(): Connection | undefined {
    const life = this.#life
    return life.kind === 'connected' || life.kind === 'resuming' ? life.connection : undefined
  }

  /** @throws {KaosError} WRONG_STATE, or what ended the connection when the client is about to come back */
  requireConnection(): Connection {
    const life = this.#life
    switch (life.kind) {
      case 'connected':
      case 'resuming':
        return life.connection
      case 'connecting':
      case 'reconnecting':
        throw life.error
      default:
        throw new KaosError('WRONG_STATE', `the client is not connected (${life.kind})`)
    }
  }

  /** See {@link Client.connect}. */
  connect(): Promise<Session> {
    const life = this.#life
    switch (life.kind) {
      case 'connected':
        return Promise.resolve(life.session)
      case 'connecting':
      case 'resuming':
      case 'reconnecting':
        return life.result
      case 'closing':
        return Promise.reject(new KaosError('WRONG_STATE', 'the client is closing'))
      case 'idle':
      case 'ended': {
        this.#backoff?.reset()
        const abort = new AbortController()
        const result = this.#connectOnce(abort.signal)
        const error = new KaosError('WRONG_STATE', 'the client is not connected yet')
        this.#life = { kind: 'connecting', abort, result, error }
        return result
      }
    }
  }

  /** See {@link Client.close}. */
  close(): Promise<void> {
    const life = this.#life
    switch (life.kind) {
      case 'idle':
      case 'ended':
        return Promise.resolve()
      case 'closing':
        return life.done
      default: {
        const done = Promise.resolve().then(() => this.#shutDown(life))
        this.#life = { kind: 'closing', done }
        return done
      }
    }
  }

  async #shutDown(life: Connecting | Connected | Resuming): Promise<void> {
    if (life.kind === 'connected' || life.kind === 'resuming') await life.connection.close()
    if (life.kind !== 'connected') {
      life.abort.abort(new KaosError('WRONG_STATE', 'the client was closed'))
      await life.result.catch(() => {})
    }
    this.#life = { kind: 'ended' }
    this.#options.events.emit('ended', { error: undefined })
  }

  async #connectOnce(signal: AbortSignal): Promise<Session> {
    try {
      return await this.#attempt(signal, false)
    } catch (thrown) {
      if (!signal.aborted) this.#life = { kind: 'idle' }
      throw toKaosError(thrown, connectFailed)
    }
  }

  /** One attempt, from token to session, which then is the client's. */
  async #attempt(outer: AbortSignal, isReconnect: boolean): Promise<Session> {
    const { clock, connectTimeoutMs, events } = this.#options
    const connection = this.#newConnection()
    const session = await this.#dialling(connectTimeoutMs, outer, (options) => connection.open(options))
    // Between the reply and this line the client may have been closed, or the connection lost again.
    if (outer.aborted) {
      await connection.close()
      throw outer.reason
    }
    if (connection.isDown) connection.abandon(connectFailed('the connection was lost at once'))
    if (connection.end !== undefined) throw connection.end
    this.#life = { kind: 'connected', connection, session, sinceMs: clock.nowMs() }
    events.emit('connected', { session, isReconnect })
    return session
  }

  /** Gives a token and a deadline to something that dials. */
  #dialling(
    timeoutMs: number,
    outer: AbortSignal,
    work: (options: OpenOptions) => Promise<Session>,
  ): Promise<Session> {
    const { clock, dial, events, url, username, vars } = this.#options
    const onTimeout = (): KaosError => connectFailed(`no session within ${timeoutMs} ms`)
    return withDeadline(clock, timeoutMs, outer, onTimeout, async (signal) => {
      const token = await abortable(this.#token(), signal)
      const start = { token, username, vars, client: CLIENT_NAME }
      const onFallback = (error: KaosError): void =>
        events.emit('fallback', { transport: 'websocket', error })
      return work({ dial, url, signal, start, onFallback })
    })
  }

  #newConnection(): Connection {
    const { clock, clockSync, events, onError, onListenerError, reconnect, replayBytes, requestTimeoutMs } =
      this.#options
    const connection: Connection = new Connection({
      clock,
      clockSync,
      requestTimeoutMs,
      onError,
      onListenerError,
      onMeasured: () => {
        events.emit('latency', { latencyMs: clockSync.latencyMs, jitterMs: clockSync.jitterMs })
      },
      onTicket: (ticket) => events.emit('ticket', ticket),
      onParty: (event) => events.emit('party', event),
      mayResume: reconnect !== false,
      replayBytes,
      onDropped: (error) => this.#handleDrop(connection, error),
      onEnded: (error) => this.#handleLoss(connection, error),
    })
    return connection
  }

  async #token(): Promise<string | undefined> {
    const { token } = this.#options
    if (typeof token !== 'function') return token
    try {
      return await token()
    } catch (thrown) {
      throw toKaosError(thrown, (message, cause) => connectFailed(`no token: ${message}`, cause))
    }
  }

  #handleDrop(connection: Connection, error: KaosError): void {
    const life = this.#life
    const backoff = this.#backoff
    if (life.kind !== 'connected' || life.connection !== connection || backoff === undefined) return
    const abort = new AbortController()
    const result = Promise.resolve().then(() => this.#resume(life, error, backoff, abort.signal))
    // Mostly nobody waits for it: how it ends is told by events.
    result.catch(() => {})
    this.#life = { ...life, kind: 'resuming', abort, result }
    this.#options.events.emit('dropped', { error })
  }

  /** Tries to save the session as long as the server keeps it; then a new one is started. */
  async #resume(life: Connected, lostBy: KaosError, backoff: Backoff, signal: AbortSignal): Promise<Session> {
    const { clock, connectTimeoutMs, events } = this.#options
    const { connection } = life
    const untilMs = clock.nowMs() + connection.resumeWindowMs
    let error = lostBy
    let delayMs = 0
    backoff.reset()
    for (let attempt = 1; connection.end === undefined && clock.nowMs() + delayMs < untilMs; attempt++) {
      signal.throwIfAborted()
      events.emit('resuming', { attempt, delayMs, error })
      await sleep(clock, delayMs, signal)
      const timeoutMs = Math.min(connectTimeoutMs, untilMs - clock.nowMs())
      try {
        const session = await this.#dialling(timeoutMs, signal, (options) => connection.resume(options))
        signal.throwIfAborted()
        // It may have been lost again before this line.
        if (!connection.isDown && connection.end === undefined) {
          this.#life = { ...life, session, sinceMs: clock.nowMs() }
          events.emit('resumed', { session })
          return session
        }
      } catch (thrown) {
        signal.throwIfAborted()
        error = toKaosError(thrown, connectFailed)
        if (error.action !== 'retry') break
      }
      delayMs = backoff.nextDelayMs(retryAfterMs(error))
    }
    connection.abandon(lostBy)
    const next = this.#life
    if (next.kind === 'reconnecting') return next.result
    throw error
  }

  #handleLoss(connection: Connection, error: KaosError): void {
    const life = this.#life
    if (life.kind !== 'connected' && life.kind !== 'resuming') return
    if (life.connection !== connection) return
    const { clock, events, reconnect, token } = this.#options
    // A session that ended for its token's sake is worth a try when there is a way to get a new one.
    const isCurable = error.action === 'retry' || (error.action === 'reauth' && typeof token === 'function')
    const backoff = this.#backoff
    if (reconnect === false || backoff === undefined || !isCurable) {
      this.#life = { kind: 'ended' }
      events.emit('disconnected', { error, willReconnect: false })
      events.emit('ended', { error })
      return
    }
    // A server that drops us right after each welcome is not met with a storm of first tries.
    if (clock.nowMs() - life.sinceMs >= reconnect.maxDelayMs) backoff.reset()
    const abort = new AbortController()
    const result = Promise.resolve().then(() => this.#reconnect(error, backoff, abort.signal))
    // Mostly nobody waits for it: how it ends is told by events.
    result.catch(() => {})
    this.#life = { kind: 'reconnecting', abort, result, error }
    events.emit('disconnected', { error, willReconnect: true })
  }

  async #reconnect(lostBy: KaosError, backoff: Backoff, signal: AbortSignal): Promise<Session> {
    const { clock, events } = this.#options
    let error = lostBy
    while (!backoff.isExhausted) {
      signal.throwIfAborted()
      const delayMs = backoff.nextDelayMs(retryAfterMs(error))
      events.emit('reconnecting', { attempt: backoff.attempts, delayMs, error })
      await sleep(clock, delayMs, signal)
      try {
        return await this.#attempt(signal, true)
      } catch (thrown) {
        signal.throwIfAborted()
        error = toKaosError(thrown, connectFailed)
        if (error.action !== 'retry') break
      }
    }
    this.#life = { kind: 'ended' }
    events.emit('ended', { error })
    throw error
  }
}
