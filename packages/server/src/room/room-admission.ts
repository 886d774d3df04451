import { KaosError, Op, type Presence } from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { ServerConfig } from '../config.ts'
import type { MemberNumber, RoomId, SessionId } from '../ids.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Random } from '../random.ts'
import type { Session } from '../session/session.ts'
import { asKaosError } from './as-kaos-error.ts'
import { JoinAttempt, type JoinOutcome, type JoinRequest } from './join-attempt.ts'
import { canonicalModule } from './module-name.ts'
import { Reservations } from './reservations.ts'
import { checkQuery, type FindRequest, RoomFinder } from './room-finder.ts'
import type { RoomHost } from './room-host.ts'
import type { RoomLimits } from './room-limits.ts'
import type { OccupiedSeat, RoomRecord, Seat } from './room-record.ts'
import type { RoomRegistry } from './room-registry.ts'

export interface RoomAdmissionParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
  readonly rooms: RoomRegistry
  readonly host: RoomHost
  readonly limits: RoomLimits
  /** A room has let somebody in, who has not been told yet. */
  readonly onAdmitted: (room: RoomRecord, seat: JoiningSeat) => void
  /** A newer session of the same user takes the place of a member that is away. */
  readonly onReplaced: (room: RoomRecord, member: MemberNumber) => void
}

export type JoiningSeat = Extract<Seat, { kind: 'joining' }>

/** What {@link RoomAdmission.find} is to find, or to make: its module may be written with dots. */
export type RoomWanted = Pick<FindRequest, 'module' | 'query' | 'create'>

/** Lets sessions into rooms: seats are promised, kept for a while, asked of the room, and given back when it refuses. */
export class RoomAdmission {
  readonly #parts: RoomAdmissionParts
  readonly #finder: RoomFinder
  readonly #reservations: Reservations
  readonly #attempts = new Map<Session, Set<JoinAttempt>>()
  #isClosed = false

