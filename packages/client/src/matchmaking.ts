import { type ClientPayload, KaosError, type MatchedPlayer, type ServerPayload } from '@kaosnet/protocol'
import { abortable } from './abort.ts'
import { errorFromWire } from './errors.ts'
import type { RequestOptions } from './requests.ts'
import type { Room } from './room.ts'

/** Whom to look for: see docs/matchmaker.md. */
export interface MatchRequest {
  /** Match module of the room. Only tickets with the same one meet. */
  readonly module: string
  /** Players of a match, ourselves included. */
  readonly min: number
  readonly max: number
  /** Their number is a multiple of it; 1 when omitted. */
  readonly multiple?: number | undefined
  /** What the queries of others see as `properties.…`; at most 16. */
  readonly properties?: Readonly<Record<string, string | number>> | undefined
  /** What the others must be like: `+properties.rank:[1400 TO 1600]`. Anybody when omitted. */
  readonly query?: string | undefined
  /** Wider queries, each of which takes the place of the one before when we have waited so long; at most 7. */
  readonly widen?: readonly { readonly afterMs: number; readonly query: string }[] | undefined
  /** For the module of the room. */
  readonly params?: Record<string, unknown> | undefined
  /** For our whole party, which we lead. */
  readonly withParty?: boolean | undefined
}

/** A room with a seat for us. */
export interface Match {
  readonly roomId: string
  /** Of our seat; see {@link Ticket.join}. */
  readonly reservation: string
  /** How long it is kept from when the match was made. */
  readonly expiresMs: number
  readonly players: readonly MatchPlayer[]
}

export interface MatchPlayer {
  readonly sessionId: string
  readonly userId: string
  readonly username: string
  /** The party it came with. */
  readonly partyId: string | undefined
  readonly properties: Readonly<Record<string, string | number>>
}

export interface PartyMember {
  readonly sessionId: string
  readonly userId: string
  readonly username: string
  /** Its connection is lost, and it may come back. */
  readonly isAway: boolean
}

/** Players who stay together, as the server told of them last. */
export interface Party {
  /** Whoever knows it may join. */
  readonly id: string
  /** Session of the one who may kick, promote and look for matches. */
  readonly leader: string
  readonly max: number
  /** Who has been in longest comes first. */
  readonly members: readonly PartyMember[]
}

export interface PartyEvent {
  /** Undefined when we are in none any more. */
  readonly party: Party | undefined
  /** Why we are out: `left` by `leaveParty()` or `close()`, `kicked`, or `dropped` with the session. */
  readonly reason: 'left' | 'kicked' | 'dropped' | undefined
}

/** What a {@link Ticket} needs of its client. */
export interface TicketLink {
  /** Of our session. */
  readonly sessionId: string
  joinRoom<State, Data>(
    where: Pick<ClientPayload<'RoomJoin'>, 'room_id' | 'reservation'>,
    metadata: Record<string, unknown> | undefined,
    options: RequestOptions,
  ): Promise<Room<State, Data>>
  removeTicket(id: string, options: RequestOptions): Promise<void>
}

/** A place in the matchmaker. Made by `client.matchmake()`. */
export class Ticket {
  readonly id: string
  /** The match, or why there is none: TICKET_EXPIRED, TICKET_PARTY_CHANGED, what kept its room from being made, WRONG_STATE
   * when the ticket was taken back, or what ended the session. */
  readonly match: Promise<Match>
  readonly #link: TicketLink

  constructor(id: string, match: Promise<Match>, link: TicketLink) {
    this.id = id
    this.match = match
    this.#link = link
  }

  /**
   * Waits for the match, and takes the seat that is kept for us.
   * @param options `timeoutMs` is for joining alone; `signal` calls off the wait too, and leaves the ticket where it is.
   * @throws {KaosError} as `match`, and as joinRoom
   */
  async join<State = unknown, Data = unknown>(
    options: RequestOptions & { readonly metadata?: Record<string, unknown> | undefined } = {},
  ): Promise<Room<State, Data>> {
    const { signal } = options
    const { roomId, reservation } = await (signal ? abortable(this.match, signal) : this.match)
    return this.#link.joinRoom<State, Data>({ room_id: roomId, reservation }, options.metadata, options)
  }

