import type { RoomId, SessionId } from '../ids.ts'
import type { RoomAccess } from '../room/room.ts'

/** Data on its way from a script to members of a room. */
export interface OutgoingRoomData {
  readonly op: number
  readonly data: Uint8Array
  readonly isMessagePack: boolean
  readonly isReliable: boolean
  /** Shown as the sender if it is a member. */
  readonly sender: SessionId | undefined
  /** undefined = every member; sessions that are no members are ignored. */
  readonly receivers: readonly SessionId[] | undefined
}

export interface SessionView {
  readonly sessionId: SessionId
  readonly userId: string
  readonly username: string
  readonly vars: Readonly<Record<string, string>>
  readonly isAuthenticated: boolean
  readonly transport: string
  readonly latencyMs: number
  readonly startedUnixMs: number
  readonly rooms: readonly RoomId[]
}

export interface RoomView {
  readonly roomId: RoomId
  readonly module: string
  readonly label: string
  readonly state: 'creating' | 'running' | 'draining' | 'closed'
  readonly size: number
  readonly maxPlayers: number
  readonly tickHz: number
  readonly createdUnixMs: number
  /** Of the scripts that the room runs. */
  readonly version: string
  readonly isLocked?: boolean | undefined
  readonly isPrivate?: boolean | undefined
}

export interface RoomQuery {
  /** Terms that rooms must, must not or should match (docs/protocol.md#queries). */
  readonly query?: string | undefined
  readonly module?: string | undefined
  /** Exact match. */
  readonly label?: string | undefined
  /** Only rooms with a free seat, or only those without. */
  readonly hasSeat?: boolean | undefined
  /** At most this many, and never more than 100. */
  readonly limit?: number | undefined
  /** Goes on behind the page that this came with. */
  readonly cursor?: string | undefined
}

/** Rooms by score, then newest first. */
export interface RoomListPage {
  readonly rooms: RoomView[]
  /** Asks for the next page, with the same query; undefined when there are no more rooms. */
  readonly cursor: string | undefined
}

/**
 * What scripts can ask of, and tell, the node: the far side of `kaos.*`. Synchronous, because scripts are. Methods
 * that take a room throw a KaosError ROOM_NOT_FOUND when there is none.
 */
export interface ScriptServices {
  sessionGet(id: SessionId): SessionView | undefined
  /** False when there is no such session. */
  sessionKick(id: SessionId, reason: string): boolean
  /** Returns at once; the room starts soon after. @throws KaosError ROOM_MODULE_NOT_FOUND, TOO_MANY_ROOMS, SHUTTING_DOWN */
  roomCreate(module: string, params: unknown): RoomId
  roomGet(id: RoomId): RoomView | undefined
  /** @throws KaosError INVALID_PAYLOAD for a query or a cursor that cannot be read */
  roomList(query: RoomQuery): RoomListPage
  roomSend(id: RoomId, message: OutgoingRoomData): void
  /** False when the session is no member. */
  roomKick(id: RoomId, session: SessionId, reason: string): boolean
  /**
   * Keeps a seat of a room, also of one that is locked or has not begun yet.
   * @param session Who may take it; undefined = whoever brings the reservation.
   * @returns the reservation, for RoomJoin
   * @throws KaosError ROOM_FULL, ROOM_CLOSED, SHUTTING_DOWN
   */
  roomReserve(id: RoomId, session: SessionId | undefined, durationMs: number | undefined): string
  /** Runs the room's `match_signal` and returns its reply. @throws what that throws; KaosError ROOM_CLOSED, WRONG_STATE */
  roomSignal(id: RoomId, data: unknown): unknown
  /** Only for a room of this host. */
  roomLabelUpdate(id: RoomId, label: string): void
  /** Only for a room of this host: who may come in, and who may see it. */
  roomAccessUpdate(id: RoomId, access: RoomAccess): void
  /** Only for a room of this host. @throws KaosError PAYLOAD_TOO_LARGE */
  roomPublishState(id: RoomId, data: Uint8Array, isMessagePack: boolean): void
}

/** The part of {@link ScriptServices} that only the node can do. */
export type NodeCalls = Omit<ScriptServices, 'roomLabelUpdate' | 'roomAccessUpdate' | 'roomPublishState'>
