import type { LeaveReason } from '@kaosnet/protocol'
import type { HostReport } from '../host/host-report.ts'
import type { MemberNumber, RoomId, SessionId } from '../ids.ts'
import type { ScriptBundle } from '../script/loaded-scripts.ts'

/** A room to be made. */
export interface RoomSpec {
  readonly id: RoomId
  readonly module: string
  /** Plain data for `match_init`. */
  readonly params: unknown
  readonly createdUnixMs: number
}

/** What a match module says about its room. */
export interface RoomTraits {
  readonly label: string
  readonly tickHz: number
  readonly maxPlayers: number
  /** Of the scripts that the room runs. */
  readonly version: string
  /** How long a member whose connection is lost keeps its seat, when the module says so itself. */
  readonly resumeWindowMs?: number | undefined
  /** Only who has a reservation may join. */
  readonly isLocked?: boolean | undefined
  /** In no list, and not to be found: only who knows its id may join. */
  readonly isPrivate?: boolean | undefined
}

/** Somebody who asks for, or has, a seat. */
export interface MemberInfo {
  readonly member: MemberNumber
  readonly sessionId: SessionId
  readonly userId: string
  readonly username: string
  readonly metadata: Readonly<Record<string, unknown>> | undefined
}

/** Somebody who asks for a seat. */
export interface Joiner extends MemberInfo {
  /** What `match_join_attempt` alone gets to see. */
  readonly password?: string | undefined
}

/** Why a room ended. `failed` and `init-failed` come with the script's error. */
export type RoomEndReason =
  | 'finished'
  | 'empty'
  | 'failed'
  | 'init-failed'
  | 'closed'
  | 'shutdown'
  /** The host stopped answering, or died, and its rooms with it. */
  | 'host-lost'

export interface RoomEnd {
  readonly reason: RoomEndReason
  /** For the log and for those who waited for the room. */
  readonly error?: string
}

/** Who calls: the `ctx` of RPCs and hooks. */
export interface CallerInfo {
  readonly sessionId: SessionId
  readonly userId: string
  readonly username: string
  readonly vars: Readonly<Record<string, string>>
  readonly isAuthenticated: boolean
  readonly clientAddress: string
  readonly transport: string
}

export type ScriptCall =
  | { readonly kind: 'rpc'; readonly name: string; readonly caller: CallerInfo; readonly payload: unknown }
  | {
      readonly kind: 'before' | 'after'
      readonly name: HookName
      readonly caller: CallerInfo
      readonly message: unknown
    }

export type ScriptOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  /** A before-hook returned nil (and perhaps a reason). */
  | { readonly kind: 'rejected'; readonly reason: string | undefined }
  | {
      readonly kind: 'failed'
      readonly error: string
      /** What the caller is told. */
      readonly code: 'RPC_FAILED' | 'HOOK_FAILED' | 'SCRIPT_BUDGET_EXCEEDED' | 'TOO_MANY_REQUESTS'
    }

/** Every message a hook can be registered for. */
export const hookNames = [
  'session_start',
  'session_end',
  'heartbeat',
  'room_create',
  'room_join',
  'room_leave',
  'room_data',
  'room_list',
  'rpc',
  'matchmaker_add',
  'matchmaker_remove',
  'matchmaker_matched',
  'party',
] as const

export type HookName = (typeof hookNames)[number]

/** What one version of the scripts has. Plain data. */
export interface ScriptManifest {
  readonly version: string
  readonly rpcs: ReadonlySet<string>
  readonly before: ReadonlySet<HookName>
  readonly after: ReadonlySet<HookName>
  /** Names of match modules, with slashes. */
  readonly modules: ReadonlySet<string>
}

/**
 * Runs rooms and scripts: in this thread, in a worker, one day on another machine. Commands for one room take effect in
 * the order given; what happens is told through {@link RoomHostEvents}, in order. Commands for unknown rooms are ignored:
 * the room may just have ended.
 */
export interface RoomHost {
  start(events: RoomHostEvents): Promise<void>
  /** Loads a version of the scripts beside the one that runs. Rejects when it fails: nothing has changed then. */
  prepare(scripts: ScriptBundle): Promise<ScriptManifest>
  /**
   * What was prepared last is what new rooms, RPCs and hooks run from now on. Rooms that run keep their version, or take
   * the new one if its module knows how (`match_upgrade`).
   */
  activate(): void
  createRoom(spec: RoomSpec): void
  join(roomId: RoomId, member: Joiner): void
  leave(roomId: RoomId, member: MemberNumber, reason: LeaveReason): void
  /** The connection of a member is lost, and its seat is kept for it. */
  drop(roomId: RoomId, member: MemberNumber): void
  /** The member is back. */
  resume(roomId: RoomId, member: MemberNumber): void
  /**
   * The data is copied.
   * @param readAtMs When it was read from the network, for the histogram of routing times
   */
  input(roomId: RoomId, member: MemberNumber, message: RoomInput, readAtMs?: number): void
  endRoom(roomId: RoomId, reason: 'closed' | 'shutdown', graceSeconds: number): void
  /** Runs an RPC or hook. Never rejects. */
  invoke(call: ScriptCall): Promise<ScriptOutcome>
  /**
   * Runs a room's `match_signal`, for a script of another host.
   * @throws {KaosError} ROOM_NOT_FOUND, ROOM_CLOSED, WRONG_STATE, or what the script threw
   */
  signal(roomId: RoomId, data: unknown): Promise<unknown>
  /** Figures of the threads behind this host, for the metrics; those of other threads may be a second old. */
  reports(): readonly HostReport[]
  /** Brings {@link reports} up to date, unless a thread does not answer at once. */
  refreshReports(): Promise<void>
  /** Ends every room without further callbacks and frees what scripts hold. Idempotent. */
  close(): Promise<void>
}

export interface RoomInput {
  readonly op: number
  readonly data: Uint8Array
  readonly isReliable: boolean
  readonly isMessagePack: boolean
}

/** Why an input was not taken. */
export interface InputRefusal {
  readonly error: 'ROOM_BUSY' | 'INVALID_PAYLOAD'
  readonly message?: string
}

/** What a host tells. Frames and data are only lent for the call. */
export interface RoomHostEvents {
  roomRunning(roomId: RoomId, traits: RoomTraits): void
  roomEnded(roomId: RoomId, end: RoomEnd): void
  joinAccepted(roomId: RoomId, member: MemberNumber): void
  joinRejected(roomId: RoomId, member: MemberNumber, reason: string | undefined): void
  inputRefused(roomId: RoomId, member: MemberNumber, refusal: InputRefusal): void
  /**
   * A RoomData frame for these members; undefined = all.
   * @param sentAtMs When the script sent it, for the histogram of routing times
   */
  roomData(
    roomId: RoomId,
    frame: Uint8Array,
    isReliable: boolean,
    receivers: readonly MemberNumber[] | undefined,
    sentAtMs?: number,
  ): void
  /** A RoomState frame for all members, and for those who join later. */
  roomState(roomId: RoomId, frame: Uint8Array): void
  memberKicked(roomId: RoomId, member: MemberNumber, reason: string): void
  /** Label, version, lock or privacy has changed. */
  traitsChanged(roomId: RoomId, traits: RoomTraits): void
}
