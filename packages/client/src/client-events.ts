import type { KaosError, OpName } from '@kaosnet/protocol'
import type { PartyEvent, Ticket } from './matchmaking.ts'
import type { Session } from './session.ts'
import type { TransportKind } from './transport.ts'

/**
 * `idle`: never connected, or the first attempt failed; `ended`: closed, or given up for good. From both, `connect()`
 * starts anew.
 */
export type ClientState =
  | 'idle'
  | 'connecting'
  | 'connected'
  /** The connection is lost, and the session is not: a new connection is being made for it. */
  | 'resuming'
  /** The session is gone, and a new one is being started. */
  | 'reconnecting'
  | 'closing'
  | 'ended'

export interface ConnectedEvent {
  readonly session: Session
  /** The connection had been lost. It is a fresh session: rooms have to be joined again. */
  readonly isReconnect: boolean
}

export interface DroppedEvent {
  readonly error: KaosError
}

export interface ResumedEvent {
  /** The same session, perhaps over another transport. */
  readonly session: Session
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
  /**
   * The connection is lost. The session goes on: rooms are kept, requests wait, and what is sent reliably is kept for the
   * next connection. `resuming` follows.
   */
  dropped: DroppedEvent
  /** Another attempt to resume the session is planned. */
  resuming: ReconnectingEvent
  /** The session goes on over a new connection: nothing that was sent reliably is lost, either way. */
  resumed: ResumedEvent
  /** The session is gone, and not by `close()`. Rooms have reported `closed` before. */
  disconnected: DisconnectedEvent
  /** Another attempt to start a new session is planned. */
  reconnecting: ReconnectingEvent
  /** There is no session and there will be none, unless `connect()` is called again. */
  ended: EndedEvent
  /** The connection works, but not by the way tried first: UDP is blocked, say. */
  fallback: FallbackEvent
  /** The leader of our party looks for a match, and this is our ticket. */
  ticket: Ticket
  /** Our party has changed, or we are in another or none. */
  party: PartyEvent
  /** A round trip was measured. */
  latency: LatencyEvent
  /** Something failed that no promise can tell: a refused message that was no request, a listener that threw. */
  error: ErrorEvent
}
