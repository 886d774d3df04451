import { type ClientPayload, KaosError, type MatchedPlayer } from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { ServerConfig } from '../config.ts'
import { isRoomId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Party } from '../party/party.ts'
import type { PartyService } from '../party/party-service.ts'
import type { Random } from '../random.ts'
import { asKaosError } from '../room/as-kaos-error.ts'
import { canonicalModule } from '../room/module-name.ts'
import type { RoomGateway } from '../room/room-gateway.ts'
import type { CallerInfo } from '../room/room-host.ts'
import type { RoomRecord } from '../room/room-record.ts'
import type { HookMessage, HookPipeline } from '../router/hook-pipeline.ts'
import type { Session } from '../session/session.ts'
import { Matchmaker } from './matchmaker.ts'
import { matchedPlayers, type SessionTicket, sessionTicket } from './session-ticket.ts'
import { tellEnded, tellMatched } from './ticket-frames.ts'

export interface MatchmakerServiceParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly hooks: HookPipeline
  readonly rooms: RoomGateway
  readonly parties: PartyService
}

/** A match on its way to its room. */
interface Match {
  readonly tickets: readonly SessionTicket[]
  readonly players: readonly MatchedPlayer[]
}

/** A seat that is kept for one session of a match. */
interface MatchSeat {
  readonly ticket: SessionTicket
  readonly session: Session
  readonly reservation: string
}

/** What hooks of matches see as their caller: nobody. */
const NOBODY: CallerInfo = {
  sessionId: '' as CallerInfo['sessionId'],
  userId: '',
  username: '',
  vars: {},
  isAuthenticated: false,
  clientAddress: '',
  transport: '',
}

/**
 * Tickets of sessions and parties (docs/matchmaker.md): takes them in, has a room made when some of them are a match, keeps
 * a seat there for everybody, and tells them. A ticket ends with its session, and that of a party when its members change.
 */
export class MatchmakerService {
  readonly #parts: MatchmakerServiceParts
  readonly #matchmaker: Matchmaker<SessionTicket>
  readonly #tickets = new Map<string, SessionTicket>()
  readonly #ticketsOf = new Map<Session, Set<SessionTicket>>()
  #isClosed = false

