import { KaosError, WireLimits } from '@kaosnet/protocol'
import type { Clock, TimerHandle } from '../clock.ts'
import type { MemberNumber, SessionId } from '../ids.ts'
import type { Random } from '../random.ts'
import type { RoomRecord } from './room-record.ts'

export interface ReservationsParts {
  readonly clock: Clock
  readonly random: Random
  /** Nobody came for a seat in time. */
  readonly onExpired: () => void
}

interface Reservation {
  readonly room: RoomRecord
  readonly member: MemberNumber
  /** undefined = for whoever brings it. */
  readonly session: SessionId | undefined
  readonly expiry: TimerHandle
}

const MAX_DURATION_MS = 3_600_000

/** @throws {KaosError} INVALID_PAYLOAD */
export function checkedReservationMs(durationMs: number): number {
  if (durationMs > 0 && durationMs <= MAX_DURATION_MS) return durationMs
  throw new KaosError(
    'INVALID_PAYLOAD',
    `a seat is reserved for up to ${MAX_DURATION_MS / 1000} seconds, got ${durationMs / 1000}`,
  )
}

/** Seats that are kept for somebody who has not asked for them yet, each until it expires. */
export class Reservations {
  readonly #parts: ReservationsParts
  readonly #byToken = new Map<string, Reservation>()
  readonly #bySession = new Map<SessionId, Set<string>>()

  constructor(parts: ReservationsParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#byToken.size
  }

  /**
   * Keeps a seat. A room that is still starting may be booked beyond the seats it will turn out to have: see {@link trim}.
   * @param session Who may take it; undefined = whoever has the token.
   * @returns a token that nobody can guess
   * @throws {KaosError} ROOM_FULL
   */
  book(room: RoomRecord, session: SessionId | undefined, durationMs: number): string {
    const isOpen = room.phase === 'creating' ? room.seats.size < WireLimits.memberNumber : room.emptySeats > 0
    if (!isOpen) throw new KaosError('ROOM_FULL', `all ${room.traits.maxPlayers} seats of the room are taken`)
    const { clock, random, onExpired } = this.#parts
    const token = random.token()
    const member = room.nextMember()
    const expiry = clock.setTimer(() => {
      this.release(token)
      onExpired()
    }, durationMs)
    room.seats.set(member, { kind: 'booked', reservation: token })
    this.#byToken.set(token, { room, member, session, expiry })
    if (session !== undefined) {
      const tokens = this.#bySession.get(session) ?? new Set()
      this.#bySession.set(session, tokens.add(token))
    }
    return token
  }

  /**
   * Uses a reservation up.
   * @returns the member number of its seat, which is the caller's to fill
   * @throws {KaosError} RESERVATION_INVALID, and the reservation, if there is one, stays as it is
   */
  take(token: string, room: RoomRecord, session: SessionId): MemberNumber {
    const reservation = this.#byToken.get(token)
    const isForSession = reservation?.session === undefined || reservation.session === session
    if (reservation === undefined || reservation.room !== room || !isForSession) {
      throw new KaosError('RESERVATION_INVALID')
    }
    this.#forget(token, reservation)
    return reservation.member
  }

  has(token: string): boolean {
    return this.#byToken.has(token)
  }

  /** Gives the seat back. */
  release(token: string): void {
    const reservation = this.#byToken.get(token)
    if (reservation === undefined) return
    this.#forget(token, reservation)
    reservation.room.seats.delete(reservation.member)
  }

  releaseAllOf(session: SessionId): void {
    for (const token of [...(this.#bySession.get(session) ?? [])]) this.release(token)
  }

  /** The room has started, and has the seats it has: what was booked beyond them, last, is void. */
  trim(room: RoomRecord): void {
    for (const seat of [...room.seats.values()].reverse()) {
      if (room.emptySeats >= 0) return
      if (seat.kind === 'booked') this.release(seat.reservation)
    }
  }

  #forget(token: string, { expiry, session }: Reservation): void {
    expiry.cancel()
    this.#byToken.delete(token)
    if (session === undefined) return
    const tokens = this.#bySession.get(session)
    tokens?.delete(token)
    if (tokens?.size === 0) this.#bySession.delete(session)
  }
}
