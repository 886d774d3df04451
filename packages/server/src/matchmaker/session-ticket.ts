import type { ClientPayload, MatchedPlayer } from '@kaosnet/protocol'
import type { Party } from '../party/party.ts'
import type { Session } from '../session/session.ts'
import type { TicketSpec } from './ticket.ts'

/** A ticket with those it is for. */
export interface SessionTicket extends TicketSpec {
  /** Who handed it in, and may take it back. */
  readonly owner: Session
  /** Everybody it is for, the owner included. */
  readonly sessions: readonly Session[]
  readonly party: Party | undefined
  /** For the module of the room, if it is this ticket that has waited longest. */
  readonly params: Readonly<Record<string, unknown>>
}

/** @param module With slashes. */
export function sessionTicket(
  id: string,
  module: string,
  owner: Session,
  party: Party | undefined,
  request: ClientPayload<'MatchmakerAdd'>,
): SessionTicket {
  const { min, max, multiple = 1, params = {}, properties = {}, query = '', widen = [] } = request
  const sessions = party === undefined ? [owner] : [...party.members]
  const stages = [
    { afterMs: 0, query },
    ...widen.map((stage) => ({ afterMs: stage.after_ms, query: stage.query })),
  ]
  return {
    id,
    module,
    min,
    max,
    multiple,
    size: sessions.length,
    properties,
    stages,
    owner,
    sessions,
    party,
    params,
  }
}

/** Everybody in a match, ticket by ticket. */
export function matchedPlayers(tickets: readonly SessionTicket[]): MatchedPlayer[] {
  return tickets.flatMap(({ sessions, party, properties }) =>
    sessions.map(({ id, identity }) => ({
      session: id,
      user_id: identity.userId,
      username: identity.username,
      party: party?.id,
      properties,
    })),
  )
}
