import type { LeaveReason } from '@kaosnet/protocol'
import type { JoinDetails } from '../../room/match-handler.ts'
import type { Presence } from './presence.ts'
import type { Rejection } from './rejection.ts'
import type { RoomContext } from './room-context.ts'
import type { MessageTypes, Parser, Receives, RoomMessage } from './room-messages.ts'

/** What `init` returns. Everything but the state has a default. */
export interface RoomSetup<State> {
  /** Handed to every callback. Any value; a callback changes it in place, or returns the next one. */
  readonly state: State
  /** 1 to 128, fractions allowed. Default `rooms.tickHz`. */
  readonly tickHz?: number | undefined
  /** What lists of rooms show, up to 2,048 bytes. Default ''. */
  readonly label?: string | undefined
  /** Seats. Default `rooms.maxPlayers`. */
  readonly maxPlayers?: number | undefined
  /** How long an empty room lives on; 0 = for ever. Default `rooms.emptyTimeoutMs`. */
  readonly emptyTimeoutMs?: number | undefined
  /** How long a member whose connection is lost keeps its seat; 0 = not at all. Default `session.resumeWindowMs`. */
  readonly resumeWindowMs?: number | undefined
  /** Only those who have a reservation may join. Default false. */
  readonly isLocked?: boolean | undefined
  /** In no list and not to be found: only who knows its id may join. Default false. */
  readonly isPrivate?: boolean | undefined
}

/** The next state, or nothing to keep the present one. */
// biome-ignore lint/suspicious/noConfusingVoidType: a callback without a return statement keeps the state
type Next<State> = NoInfer<State> | void

/** Nothing or true: welcome. */
// biome-ignore lint/suspicious/noConfusingVoidType: a callback without a return statement welcomes
export type JoinAnswer = true | string | Rejection | undefined | void

// biome-ignore lint/suspicious/noConfusingVoidType: a callback without a return statement replies nothing
type Nothing = null | undefined | void

/** A reply of `signal`: anything but a promise. */
type Reply = Nothing | boolean | number | bigint | string | (object & { readonly then?: never })

/**
 * A room's game. `init` may be async; no other callback may be, because a room has one state and its callbacks run one
 * after the other, within a tick.
 */
export interface RoomCallbacks<State, R extends Receives, Sends extends object, Params> {
  /**
   * Op code → parser of what clients send. A message that its parser throws at, or whose op has no parser, never reaches
   * `loop`: the sender is told INVALID_PAYLOAD. Absent: every message arrives, its data unknown.
   */
  readonly receives?: R
  /** Op code → type of what the room sends: {@link messageTypes}. Absent: anything. */
  readonly sends?: MessageTypes<Sends>
  /** Parser of the params that the room is created with; what it throws fails the creation. Absent: unknown. */
  readonly params?: Parser<Params>
  /** Makes the room. */
  init(room: RoomContext<Sends, Params>, params: Params): RoomSetup<State> | Promise<RoomSetup<State>>
  /** May this player come in? A string or `reject(reason)` says no; the player gets ROOM_JOIN_REJECTED. */
  joinAttempt?(
    room: RoomContext<Sends, Params>,
    state: NoInfer<State>,
    presence: Presence,
    details: JoinDetails,
  ): JoinAnswer
  join?(room: RoomContext<Sends, Params>, state: NoInfer<State>, presence: Presence): Next<State>
  /** The presence is not in `room.presences` any more. */
  leave?(
    room: RoomContext<Sends, Params>,
    state: NoInfer<State>,
    presence: Presence,
    reason: LeaveReason,
  ): Next<State>
  /** The connection of a member is lost. It stays in `room.presences`: its seat is kept for a while. */
  drop?(room: RoomContext<Sends, Params>, state: NoInfer<State>, presence: Presence): Next<State>
  /** A member whose connection was lost is back, and has got every reliable message. */
  resume?(room: RoomContext<Sends, Params>, state: NoInfer<State>, presence: Presence): Next<State>
  /** Once per tick. */
  loop(
    room: RoomContext<Sends, Params>,
    state: NoInfer<State>,
    messages: readonly RoomMessage<R>[],
  ): Next<State>
  /** Answers `rooms.signal`. What it returns is the reply; it changes the state in place. */
  signal?(room: RoomContext<Sends, Params>, state: NoInfer<State>, data: unknown): Reply
  /**
   * The server stops, or the room is closed. The room goes on for the grace time unless this calls `room.end()`. Absent: it
   * ends now.
   */
  terminate?(room: RoomContext<Sends, Params>, state: NoInfer<State>, graceSeconds: number): Next<State>
  /** Takes over a room that an older version of this module began, and returns the state as this version wants it. */
  upgrade?(room: RoomContext<Sends, Params>, state: unknown, fromVersion: string): NoInfer<State>
}

/** A match module: what {@link defineRoom} makes. */
export interface RoomDefinition<
  State = unknown,
  R extends Receives = Receives,
  Sends extends object = Record<number, unknown>,
  Params = unknown,
> extends RoomCallbacks<State, R, Sends, Params> {
  /** Tells definitions apart without knowing which copy of this package made them. */
  readonly kaosnet: 'room'
}

/**
 * Defines a match module: make it the default export of a file in the modules folder.
 *
 * @example
 * export default defineRoom({
 *   receives: { 1: (data) => Number(data) },
 *   init: () => ({ state: { sum: 0 }, tickHz: 20 }),
 *   loop(room, state, messages) {
 *     for (const message of messages) state.sum += message.data
 *     room.send(2, state.sum)
 *     if (state.sum > 100) room.end()
 *   },
 * })
 */
export function defineRoom<
  State,
  const R extends Receives = Receives,
  Sends extends object = Record<number, unknown>,
  Params = unknown,
>(callbacks: RoomCallbacks<State, R, Sends, Params>): RoomDefinition<State, R, Sends, Params> {
  return { ...callbacks, kaosnet: 'room' }
}
