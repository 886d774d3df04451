import type { KaosError, OpName } from '@kaosnet/protocol'
import type { Session } from './session.ts'
import type { TransportKind } from './transport.ts'

/**
 * `idle`: never connected, or the first attempt failed; `ended`: closed, or given up for good. From both, `connect()`
 * starts anew.
 */
export type ClientState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closing' | 'ended'

export interface ConnectedEvent {
  readonly session: Session
  /** The connection had been lost. It is a fresh session: rooms have to be joined again. */
  readonly isReconnect: boolean
}

export interface DisconnectedEvent {
  readonly error: KaosError
  /** Whether `reconnecting` follows; otherwise `ended` does. */
  readonly willReconnect: boolean
}

export interface ReconnectingEvent {
  /** Counts from 1, and goes on when a session lasted only a moment. */
  readonly attempt: number
  /** Until the attempt begins. */
  readonly delayMs: number
  /** What made it necessary, or why the attempt before failed. */
  readonly error: KaosError
}

export interface EndedEvent {
  /** Undefined after `close()`. */
  readonly error: KaosError | undefined
}

export interface FallbackEvent {
  /** What the connection uses now. */
  readonly transport: TransportKind
  /** Why not the better way. */
  readonly error: KaosError
}

export interface LatencyEvent {
  readonly latencyMs: number
  readonly jitterMs: number
}

export interface ErrorEvent {
  readonly error: KaosError
  /** The operation it is about, when there is one. */
  readonly op: OpName | undefined
}

/** What a client reports, by name of the event. */
export interface ClientEvents {
  /** A session is there. */
  connected: ConnectedEvent
  /** The session is gone, and not by `close()`. Rooms have reported `closed` before. */
  disconnected: DisconnectedEvent
  /** Another attempt is planned. */
  reconnecting: ReconnectingEvent
  /** There is no session and there will be none, unless `connect()` is called again. */
  ended: EndedEvent
  /** The connection works, but not by the way tried first: UDP is blocked, say. */
  fallback: FallbackEvent
  /** A round trip was measured. */
  latency: LatencyEvent
  /** Something failed that no promise can tell: a refused message that was no request, a listener that threw. */
  error: ErrorEvent
}
