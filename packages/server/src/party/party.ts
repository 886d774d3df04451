import type { ServerPayload } from '@kaosnet/protocol'
import type { Session } from '../session/session.ts'

/** Sessions that stay together. */
export interface Party {
  /** A UUID; whoever knows it may join. */
  readonly id: string
  readonly max: number
  /** Who has been in longest comes first. */
  readonly members: Set<Session>
  leader: Session
}

/** A party as its members are told of it. */
export function partyFrame(party: Party, requestId: number): ServerPayload<'Party'> {
  return {
    id: requestId,
    party: party.id,
    leader: party.leader.id,
    max: party.max,
    members: Array.from(party.members, ({ id, identity, isAway }) => ({
      session: id,
      user_id: identity.userId,
      username: identity.username,
      is_away: isAway ? true : undefined,
    })),
  }
}