  constructor(parts: RoomAdmissionParts) {
    const { clock, metrics, random, rooms } = parts
    this.#parts = parts
    this.#finder = new RoomFinder(rooms, clock)
    this.#reservations = new Reservations({
      clock,
      random,
      onExpired: () => metrics.reservationExpired(),
    })
  }

  /** From now on everybody is refused. */
  close(): void {
    this.#isClosed = true
  }

  /**
   * Asks one room, which may still be starting. The session is answered with RoomJoin or Error; `onSettled` follows.
   * @param reservation Of a seat of this room.
   * @throws {KaosError} ROOM_NOT_FOUND, ROOM_CLOSED, TOO_MANY_ROOMS, TOO_MANY_REQUESTS, SHUTTING_DOWN or INVALID_PAYLOAD
   */
  join(
    request: JoinRequest,
    roomId: RoomId,
    reservation: string | undefined,
    onSettled: (isAccepted: boolean) => void,
  ): void {
    this.#check(request)
    const room = this.#parts.rooms.require(roomId)
    const attempt = this.#begin(request, (outcome) => onSettled(outcome === 'accepted'))
    room.whenStarted((startError) => {
      if (attempt.isOver) return attempt.settle('gone')
      try {
        if (startError !== undefined) throw startError
        this.#seat(attempt, room.id, reservation, (outcome) => attempt.settle(outcome))
      } catch (error) {
        attempt.settle(asKaosError(error))
      }
    })
  }

  /**
   * Joins the best running room that matches and has a free seat, or has one made. The session is answered with RoomJoin
   * or Error; `onJoined` follows when it is in.
   * @throws {KaosError} TOO_MANY_ROOMS, TOO_MANY_REQUESTS, SHUTTING_DOWN or INVALID_PAYLOAD
   */
  find(request: JoinRequest, wanted: RoomWanted, onJoined: (roomId: RoomId) => void): void {
    this.#check(request)
    checkQuery(wanted.query)
    let found: RoomId | undefined
    const attempt = this.#begin(request, (outcome) => {
      if (outcome === 'accepted' && found !== undefined) onJoined(found)
    })
    this.#finder.find({
      ...wanted,
      module: canonicalModule(wanted.module),
      session: request.session,
      isOver: () => attempt.isOver,
      reserve: (room, onSettled) => this.#seat(attempt, room.id, undefined, onSettled),
      onSettled: (result) => {
        if (typeof result === 'object') return attempt.settle(result)
        found = result
        attempt.settle(result === undefined ? 'gone' : 'accepted')
      },
    })
  }

  /**
   * Keeps a seat for somebody, also in a room that is locked or still starting.
   * @param session Who may take it; undefined = whoever has the reservation.
   * @param durationMs `rooms.reservationMs` when omitted.
   * @throws {KaosError} ROOM_NOT_FOUND, ROOM_CLOSED, ROOM_FULL or SHUTTING_DOWN
   */
  reserve(
    roomId: RoomId,
    session: SessionId | undefined,
    durationMs = this.#parts.config.rooms.reservationMs,
  ): string {
    if (this.#isClosed) throw new KaosError('SHUTTING_DOWN')
    return this.#reservations.book(this.#parts.rooms.require(roomId), session, durationMs)
  }

  /** Whether nobody has used it, and it has not expired. */
  isReserved(reservation: string): boolean {
    return this.#reservations.has(reservation)
  }

  release(reservation: string): void {
    this.#reservations.release(reservation)
  }

  /** The room runs: its seats are known. */
  roomStarted(room: RoomRecord): void {
    this.#reservations.trim(room)
  }

  /** The session is gone: nothing is kept for it. A seat that a room is being asked for is given back when that answers. */
  sessionEnded(session: Session): void {
    this.#reservations.releaseAllOf(session.id)
  }

  /** The room is gone: whoever was about to come in is told why. */
  roomEnded(room: RoomRecord, error: KaosError): void {
    for (const [member, seat] of [...room.seats]) {
      if (seat.kind === 'joining') this.#refuse(room, member, seat, error)
      else if (seat.kind === 'booked') this.#reservations.release(seat.reservation)
    }
  }

  accepted(room: RoomRecord, member: MemberNumber): void {
    const seat = room.seats.get(member)
    if (seat?.kind === 'occupied') return
    if (seat?.kind === 'joining' && !seat.session.isEnded) {
      seat.attempt.admitted()
      return this.#parts.onAdmitted(room, seat)
    }
    // Nobody waits for it any more: the session has ended, or the answer came too late.
    this.#parts.host.leave(room.id, member, 'dropped')
    if (seat?.kind !== 'joining') return
    this.#giveBack(room, member, seat)
    seat.onSettled('gone')
  }

  rejected(room: RoomRecord, member: MemberNumber, error: KaosError): void {
    const seat = room.seats.get(member)
    if (seat?.kind === 'joining') this.#refuse(room, member, seat, error)
  }

  #check({ metadata, session }: JoinRequest): void {
    const { config, limits, metrics } = this.#parts
    if (this.#isClosed) throw new KaosError('SHUTTING_DOWN')
    limits.checkMetadata(metadata)
    const attempts = [...(this.#attempts.get(session) ?? [])]
    // A seat that is asked for counts as one of the session's rooms by itself.
    limits.checkRoomsOf(session, attempts.filter(({ hasSeat }) => !hasSeat).length)
    const { joinsInFlight } = config.limits
    if (attempts.length < joinsInFlight) return
    metrics.limitHit('joinsInFlight')
    throw new KaosError('TOO_MANY_REQUESTS', `${joinsInFlight} joins of this session wait for their answer`)
  }

  #begin(request: JoinRequest, onSettled: (outcome: JoinOutcome) => void): JoinAttempt {
    const { clock, config, metrics } = this.#parts
    const { session, requestId } = request
    const limit = {
      clock,
      timeoutMs: config.limits.joinTimeoutMs,
      onTimeout: () => metrics.limitHit('joinTimeoutMs'),
    }
    const attempt: JoinAttempt = new JoinAttempt(request, limit, (outcome) => {
      attempts.delete(attempt)
      if (attempts.size === 0) this.#attempts.delete(session)
      if (outcome instanceof KaosError) session.link.sendError(outcome, Op.RoomJoin, requestId)
      onSettled(outcome)
    })
    const attempts = this.#attempts.get(session) ?? new Set()
    this.#attempts.set(session, attempts.add(attempt))
    return attempt
  }

  /** Promises a seat and asks the room. @throws {KaosError} when there is none to be had */
  #seat(
    attempt: JoinAttempt,
    roomId: RoomId,
    reservation: string | undefined,
    onSettled: (outcome: JoinOutcome) => void,
  ): void {
    // It may have waited for the room to start, or for another to refuse it.
    if (this.#isClosed) throw new KaosError('SHUTTING_DOWN')
    const { host, rooms } = this.#parts
    const { metadata, password, session } = attempt.request
    const room = rooms.require(roomId)
    if (session.membershipOf(roomId) !== undefined) throw new KaosError('ROOM_ALREADY_JOINED')
    const member = this.#memberFor(room, session, reservation)
    const { handle } = session.addMembership(roomId, member)
    const { userId, username } = session.identity
    const presence: Presence = { member, session: session.id, user_id: userId, username, metadata }
    const seat: JoiningSeat = {
      kind: 'joining',
      session,
      handle,
      presence,
      attempt,
      onSettled: (outcome) => {
        if (outcome !== 'accepted') attempt.unseated()
        onSettled(outcome)
      },
    }
    room.seats.set(member, seat)
    attempt.seated(() => this.#giveBack(room, member, seat))
    host.join(roomId, { member, sessionId: session.id, userId, username, metadata, password })
  }

  #memberFor(room: RoomRecord, session: Session, reservation: string | undefined): MemberNumber {
    const reserved =
      reservation === undefined ? undefined : this.#reservations.take(reservation, room, session.id)
    const isBack = this.#replaceAway(room, session)
    if (reserved !== undefined) return reserved
    // Who was in before the room was locked is no stranger to it.
    if (room.traits.isLocked === true && !isBack) throw new KaosError('ROOM_LOCKED')
    if (room.emptySeats <= 0) {
      throw new KaosError('ROOM_FULL', `all ${room.traits.maxPlayers} seats of the room are taken`)
    }
    return room.nextMember()
  }

  /** Takes out a member that is away and whose user is back with another session. @returns whether there was one */
  #replaceAway(room: RoomRecord, { identity }: Session): boolean {
    if (!identity.isAuthenticated) return false
    const isOlder = (seat: Seat): seat is OccupiedSeat =>
      seat.kind === 'occupied' && seat.session.isAway && seat.session.identity.userId === identity.userId
    const older = [...room.seats.values()]
      .filter(isOlder)
      .filter(({ session }) => session.identity.isAuthenticated)
    for (const { presence } of older) this.#parts.onReplaced(room, presence.member)
    return older.length > 0
  }

  #refuse(room: RoomRecord, member: MemberNumber, seat: JoiningSeat, error: KaosError): void {
    this.#giveBack(room, member, seat)
    seat.onSettled(error)
  }

  #giveBack(room: RoomRecord, member: MemberNumber, seat: JoiningSeat): void {
    if (room.seats.get(member) === seat) room.seats.delete(member)
    seat.session.removeMembership(seat.handle)
  }
}
