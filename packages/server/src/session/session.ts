import type { MemberNumber, RoomHandle, RoomId, SessionId } from '../ids.ts'
import type { Peer } from '../peer/peer.ts'
import type { SessionLink } from './session-link.ts'

/** Who a session is. */
export interface Identity {
  readonly userId: string
  readonly username: string
  readonly vars: Readonly<Record<string, string>>
  readonly isAuthenticated: boolean
}

/** A session's place in one room, from the moment it asks to join. */
export interface Membership {
  readonly roomId: RoomId
  readonly handle: RoomHandle
  readonly member: MemberNumber
}

const HANDLES = 65_535

/** One client's stay on the server: its identity, the way to it and the rooms it is in. It outlives its connections. */
export class Session {
  readonly id: SessionId
  readonly identity: Identity
  readonly link: SessionLink
  readonly startedUnixMs: number
  /** Made with the first room. */
  #byHandle: Map<RoomHandle, Membership> | undefined
  #lastHandle = 0
  #highestHandle = 0
  #isEnded = false

  constructor(id: SessionId, identity: Identity, link: SessionLink, startedUnixMs: number) {
    this.id = id
    this.identity = identity
    this.link = link
    this.startedUnixMs = startedUnixMs
  }

  /** The present connection, or the last one while the session is away. */
  get peer(): Peer {
    return this.link.peer
  }

  /** Its connection is lost, and it may come back. */
  get isAway(): boolean {
    return this.link.isAway
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  markEnded(): void {
    this.#isEnded = true
  }

  get roomCount(): number {
    return this.#byHandle?.size ?? 0
  }

  get memberships(): Iterable<Membership> {
    return this.#byHandle?.values() ?? []
  }

  membership(handle: RoomHandle): Membership | undefined {
    return this.#byHandle?.get(handle)
  }

  membershipOf(roomId: RoomId): Membership | undefined {
    for (const membership of this.memberships) if (membership.roomId === roomId) return membership
    return undefined
  }

  /** Handles go round, so that a late frame for a room that ended does not reach a newer one. */
  addMembership(roomId: RoomId, member: MemberNumber): Membership {
    this.#byHandle ??= new Map()
    do this.#lastHandle = (this.#lastHandle % HANDLES) + 1
    while (this.#byHandle.has(this.#lastHandle) || this.link.isLaneInUse(this.#lastHandle))
    this.#highestHandle = Math.max(this.#highestHandle, this.#lastHandle)
    const membership = { roomId, handle: this.#lastHandle, member }
    this.#byHandle.set(membership.handle, membership)
    return membership
  }

  /** Whether a handle has ever been given out: data for it may still be under way after the room has ended. */
  hasUsed(handle: RoomHandle): boolean {
    return handle >= 1 && handle <= this.#highestHandle
  }

  removeMembership(handle: RoomHandle): void {
    this.#byHandle?.delete(handle)
  }
}
