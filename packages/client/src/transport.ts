import type { KaosError } from '@kaosnet/protocol'
import type { ClientClock } from './clock.ts'

/** What carries the frames. */
export type TransportKind = 'websocket' | 'rudp' | 'memory'

/**
 * `reliable`: arrives, once, in order within its lane. `unreliable`: may be lost, or replaced by newer data of the same
 * lane, and never waits behind a slow network.
 */
export type Delivery = 'reliable' | 'unreliable'

/** An open connection to a server. A message carries one or more whole frames (`docs/protocol.md#transports`). */
export interface ClientTransport {
  readonly kind: TransportKind
  /** The connection is on its way to its end: nothing is taken any more, and `onClose` follows. */
  readonly isClosing?: boolean
  /** Bytes that were accepted and have not left for the network yet. */
  readonly bufferedBytes: number
  /**
   * Takes a message over: the caller does not change its bytes any more.
   * @param lane 0 = session and requests, otherwise the handle of a room. Lanes need not wait for each other.
   * @returns false when the message was not taken, because too much waits already or the connection is closing.
   */
  send(message: Uint8Array, delivery: Delivery, lane: number): boolean
  /**
   * Closes gracefully: reliable data that was accepted is still sent. {@link TransportHandlers.onClose} follows.
   * Idempotent.
   * @param code 0 = normal, otherwise a code of the error table
   */
  close(code: number): void
}

/** How a connection came to its end. */
export interface TransportClose {
  /** What the server closed with: 0 = normal, else a code of the error table; undefined when the connection just broke. */
  readonly code?: number | undefined
  readonly reason: string
  readonly cause?: unknown
}

export interface TransportHandlers {
  /** One message. Its bytes belong to the receiver from now on. */
  onMessage(message: Uint8Array): void
  /** Exactly once after the connection was open; nothing follows it. */
  onClose(close: TransportClose): void
}

export interface DialRequest {
  /** What the application gave: `http(s)` = the server's base address, `ws(s)` = the WebSocket itself. */
  readonly url: URL
  readonly handlers: TransportHandlers
  /** Gives the attempt up: the promise rejects with its reason and nothing stays behind. */
  readonly signal: AbortSignal
  readonly clock: ClientClock
  /** The session's token, for transports that are asked for it themselves. */
  readonly token: string | undefined
  /** Tells that a better way than the one taken did not work. */
  onFallback(error: KaosError): void
}

/** Opens a connection. Messages may arrive before the promise's continuation runs. */
export type TransportDialer = (request: DialRequest) => Promise<ClientTransport>
