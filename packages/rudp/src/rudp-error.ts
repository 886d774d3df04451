import type { DenyReason } from './handshake/refusal-packets.ts'

/** What can go wrong before there is a connection. */
export type RudpErrorCode =
  /** No server answered in time: wrong address, server down, or UDP blocked on the way. */
  | 'CONNECT_TIMEOUT'
  /** The abort signal fired. */
  | 'CONNECT_ABORTED'
  /** The host says that nobody listens on the port. */
  | 'UNREACHABLE'
  /** The server refused; `denyReason` says why. */
  | 'DENIED'
  /** The server speaks other versions of the protocol. */
  | 'VERSION_UNSUPPORTED'
  /** The server accepted with limits that contradict each other. */
  | 'TERMS_UNUSABLE'
  /** The connect token expired before it was used. */
  | 'TOKEN_EXPIRED'
  /** Insecure mode was asked for on an address that is not loopback. */
  | 'INSECURE_NOT_LOOPBACK'
  /** Options that contradict each other or are out of range. */
  | 'OPTIONS_INVALID'
  /** The host name has no address, or the socket could not be opened; `cause` has the system's error. */
  | 'SOCKET_FAILED'

/** The error this package throws. Tell cases apart by `code`; the text may change. */
export class RudpError extends Error {
  override readonly name = 'RudpError'
  readonly code: RudpErrorCode
  /** With `DENIED`: the server's reason, undefined when it is one this version does not know. */
  readonly denyReason: DenyReason | undefined
  /** With `DENIED`: when trying again may help; 0 when the server does not say. */
  readonly retryAfterMs: number

  constructor(
    code: RudpErrorCode,
    message: string,
    options: { cause?: unknown; denyReason?: DenyReason | undefined; retryAfterMs?: number } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.denyReason = options.denyReason
    this.retryAfterMs = options.retryAfterMs ?? 0
  }
}
