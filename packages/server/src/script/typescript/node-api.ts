import type { RoomId } from '../../ids.ts'
import type { RoomListPage, RoomQuery, RoomView, SessionView } from '../script-services.ts'
import type { Receiver, SendOptions } from './room-messages.ts'

/** The sessions of the node. */
export interface SessionsApi {
  get(sessionId: string): SessionView | undefined
  /** Ends a session: the client is told `SESSION_KICKED` and the reason. False when there is none. */
  kick(sessionId: string, reason?: string): boolean
}

/** For whom a seat is kept, and how long. */
export interface ReserveOptions {
  /** Absent: for whoever brings the reservation. */
  readonly for?: Receiver | undefined
  /** Up to an hour. Default `rooms.reservationMs`. */
  readonly durationMs?: number | undefined
}

/** The rooms of the node. Those that take a room throw a KaosError ROOM_NOT_FOUND when there is none. */
export interface RoomsApi {
  /**
   * Returns at once; the room starts soon after, and a join of it waits until then.
   * @param params Plain data for its `init`.
   * @throws KaosError ROOM_MODULE_NOT_FOUND, TOO_MANY_ROOMS, SHUTTING_DOWN
   */
  create(module: string, params?: unknown): RoomId
  get(roomId: string): RoomView | undefined
  /**
   * Running rooms that match, at most 100: by the score of the query, then newest first.
   * @throws KaosError INVALID_PAYLOAD for a query that cannot be read; its message says where
   */
  list(query?: RoomQuery): RoomView[]
  /** The same, with the cursor that asks for the rooms after these. */
  page(query?: RoomQuery): RoomListPage
  /** Sends to members of any room. A Uint8Array goes as bytes, any other value as MessagePack. */
  send(roomId: string, op: number, data: unknown, options?: Omit<SendOptions, 'except'>): void
  /** Removes a member of any room. False when it is no member. */
  kick(roomId: string, member: Receiver, reason?: string): boolean
  /**
   * Keeps a seat of a room, also of one that is locked or has not begun yet.
   * @returns the reservation, which a client gives when it joins
   * @throws KaosError ROOM_FULL, ROOM_CLOSED, SHUTTING_DOWN
   */
  reserve(roomId: string, options?: ReserveOptions): string
  /**
   * Calls the room's `signal` and returns its reply.
   * @throws what the room throws; KaosError WRONG_STATE for a room that signals itself from within its own callback
   */
  signal(roomId: string, data: unknown): unknown
}

/** What scripts can ask of, and tell, the node. */
export interface NodeApi {
  readonly sessions: SessionsApi
  readonly rooms: RoomsApi
}

/** Lines in the server's log, with the room or module that wrote them. */
export interface ScriptLog {
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}
