import type { Presence } from '@kaosnet/protocol'
import type { MemberNumber, RoomHandle, RoomId, SessionId } from '../ids.ts'
import type { Session } from '../session/session.ts'
import type { JoinAttempt, JoinOutcome } from './join-attempt.ts'
import type { RoomTraits } from './room-host.ts'

/** A place in a room. Each counts, also while nobody sits there yet. */
export type Seat =
  /** Kept for whoever comes with the reservation. */
  | { readonly kind: 'booked'; readonly reservation: string }
  /** The room is asked. */
  | {
      readonly kind: 'joining'
      readonly session: Session
      readonly handle: RoomHandle
      readonly presence: Presence
      readonly attempt: JoinAttempt
      readonly onSettled: (outcome: JoinOutcome) => void
    }
  | {
      readonly kind: 'occupied'
      readonly session: Session
      readonly handle: RoomHandle
      readonly presence: Presence
    }

export type OccupiedSeat = Extract<Seat, { kind: 'occupied' }>

export type RoomPhase = 'creating' | 'running' | 'draining' | 'closed'

const MEMBER_NUMBERS = 65_535

/** What the I/O thread knows of a room: its seats and what a joiner must be told. The game itself lives in a host. */
export class RoomRecord {
  readonly id: RoomId
  readonly module: string
  readonly createdUnixMs: number
  readonly createdBy: SessionId | undefined
  readonly seats = new Map<MemberNumber, Seat>()
  /** The newest RoomState frame; its handle is patched for each receiver. */
  stateFrame: Uint8Array | undefined
  /** Members that were away when a state was published: they are owed the newest. */
  readonly stateMissed = new Set<MemberNumber>()
  #phase: RoomPhase = 'creating'
  #traits: RoomTraits = { label: '', tickHz: 0, maxPlayers: 0, version: '' }
  #onChange: (() => void) | undefined
  #occupied = 0
  #lastMember: MemberNumber = 0
  #waiting: ((error: Error | undefined) => void)[] = []

  constructor(id: RoomId, module: string, createdUnixMs: number, createdBy: SessionId | undefined) {
    this.id = id
    this.module = module
    this.createdUnixMs = createdUnixMs
    this.createdBy = createdBy
  }

  get phase(): RoomPhase {
    return this.#phase
  }

  set phase(phase: RoomPhase) {
    this.#phase = phase
    this.#onChange?.()
  }

  get traits(): RoomTraits {
    return this.#traits
  }

  set traits(traits: RoomTraits) {
    this.#traits = traits
    this.#onChange?.()
  }

  /** Calls back at once whenever phase or traits are set; one at a time, undefined = nobody. */
  watch(onChange: (() => void) | undefined): void {
    this.#onChange = onChange
  }

  /** Members that are in. */
  get size(): number {
    return this.#occupied
  }

  /** Seats that nobody has, nor is to have. Below 0 when more were booked than there are. */
  get emptySeats(): number {
    return this.#traits.maxPlayers - this.seats.size
  }

  /** Seats that anybody may ask for. */
  get freeSeats(): number {
    return this.#traits.isLocked === true ? 0 : Math.max(0, this.emptySeats)
  }

  /** Whether lists and searches show it. */
  get isListed(): boolean {
    return this.#phase === 'running' && this.#traits.isPrivate !== true
  }

  /** Calls back when the room runs (undefined) or has failed to start. */
  whenStarted(callback: (error: Error | undefined) => void): void {
    if (this.phase === 'creating') this.#waiting.push(callback)
    else callback(undefined)
  }

  settleStart(error: Error | undefined): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const callback of waiting) callback(error)
  }

  /** Numbers go round, so that a late frame does not name a newer member. The caller has checked for a free seat. */
  nextMember(): MemberNumber {
    do this.#lastMember = (this.#lastMember % MEMBER_NUMBERS) + 1
    while (this.seats.has(this.#lastMember))
    return this.#lastMember
  }

  occupy(member: MemberNumber, seat: Extract<Seat, { kind: 'joining' }>): OccupiedSeat {
    const { session, handle, presence } = seat
    const occupied: OccupiedSeat = { kind: 'occupied', session, handle, presence }
    this.seats.set(member, occupied)
    this.#occupied++
    return occupied
  }

  free(member: MemberNumber): void {
    if (this.seats.get(member)?.kind === 'occupied') this.#occupied--
    this.seats.delete(member)
    this.stateMissed.delete(member)
  }
}
