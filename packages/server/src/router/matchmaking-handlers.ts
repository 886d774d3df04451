import { type ClientPayload, KaosError } from '@kaosnet/protocol'
import { isSessionId, type SessionId } from '../ids.ts'
import type { MatchmakerService } from '../matchmaker/matchmaker-service.ts'
import type { PartyService } from '../party/party-service.ts'
import type { Session } from '../session/session.ts'
import { type HookedRequests, withoutId } from './hooked-requests.ts'

export interface MatchmakingHandlersParts {
  readonly hooked: HookedRequests
  readonly matchmaker: MatchmakerService
  readonly parties: PartyService
}

/** Requests about parties and matchmaker tickets: before-hook, action, answer, after-hook. */
export class MatchmakingHandlers {
  readonly #parts: MatchmakingHandlersParts

  constructor(parts: MatchmakingHandlersParts) {
    this.#parts = parts
  }

  async matchmakerAdd(session: Session, request: ClientPayload<'MatchmakerAdd'>): Promise<void> {
    const { hooked, matchmaker } = this.#parts
    const checked = await hooked.before('matchmaker_add', 'MatchmakerAdd', session, request)
    if (session.isEnded) return
    try {
      matchmaker.add(session, checked)
    } catch (cause) {
      throw checked === request ? cause : invalidTicket(cause)
    }
    hooked.after('matchmaker_add', session, withoutId(checked))
  }

  async matchmakerRemove(session: Session, request: ClientPayload<'MatchmakerRemove'>): Promise<void> {
    const { hooked, matchmaker } = this.#parts
    const { ticket } = await hooked.before('matchmaker_remove', 'MatchmakerRemove', session, request)
    matchmaker.remove(session, request.id, ticket)
    hooked.after('matchmaker_remove', session, { ticket })
  }

  async party(session: Session, request: ClientPayload<'Party'>): Promise<void> {
    const { hooked } = this.#parts
    const checked = await hooked.before('party', 'Party', session, request)
    if (session.isEnded) return
    this.#party(session, checked)
    hooked.after('party', session, withoutId(checked))
  }

  #party(session: Session, { action, id, max, party, session: target }: ClientPayload<'Party'>): void {
    const { parties } = this.#parts
    switch (action) {
      case 'create':
        return parties.create(session, id, max)
      case 'join':
        if (party === undefined) throw new KaosError('INVALID_PAYLOAD', 'party: expected its id')
        return parties.join(session, id, party)
      case 'leave':
        return parties.leave(session, id)
      case 'kick':
        return parties.kick(session, id, requireSessionId(target))
      case 'promote':
        return parties.promote(session, id, requireSessionId(target))
      default:
        return action satisfies never
    }
  }
}

function requireSessionId(text = ''): SessionId {
  if (!isSessionId(text))
    throw new KaosError('INVALID_PAYLOAD', 'session: expected 16 hex digits in lower case')
  return text
}

/** What a hook has written is no fault of the client's. */
function invalidTicket(cause: unknown): unknown {
  if (!(cause instanceof KaosError) || cause.error !== 'INVALID_PAYLOAD') return cause
  const why = `the before-hook of matchmaker_add returned an invalid ticket: ${cause.message}`
  return new KaosError('HOOK_FAILED', why, { cause })
}
