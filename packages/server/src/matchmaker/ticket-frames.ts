import { encodeServerFrame, KaosError, type MatchedPlayer, WireLimits } from '@kaosnet/protocol'
import type { RoomId } from '../ids.ts'
import { clipUtf8 } from '../peer/peer.ts'
import type { Session } from '../session/session.ts'
import type { SessionTicket } from './session-ticket.ts'

// What sessions are told of their tickets.

/** A seat in the room of a match, for one of its players. */
export interface MatchInvitation {
  readonly roomId: RoomId
  readonly reservation: string
  readonly expiresMs: number
  readonly players: readonly MatchedPlayer[]
}

/** @param error Undefined when the ticket was taken back. @param except Knows already. */
export function tellEnded(
  ticket: SessionTicket,
  error: KaosError | undefined,
  except: Session | undefined,
): void {
  for (const session of ticket.sessions) {
    if (session === except || session.isEnded) continue
    session.link.sendControl('MatchmakerTicket', {
      ticket: ticket.id,
      state: 'ended',
      code: error?.code ?? 0,
      message: error === undefined ? undefined : clipUtf8(error.message, WireLimits.reasonBytes),
    })
  }
}

export function tellMatched(session: Session, ticket: SessionTicket, invitation: MatchInvitation): void {
  session.link.sendControl('MatchmakerTicket', {
    ticket: ticket.id,
    state: 'matched',
    room_id: invitation.roomId,
    reservation: invitation.reservation,
    expires_ms: invitation.expiresMs,
    players: playersThatFit(invitation.players),
  })
}

/** Everything of a frame but its players. */
const FRAME_BYTES = 1_024

/** A long list goes without properties, and is cut when that is not enough. */
function playersThatFit(players: readonly MatchedPlayer[]): readonly MatchedPlayer[] {
  if (fits(players)) return players
  const bare = players.map(({ properties: _, ...player }) => player)
  while (!fits(bare)) bare.pop()
  return bare
}

function fits(players: readonly MatchedPlayer[]): boolean {
  const bound = WireLimits.payloadBytes - FRAME_BYTES
  try {
    const frame = encodeServerFrame('MatchmakerTicket', { ticket: '', state: 'matched', players })
    return frame.length <= bound
  } catch (error) {
    if (error instanceof KaosError && error.error === 'PAYLOAD_TOO_LARGE') return false
    throw error
  }
}