  constructor(parts: MatchmakerServiceParts) {
    const { clock, config, metrics } = parts
    this.#parts = parts
    this.#matchmaker = new Matchmaker<SessionTicket>({
      clock,
      config: config.matchmaker,
      onMatched: (tickets) => this.#matched(tickets),
      onExpired: (ticket) => {
        metrics.limitHit('matchmakerTicketMaxMs')
        this.#end(ticket, new KaosError('TICKET_EXPIRED'))
      },
    })
  }

  /** Tickets that wait. */
  get size(): number {
    return this.#tickets.size
  }

  /**
   * Hands in a ticket, for the session or for its whole party. The session is answered, the other members are told.
   * @throws {KaosError} ROOM_MODULE_NOT_FOUND, ROOM_CREATE_DENIED, PARTY_NOT_JOINED, PARTY_LEADER_ONLY, TOO_MANY_REQUESTS,
   *   MATCHMAKER_FULL, SHUTTING_DOWN, or INVALID_PAYLOAD for sizes that cannot be and queries that cannot be read
   */
  add(session: Session, request: ClientPayload<'MatchmakerAdd'>): void {
    const { hooks, parties, random, rooms } = this.#parts
    if (this.#isClosed) throw new KaosError('SHUTTING_DOWN')
    const module = canonicalModule(request.module)
    rooms.requireModule(module)
    if (!this.#mayClientsCreate && !hooks.hasBefore('matchmaker_matched'))
      throw new KaosError('ROOM_CREATE_DENIED')
    const party = request.party === true ? partyLedBy(session, parties) : undefined
    const ticket = sessionTicket(random.uuid(), module, session, party, request)
    this.#checkLimits(ticket)
    this.#matchmaker.add(ticket)
    this.#tickets.set(ticket.id, ticket)
    for (const one of ticket.sessions) {
      const tickets = this.#ticketsOf.get(one) ?? new Set()
      this.#ticketsOf.set(one, tickets.add(ticket))
    }
    session.link.sendControl('MatchmakerAdd', { id: request.id, ticket: ticket.id })
    for (const one of ticket.sessions) {
      if (one !== session) one.link.sendControl('MatchmakerTicket', { ticket: ticket.id, state: 'waiting' })
    }
  }

  /**
   * Takes a ticket back. The session is answered, the other members of its party are told.
   * @throws {KaosError} TICKET_NOT_FOUND or PARTY_LEADER_ONLY
   */
  remove(session: Session, requestId: number, id: string): void {
    const ticket = this.#tickets.get(id)
    if (ticket?.sessions.includes(session) !== true) throw new KaosError('TICKET_NOT_FOUND')
    if (ticket.owner !== session) throw new KaosError('PARTY_LEADER_ONLY')
    session.link.sendControl('MatchmakerRemove', { id: requestId })
    this.#end(ticket, undefined, session)
  }

  /** The session is gone, and with it its tickets; those of its party end with {@link partyChanged}. */
  sessionEnded(session: Session): void {
    for (const ticket of [...(this.#ticketsOf.get(session) ?? [])]) {
      this.#end(ticket, new KaosError('TICKET_PARTY_CHANGED'), session)
    }
  }

  /** A session has come or gone: the tickets were for those that the party had. */
  partyChanged(party: Party, session: Session): void {
    for (const one of [session, ...party.members]) {
      for (const ticket of [...(this.#ticketsOf.get(one) ?? [])]) {
        if (ticket.party === party) this.#end(ticket, new KaosError('TICKET_PARTY_CHANGED'))
      }
    }
  }

  /** Ends every ticket; from now on there are no others. */
  close(): void {
    this.#isClosed = true
    for (const ticket of [...this.#tickets.values()]) this.#end(ticket, new KaosError('SHUTTING_DOWN'))
    this.#matchmaker.close()
  }

  get #mayClientsCreate(): boolean {
    return this.#parts.config.rooms.allowClientCreate
  }

  #checkLimits(ticket: SessionTicket): void {
    const { config, metrics } = this.#parts
    const { matchmakerTickets, ticketsPerSession } = config.limits
    if (this.#tickets.size >= matchmakerTickets) {
      metrics.limitHit('matchmakerTickets')
      throw new KaosError('MATCHMAKER_FULL', `at most ${matchmakerTickets} tickets wait at once`)
    }
    const fullest = Math.max(...ticket.sessions.map((session) => this.#ticketsOf.get(session)?.size ?? 0))
    if (fullest < ticketsPerSession) return
    metrics.limitHit('ticketsPerSession')
    throw new KaosError('TOO_MANY_REQUESTS', `a session has at most ${ticketsPerSession} matchmaker tickets`)
  }

  /** @param except Knows already. */
  #end(ticket: SessionTicket, error: KaosError | undefined, except?: Session): void {
    this.#matchmaker.remove(ticket.id)
    this.#forget(ticket)
    tellEnded(ticket, error, except)
  }

  #forget(ticket: SessionTicket): void {
    this.#tickets.delete(ticket.id)
    for (const session of ticket.sessions) {
      const tickets = this.#ticketsOf.get(session)
      tickets?.delete(ticket)
      if (tickets?.size === 0) this.#ticketsOf.delete(session)
    }
  }

  #matched(tickets: readonly SessionTicket[]): void {
    for (const ticket of tickets) this.#forget(ticket)
    const match = { tickets, players: matchedPlayers(tickets) }
    this.#parts.metrics.matchMade(tickets[0]?.module ?? '', match.players.length)
    this.#makeRoom(match).catch((error: unknown) => {
      const refusal = asKaosError(error)
      this.#parts.logger.warn(
        { module: tickets[0]?.module, players: match.players.length, error: String(error) },
        'a match got no room',
      )
      for (const ticket of tickets) tellEnded(ticket, refusal, undefined)
    })
  }

  /** @throws {KaosError} what keeps the room from being made, or from having the seats */
  async #makeRoom(match: Match): Promise<void> {
    const { config, hooks, rooms } = this.#parts
    const { reservationMs } = config.rooms
    const message = await this.#hooked(match)
    const room = this.#roomOf(message, match)
    // At once, so that nobody else takes the seats while the room starts; whoever made it wait shall not run out of time.
    const seats = this.#reserveSeats(room, match, reservationMs + config.limits.requestTimeoutMs)
    try {
      await started(room)
      if (!seats.every(({ reservation }) => rooms.admission.isReserved(reservation))) {
        throw new KaosError(
          'ROOM_FULL',
          `the room has ${room.traits.maxPlayers} seats, too few for the match`,
        )
      }
    } catch (error) {
      for (const { reservation } of seats) rooms.admission.release(reservation)
      throw error
    }
    for (const { ticket, session, reservation } of seats) {
      tellMatched(session, ticket, {
        roomId: room.id,
        reservation,
        expiresMs: reservationMs,
        players: match.players,
      })
    }
    hooks.after('matchmaker_matched', NOBODY, { ...message, room_id: room.id })
  }

  async #hooked({ tickets, players }: Match): Promise<HookMessage> {
    const [oldest] = tickets
    const message = { module: oldest?.module ?? '', params: oldest?.params ?? {}, players }
    const { hooks } = this.#parts
    return hooks.hasBefore('matchmaker_matched')
      ? hooks.before('matchmaker_matched', NOBODY, message)
      : message
  }

  /** The room that the hook has named, or a new one. */
  #roomOf({ room_id: roomId, module, params }: HookMessage, { players }: Match): RoomRecord {
    const { rooms } = this.#parts
    if (roomId !== undefined) {
      if (typeof roomId === 'string' && isRoomId(roomId)) return rooms.require(roomId)
      throw new KaosError(
        'HOOK_FAILED',
        'the before-hook of matchmaker_matched returned a room_id that is none',
      )
    }
    if (!this.#mayClientsCreate) throw new KaosError('ROOM_CREATE_DENIED')
    if (typeof module !== 'string' || typeof params !== 'object' || params === null) {
      throw new KaosError(
        'HOOK_FAILED',
        'the before-hook of matchmaker_matched returned no module or no params',
      )
    }
    return rooms.create(module, params, undefined, { players })
  }

  /** Players whose session has ended meanwhile need none. */
  #reserveSeats(room: RoomRecord, { tickets }: Match, durationMs: number): MatchSeat[] {
    const { admission } = this.#parts.rooms
    const seats: MatchSeat[] = []
    try {
      for (const ticket of tickets) {
        for (const session of ticket.sessions) {
          if (session.isEnded) continue
          const reservation = admission.reserve(room.id, session.id, durationMs)
          seats.push({ ticket, session, reservation })
        }
      }
    } catch (error) {
      for (const { reservation } of seats) admission.release(reservation)
      throw error
    }
    return seats
  }
}

/** @throws {KaosError} PARTY_NOT_JOINED or PARTY_LEADER_ONLY */
function partyLedBy(session: Session, parties: PartyService): Party {
  const party = parties.of(session)
  if (party === undefined) throw new KaosError('PARTY_NOT_JOINED')
  if (party.leader !== session) throw new KaosError('PARTY_LEADER_ONLY')
  return party
}

function started(room: RoomRecord): Promise<void> {
  return new Promise((resolve, reject) => {
    room.whenStarted((error) => (error === undefined ? resolve() : reject(error)))
  })
}
