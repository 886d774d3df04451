import { type ClientClock, platformClock } from './clock.ts'
import { DEFAULT_RECONNECT, type ReconnectOptions } from './reconnect.ts'
import type { TransportDialer } from './transport.ts'

/** A token, or how to get one: asked before every connection, so that it is always fresh. */
export type TokenSource = string | (() => string | Promise<string>)

/** Where the client writes what nobody listens for. `console` is one. */
export interface ClientLogger {
  error(message: string, error: unknown): void
}

/** Each of the reconnect options may be left out. */
type SomeReconnectOptions = { readonly [Name in keyof ReconnectOptions]?: ReconnectOptions[Name] | undefined }

export interface ClientOptions {
  /** Wished for; the server may change it. At most 64 bytes. */
  readonly username?: string | undefined
  /** Proves who the user is; without one the session is anonymous. */
  readonly token?: TokenSource | undefined
  /** Facts for the server's scripts: at most 16, values of at most 256 bytes. */
  readonly vars?: Readonly<Record<string, string>> | undefined
  /** Whole time for one attempt: token, connection and session. 10 s when omitted. */
  readonly connectTimeoutMs?: number | undefined
  /** For requests that do not say otherwise. 10 s when omitted. */
  readonly requestTimeoutMs?: number | undefined
  /**
   * Coming back after a lost connection: resuming the session while the server keeps it, then starting a new one. False =
   * neither. On, and for ever, when omitted.
   */
  readonly reconnect?: false | SomeReconnectOptions | undefined
  /**
   * Bytes sent reliably that are kept until the server has acknowledged them, in case the connection is lost; what is
   * sent while it is lost counts too, and more is refused. 262,144 when omitted.
   */
  readonly replayBytes?: number | undefined
  /** How to reach the server, in place of the platform's own way. */
  readonly dial?: TransportDialer | undefined
  readonly clock?: ClientClock | undefined
  /** Uniform in [0, 1); spreads reconnections. */
  readonly random?: (() => number) | undefined
  /** For errors while nobody listens to the `error` event. The console when omitted. */
  readonly logger?: ClientLogger | undefined
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly username: string | undefined
  readonly token: TokenSource | undefined
  readonly vars: Readonly<Record<string, string>> | undefined
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly reconnect: false | ReconnectOptions
  readonly replayBytes: number
  readonly dial: TransportDialer
  readonly clock: ClientClock
  readonly random: () => number
  readonly logger: ClientLogger
}

const TIMEOUT_MS = 10_000
const REPLAY_BYTES = 262_144

export function resolveOptions(options: ClientOptions, platformDial: TransportDialer): ResolvedOptions {
  return {
    username: options.username,
    token: options.token,
    vars: options.vars,
    connectTimeoutMs: options.connectTimeoutMs ?? TIMEOUT_MS,
    requestTimeoutMs: options.requestTimeoutMs ?? TIMEOUT_MS,
    reconnect: options.reconnect === false ? false : resolveReconnect(options.reconnect ?? {}),
    replayBytes: options.replayBytes ?? REPLAY_BYTES,
    dial: options.dial ?? platformDial,
    clock: options.clock ?? platformClock(),
    random: options.random ?? Math.random,
    logger: options.logger ?? console,
  }
}

function resolveReconnect(given: SomeReconnectOptions): ReconnectOptions {
  return {
    baseDelayMs: given.baseDelayMs ?? DEFAULT_RECONNECT.baseDelayMs,
    maxDelayMs: given.maxDelayMs ?? DEFAULT_RECONNECT.maxDelayMs,
    maxAttempts: given.maxAttempts ?? DEFAULT_RECONNECT.maxAttempts,
  }
}
