import {
  type Departure,
  encodeServerFrame,
  type KaosError,
  type LeaveReason,
  type Presence,
  patchRoomHandle,
  type ServerPayload,
  WireLimits,
} from '@kaosnet/protocol'
import { clipUtf8 } from '../peer/peer.ts'
import type { Delivery } from '../peer/transport.ts'
import type { OccupiedSeat, RoomRecord, Seat } from './room-record.ts'

// What the members of a room are told. Everything about one room travels on its own lane.

type JoiningSeat = Extract<Seat, { kind: 'joining' }>

/** Presences that one frame may carry: leaves room for the other fields below 64 KiB. */
const PRESENCE_BYTES = 48_000

/** Cuts a long list of presences into pieces that each fit one frame, by the size of their encoding. */
export function splitPresences(presences: readonly Presence[]): Presence[][] {
  const pieces: Presence[][] = []
  let piece: Presence[] = []
  let sizeBytes = 0
  for (const presence of presences) {
    const bytes = presenceBytes(presence)
    if (piece.length > 0 && sizeBytes + bytes > PRESENCE_BYTES) {
      pieces.push(piece)
      piece = []
      sizeBytes = 0
    }
    piece.push(presence)
    sizeBytes += bytes
  }
  if (piece.length > 0) pieces.push(piece)
  return pieces
}

function presenceBytes(presence: Presence): number {
  return encodeServerFrame('RoomPresence', { room: 1, joins: [presence], leaves: [] }).length
}

/** Answers a join: who is there, and the current state if the room has published one. */
export function welcome(room: RoomRecord, seat: JoiningSeat, others: readonly Presence[]): void {
  const { attempt, handle, presence, session } = seat
  const [first = [], ...rest] = splitPresences([presence, ...others])
  session.link.sendControl(
    'RoomJoin',
    {
      id: attempt.request.requestId,
      room_id: room.id,
      room: handle,
      module: room.module,
      label: room.traits.label,
      tick_hz: room.traits.tickHz,
      max_players: room.traits.maxPlayers,
      resume_window_ms: room.traits.resumeWindowMs,
      member: presence.member,
      members: first,
    },
    handle,
  )
  for (const joins of rest) {
    session.link.sendControl('RoomPresence', { room: handle, joins, leaves: [] }, handle)
  }
  if (room.stateFrame === undefined) return
  patchRoomHandle(room.stateFrame, handle)
  session.link.send(room.stateFrame, 'reliable', handle)
}

/** Tells every member but one who came or went. */
export function announce(
  room: RoomRecord,
  except: number,
  joins: readonly Presence[],
  leaves: readonly Departure[],
): void {
  announcePresence(room, except, { joins, leaves })
}

/** Tells the others that the connection of a member is lost, and its seat kept. */
export function announceAway(room: RoomRecord, member: number): void {
  announcePresence(room, member, { joins: [], leaves: [], away: [member] })
}

/** Tells the others that a member that was away is back. */
export function announceBack(room: RoomRecord, member: number): void {
  announcePresence(room, member, { joins: [], leaves: [], back: [member] })
}

function announcePresence(
  room: RoomRecord,
  except: number,
  change: Omit<ServerPayload<'RoomPresence'>, 'room'>,
): void {
  for (const [member, seat] of room.seats) {
    if (member === except || seat.kind !== 'occupied') continue
    seat.session.link.sendControl('RoomPresence', { room: seat.handle, ...change }, seat.handle)
  }
}

/** A member as those who join are told of it. */
export function presenceOf({ presence, session }: OccupiedSeat): Presence {
  return session.isAway ? { ...presence, is_away: true } : presence
}

/** Tells a member that it is out, and why. */
export function sayLeft(
  seat: OccupiedSeat,
  reason: LeaveReason,
  requestId: number,
  error: KaosError | undefined,
): void {
  seat.session.link.sendControl(
    'RoomLeave',
    {
      id: requestId,
      room: seat.handle,
      reason,
      code: error?.code,
      message: error === undefined ? undefined : clipUtf8(error.message, WireLimits.reasonBytes),
    },
    seat.handle,
  )
}

/** Sends an encoded RoomData or RoomState frame to whoever has the seat: one encoding serves all members. */
export function deliver(seat: Seat, frame: Uint8Array, delivery: Delivery): void {
  if (seat.kind !== 'occupied') return
  patchRoomHandle(frame, seat.handle)
  seat.session.link.send(frame, delivery, seat.handle)
}

/** Sends a RoomState frame; a member that is away gets only the newest when it is back. */
export function deliverState(room: RoomRecord, seat: Seat, frame: Uint8Array): void {
  if (seat.kind === 'occupied' && seat.session.isAway) room.stateMissed.add(seat.presence.member)
  else deliver(seat, frame, 'reliable')
}
