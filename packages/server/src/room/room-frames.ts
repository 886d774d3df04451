import {
  type Departure,
  encodeServerFrame,
  type KaosError,
  type LeaveReason,
  type Presence,
  patchRoomHandle,
  WireLimits,
} from '@kaosnet/protocol'
import { clipUtf8 } from '../peer/peer.ts'
import type { Delivery } from '../peer/transport.ts'
import type { RoomRecord, Seat } from './room-record.ts'

// What the members of a room are told. Everything about one room travels on its own lane.

type ReservedSeat = Extract<Seat, { kind: 'reserved' }>
type OccupiedSeat = Extract<Seat, { kind: 'occupied' }>

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
export function welcome(room: RoomRecord, seat: ReservedSeat, others: readonly Presence[]): void {
  const { handle, presence, requestId, session } = seat
  const [first = [], ...rest] = splitPresences([presence, ...others])
  session.peer.sendControl(
    'RoomJoin',
    {
      id: requestId,
      room_id: room.id,
      room: handle,
      module: room.module,
      label: room.traits.label,
      tick_hz: room.traits.tickHz,
      max_players: room.traits.maxPlayers,
      member: presence.member,
      members: first,
    },
    handle,
  )
  for (const joins of rest) {
    session.peer.sendControl('RoomPresence', { room: handle, joins, leaves: [] }, handle)
  }
  if (room.stateFrame === undefined) return
  patchRoomHandle(room.stateFrame, handle)
  session.peer.send(room.stateFrame, 'reliable', handle)
}

/** Tells every member but one who came or went. */
export function announce(
  room: RoomRecord,
  except: number,
  joins: readonly Presence[],
  leaves: readonly Departure[],
): void {
  for (const [member, seat] of room.seats) {
    if (member === except || seat.kind !== 'occupied') continue
    seat.session.peer.sendControl('RoomPresence', { room: seat.handle, joins, leaves }, seat.handle)
  }
}

/** Tells a member that it is out, and why. */
export function sayLeft(
  seat: OccupiedSeat,
  reason: LeaveReason,
  requestId: number,
  error: KaosError | undefined,
): void {
  seat.session.peer.sendControl(
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
  seat.session.peer.send(frame, delivery, seat.handle)
}
