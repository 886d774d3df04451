import { KaosError } from '@kaosnet/protocol'
import type { ServerConfig } from '../config.ts'
import type { SessionId } from '../ids.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Random } from '../random.ts'
import type { Session } from '../session/session.ts'
import { type Party, partyFrame } from './party.ts'

export interface PartyServiceParts {
  readonly config: Pick<ServerConfig, 'limits'>
  readonly random: Random
  readonly metrics: Pick<Metrics, 'limitHit'>
  /** The session has come or gone; that the leader or a connection is another does not count. */
  readonly onMembersChanged: (party: Party, session: Session) => void
}

const DEFAULT_MAX = 8

/**
 * The parties of this node (docs/protocol.md#parties). A session is in one at a time; one that ends leaves its party. Every
 * change is told to all members with the whole party, so nobody has to add changes up.
 */
export class PartyService {
  readonly #parts: PartyServiceParts
  readonly #parties = new Map<string, Party>()
  readonly #partyOf = new Map<Session, Party>()

  constructor(parts: PartyServiceParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#parties.size
  }

  of(session: Session): Party | undefined {
    return this.#partyOf.get(session)
  }

  /** @throws {KaosError} PARTY_ALREADY_JOINED or INVALID_PAYLOAD */
  create(session: Session, requestId: number, max: number | undefined): void {
    const { config, metrics, random } = this.#parts
    const { partyMembers } = config.limits
    this.#requireNone(session)
    if (max !== undefined && max > partyMembers) {
      metrics.limitHit('partyMembers')
      throw new KaosError('INVALID_PAYLOAD', `max: a party has at most ${partyMembers} members, got ${max}`)
    }
    const id = random.uuid()
    const party = {
      id,
      max: max ?? Math.min(DEFAULT_MAX, partyMembers),
      leader: session,
      members: new Set([session]),
    }
    this.#parties.set(id, party)
    this.#partyOf.set(session, party)
    tell(session, party, requestId)
  }

  /** @throws {KaosError} PARTY_ALREADY_JOINED, PARTY_NOT_FOUND or PARTY_FULL */
  join(session: Session, requestId: number, id: string): void {
    this.#requireNone(session)
    const party = this.#parties.get(id)
    if (party === undefined) throw new KaosError('PARTY_NOT_FOUND')
    if (party.members.size >= party.max) {
      throw new KaosError('PARTY_FULL', `the party has ${party.max} members, as many as it may have`)
    }
    party.members.add(session)
    this.#partyOf.set(session, party)
    tell(session, party, requestId)
    tellOthers(party, session)
    this.#parts.onMembersChanged(party, session)
  }

  /** @throws {KaosError} PARTY_NOT_JOINED */
  leave(session: Session, requestId: number): void {
    const party = this.#require(session)
    session.link.sendControl('Party', { id: requestId, reason: 'left' })
    this.#remove(party, session)
  }

  /** @throws {KaosError} PARTY_NOT_JOINED, PARTY_LEADER_ONLY or INVALID_PAYLOAD for one who is no member */
  kick(session: Session, requestId: number, target: SessionId): void {
    const { party, member } = this.#ledMember(session, target)
    if (member === session) throw new KaosError('INVALID_PAYLOAD', 'session: a leader leaves instead')
    member.link.sendControl('Party', { id: 0, reason: 'kicked' })
    this.#remove(party, member, session)
    tell(session, party, requestId)
  }

  /** @throws {KaosError} PARTY_NOT_JOINED, PARTY_LEADER_ONLY or INVALID_PAYLOAD for one who is no member */
  promote(session: Session, requestId: number, target: SessionId): void {
    const { party, member } = this.#ledMember(session, target)
    party.leader = member
    tell(session, party, requestId)
    tellOthers(party, session)
  }

  /** The session is gone: it leaves its party. */
  sessionEnded(session: Session): void {
    const party = this.#partyOf.get(session)
    if (party !== undefined) this.#remove(party, session)
  }

  /** The connection of a session is lost, or it is back. */
  sessionChanged(session: Session): void {
    const party = this.#partyOf.get(session)
    // It is told too: what it missed may say that it is away.
    if (party !== undefined) tellOthers(party, session.isAway ? session : undefined)
  }

  /** @param except Is told by its reply. */
  #remove(party: Party, session: Session, except?: Session): void {
    party.members.delete(session)
    this.#partyOf.delete(session)
    const [oldest] = party.members
    if (oldest === undefined) this.#parties.delete(party.id)
    else if (party.leader === session) party.leader = oldest
    tellOthers(party, except)
    this.#parts.onMembersChanged(party, session)
  }

  #requireNone(session: Session): void {
    if (this.#partyOf.has(session)) throw new KaosError('PARTY_ALREADY_JOINED')
  }

  #require(session: Session): Party {
    const party = this.#partyOf.get(session)
    if (party === undefined) throw new KaosError('PARTY_NOT_JOINED')
    return party
  }

  #ledMember(session: Session, target: SessionId): { party: Party; member: Session } {
    const party = this.#require(session)
    if (party.leader !== session) throw new KaosError('PARTY_LEADER_ONLY')
    for (const member of party.members) if (member.id === target) return { party, member }
    throw new KaosError('INVALID_PAYLOAD', 'session: no member of the party')
  }
}

function tell(session: Session, party: Party, requestId: number): void {
  session.link.sendControl('Party', partyFrame(party, requestId))
}

function tellOthers(party: Party, except: Session | undefined): void {
  for (const member of party.members) if (member !== except) tell(member, party, 0)
}