  /**
   * Takes the ticket back; `match` then rejects with WRONG_STATE.
   * @throws {KaosError} TICKET_NOT_FOUND when it is over already, PARTY_LEADER_ONLY when another has handed it in
   */
  cancel(options: RequestOptions = {}): Promise<void> {
    return this.#link.removeTicket(this.id, options)
  }
}

/** What settles the match of a ticket. */
interface OpenTicket {
  resolve(match: Match): void
  reject(error: KaosError): void
}

/** The tickets and the party of one session. */
export class Matchmaking {
  party: Party | undefined
  readonly #tickets = new Map<string, OpenTicket>()
  readonly #link: TicketLink
  readonly #onTicket: (ticket: Ticket) => void
  readonly #onParty: (event: PartyEvent) => void

  constructor(
    link: TicketLink,
    events: { onTicket(ticket: Ticket): void; onParty(event: PartyEvent): void },
  ) {
    this.#link = link
    this.#onTicket = events.onTicket
    this.#onParty = events.onParty
  }

  open(id: string): Ticket {
    const match = new Promise<Match>((resolve, reject) => {
      this.#tickets.set(id, { resolve, reject })
    })
    // An application may be interested in the room only.
    match.catch(() => {})
    return new Ticket(id, match, this.#link)
  }

  /** It was taken back by us. */
  removed(id: string): void {
    this.#end(id, new KaosError('WRONG_STATE', 'the ticket was taken back'))
  }

  receiveTicket(wire: ServerPayload<'MatchmakerTicket'>): void {
    const { ticket: id, room_id, reservation, expires_ms = 0, players = [], code, message } = wire
    if (wire.state === 'waiting') this.#onTicket(this.open(id))
    else if (wire.state === 'ended') {
      if (code) this.#end(id, errorFromWire(code, message))
      else this.removed(id)
    } else if (room_id !== undefined && reservation !== undefined) {
      this.#tickets.get(id)?.resolve({
        roomId: room_id,
        reservation,
        expiresMs: expires_ms,
        players: players.map(playerFromWire),
      })
      this.#tickets.delete(id)
    }
  }

  receiveParty({ party: id, leader = '', max = 0, members = [], reason }: ServerPayload<'Party'>): void {
    this.party =
      id === undefined
        ? undefined
        : {
            id,
            leader,
            max,
            members: members.map(({ session, user_id, username, is_away = false }) => ({
              sessionId: session,
              userId: user_id,
              username,
              // Whoever hears this is back, whatever was true when it was sent.
              isAway: is_away && session !== this.#link.sessionId,
            })),
          }
    this.#onParty({ party: this.party, reason: reason as PartyEvent['reason'] })
  }

  /** The session is over. */
  close(error: KaosError, reason: 'left' | 'dropped'): void {
    for (const id of [...this.#tickets.keys()]) this.#end(id, error)
    if (this.party !== undefined) this.receiveParty({ id: 0, reason })
  }

  #end(id: string, error: KaosError): void {
    this.#tickets.get(id)?.reject(error)
    this.#tickets.delete(id)
  }
}

export function matchRequestToWire(request: MatchRequest): Omit<ClientPayload<'MatchmakerAdd'>, 'id'> {
  const { widen, withParty, ...fields } = request
  return {
    ...fields,
    widen: widen?.map(({ afterMs, query }) => ({ after_ms: afterMs, query })),
    party: withParty,
  }
}

function playerFromWire({ session, user_id, username, party, properties = {} }: MatchedPlayer): MatchPlayer {
  return { sessionId: session, userId: user_id, username, partyId: party, properties }
}
