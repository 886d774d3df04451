import type { LeaveReason } from '@kaosnet/protocol'
import type { MemberNumber, RoomId, SessionId } from '../ids.ts'

/** A room to be made. */
export interface RoomSpec {
  readonly id: RoomId
  readonly module: string
  /** Plain data for `match_init`. */
  readonly params: unknown
}

/** What a match module says about its room. */
export interface RoomTraits {
  readonly label: string
  readonly tickHz: number
  readonly maxPlayers: number
}

/** Somebody who asks for, or has, a seat. */
export interface MemberInfo {
  readonly member: MemberNumber
  readonly sessionId: SessionId
  readonly userId: string
  readonly username: string
  readonly metadata: Readonly<Record<string, unknown>> | undefined
}

/** Why a room ended. `failed` and `init-failed` come with the script's error. */
export type RoomEndReason = 'finished' | 'empty' | 'failed' | 'init-failed' | 'closed' | 'shutdown'

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
      readonly kind: 'before'
      readonly name: HookName
      readonly caller: CallerInfo
      readonly message: unknown
    }
  | {
      readonly kind: 'after'
      readonly name: HookName
      readonly caller: CallerInfo
      readonly message: unknown
    }

export type ScriptOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  /** A before-hook returned nil (and perhaps a reason). */
  | { readonly kind: 'rejected'; readonly reason: string | undefined }
  | { readonly kind: 'failed'; readonly error: string; readonly isOverBudget: boolean }

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
] as const

export type HookName = (typeof hookNames)[number]

/** What the entry script registered. */
export interface ScriptManifest {
  readonly rpcs: ReadonlySet<string>
  readonly before: ReadonlySet<HookName>
  readonly after: ReadonlySet<HookName>
  hasMatchModule(name: string): boolean
}

/**
 * Runs rooms and scripts: in this thread, in a worker, one day on another machine. Commands for one room take effect in
 * the order given; what happens is told through {@link RoomHostEvents}, in order. Commands for unknown rooms are ignored:
 * the room may just have ended.
 */
export interface RoomHost {
  /** Loads the entry script. Rejects when it fails. */
  start(events: RoomHostEvents): Promise<ScriptManifest>
  createRoom(spec: RoomSpec): void
  join(roomId: RoomId, member: MemberInfo): void
  leave(roomId: RoomId, member: MemberNumber, reason: LeaveReason): void
  /** The data is copied. */
  input(roomId: RoomId, member: MemberNumber, message: RoomInput): void
  endRoom(roomId: RoomId, reason: 'closed' | 'shutdown', graceSeconds: number): void
  /** Runs an RPC or hook. Never rejects. */
  invoke(call: ScriptCall): Promise<ScriptOutcome>
  /** Ends every room without further callbacks and frees what scripts hold. Idempotent. */
  close(): Promise<void>
}

export interface RoomInput {
  readonly op: number
  readonly data: Uint8Array
  readonly isReliable: boolean
  readonly isMessagePack: boolean
}

/** What a host tells. */
export interface RoomHostEvents {
  roomRunning(roomId: RoomId, traits: RoomTraits): void
  roomEnded(roomId: RoomId, end: RoomEnd): void
  joinAccepted(roomId: RoomId, member: MemberNumber): void
  joinRejected(roomId: RoomId, member: MemberNumber, reason: string | undefined): void
  /** The input queue was full. */
  inputRefused(roomId: RoomId, member: MemberNumber): void
}
