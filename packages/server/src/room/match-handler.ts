import type { LeaveReason } from '@kaosnet/protocol'
import type { MemberNumber } from '../ids.ts'
import type { MemberInfo, RoomInput } from './room-host.ts'

/** What `match_init` says. */
export interface MatchInit {
  readonly tickHz: number | undefined
  readonly label: string
  readonly maxPlayers: number | undefined
  /** Milliseconds; 0 = never. */
  readonly emptyTimeoutMs: number | undefined
  /** How long a member whose connection is lost keeps its seat. */
  readonly resumeWindowMs?: number | undefined
  readonly isLocked?: boolean | undefined
  readonly isPrivate?: boolean | undefined
}

/** What comes with a request to join, for {@link MatchHandler.joinAttempt} alone. */
export interface JoinDetails {
  readonly password: string | undefined
}

export interface Departed {
  readonly member: MemberNumber
  readonly reason: LeaveReason
}

/** A queued input with what the room knows of it. */
export interface QueuedInput extends RoomInput {
  readonly member: MemberNumber
  readonly receivedUnixMs: number
}

/** The tick that is about to run. */
export interface TickInfo {
  readonly tick: number
  /** Seconds since the last one ran. */
  readonly dtSeconds: number
  /** Ticks passed over before this one. */
  readonly skipped: number
}

/** What a script state holds and has used. */
export interface ScriptUsage {
  readonly memoryBytes: number
  readonly instructions: number
}

/** What one version of a module hands over to the next. */
export interface HandedOver {
  readonly version: string
  /** Between two versions in one language whatever it is; plain data where it has to be copied. */
  readonly state: unknown
  readonly params: unknown
  readonly label: string
  readonly tickHz: number
  readonly tick: number
  readonly members: readonly MemberInfo[]
  /** What stands for members in the state, where the next version can use the same objects. */
  readonly presences: ReadonlyMap<MemberNumber, object> | undefined
}

/**
 * One room's game, in whatever language. Every method may throw; the room decides what that means. The handler keeps
 * the game's state and the presences.
 */
export interface MatchHandler {
  /** Of the scripts that it runs. */
  readonly version: string
  /** Where the language can tell. */
  readonly usage?: ScriptUsage
  /** May take its time; no other method is called until it has settled. */
  init(params: unknown): MatchInit | Promise<MatchInit>
  /** undefined = welcome; otherwise the reason for the refusal ('' when none is given). */
  joinAttempt(member: MemberInfo, details: JoinDetails): string | undefined
  join(member: MemberInfo): void
  leave(departed: Departed): void
  /** The connection of a member is lost; its seat is kept. */
  drop?(member: MemberNumber): void
  /** It is back. */
  resume?(member: MemberNumber): void
  /** Takes what members send as it comes, in place of the next {@link loop}; the data is only lent for the call. */
  receive?(from: MemberNumber, input: RoomInput): void
  /** False ends the room. */
  loop(info: TickInfo, inputs: readonly QueuedInput[]): boolean
  signal(data: unknown): unknown
  /** False: the room has nothing more to do and may close at once. */
  terminate(graceSeconds: number): boolean
  /** Whether it can take over a room that another version has begun. */
  readonly canUpgrade: boolean
  /** The state for another version, and what goes with it. @throws when the state cannot be handed over */
  exportState(): Pick<HandedOver, 'state' | 'presences'>
  /**
   * Takes over a running room, in place of {@link init}: nobody joins or leaves because of it.
   * @throws what the module does; the older handler goes on then
   */
  upgrade(from: HandedOver): void
  /** Frees everything. No method is called after it. */
  close(): void
}
