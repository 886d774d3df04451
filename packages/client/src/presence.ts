import type { Departure as WireDeparture, Presence as WirePresence, LeaveReason } from '@kaosnet/protocol'

/** A member of a room. */
export interface Presence {
  /** The member's number in this room, 1–65,535. */
  readonly member: number
  /** 16 hex digits. */
  readonly sessionId: string
  readonly userId: string
  readonly username: string
  /** What the member gave when it joined. */
  readonly metadata: Readonly<Record<string, unknown>>
  /** Its connection is lost, and its seat is kept for it. */
  readonly isAway: boolean
}

/** A member that is no longer in the room, and why. */
export interface Departure extends Presence {
  readonly reason: LeaveReason
}

export function presenceFromWire(wire: WirePresence): Presence {
  return {
    member: wire.member,
    sessionId: wire.session,
    userId: wire.user_id,
    username: wire.username,
    metadata: wire.metadata ?? {},
    isAway: wire.is_away ?? false,
  }
}

/** @param presence what was known of the member */
export function departureFromWire(wire: WireDeparture, presence: Presence): Departure {
  return { ...presence, reason: wire.reason }
}
