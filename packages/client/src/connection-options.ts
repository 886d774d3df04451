import type { ClientPayload, KaosError, OpName } from '@kaosnet/protocol'
import type { ClientClock } from './clock.ts'
import type { ClockSync } from './clock-sync.ts'
import type { ListenerErrorHandler } from './emitter.ts'
import type { PartyEvent, Ticket } from './matchmaking.ts'
import type { TransportDialer } from './transport.ts'

/** What every connection of a client has in common. */
export interface ConnectionOptions {
  readonly clock: ClientClock
  readonly clockSync: ClockSync
  readonly requestTimeoutMs: number
  /** Something went wrong that no request or room can report. */
  readonly onError: (error: KaosError, op: OpName | undefined) => void
  readonly onListenerError: ListenerErrorHandler
  readonly onMeasured: () => void
  /** The leader of our party has handed in a ticket. */
  readonly onTicket: (ticket: Ticket) => void
  readonly onParty: (event: PartyEvent) => void
  /** Whether a session whose connection is lost may wait for `resume()`. */
  readonly mayResume: boolean
  /** Bytes kept for the server until it has acknowledged them. */
  readonly replayBytes: number
  /** The connection is lost and the session can be resumed: it waits for `resume()`. */
  readonly onDropped: (error: KaosError) => void
  /** The session ended, and not by `close()`. */
  readonly onEnded: (error: KaosError) => void
}

/** How to reach the server, and how to introduce ourselves. */
export interface OpenOptions {
  readonly dial: TransportDialer
  readonly onFallback: (error: KaosError) => void
  readonly url: URL
  readonly signal: AbortSignal
  readonly start: Omit<ClientPayload<'SessionStart'>, 'id' | 'versions'>
}
