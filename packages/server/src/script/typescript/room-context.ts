import type { MemberNumber, RoomId } from '../../ids.ts'
import type { NodeApi, ScriptLog } from './node-api.ts'
import type { Presence } from './presence.ts'
import type { Receiver, SendOptions } from './room-messages.ts'

/** A room, as its callbacks see it: one object that lives as long as the room. */
export interface RoomContext<Sends extends object = Record<number, unknown>, Params = unknown>
  extends NodeApi {
  readonly roomId: RoomId
  readonly module: string
  /** Of the loaded scripts that this room runs. */
  readonly version: string
  readonly params: Params
  /** Strings given with `--env`. */
  readonly env: Readonly<Record<string, string>>
  readonly label: string
  readonly tickHz: number
  /** The tick that runs, or ran last; 0 before the first. */
  readonly tick: number
  /** True time since the last tick ran. */
  readonly dtSeconds: number
  /** Ticks that could not be caught up before this one. */
  readonly skipped: number
  /** Unix time of this callback. */
  readonly timeMs: number
  /** The members by their number. */
  readonly presences: ReadonlyMap<MemberNumber, Presence>
  readonly log: ScriptLog
  /** Uniform in [0, 1), from a generator that is seeded once for each room. */
  random(): number
  /**
   * Sends to members of this room. A Uint8Array goes as bytes, any other value as MessagePack.
   * @throws when the op is no integer from 0 to 65,535, or the data does not fit a frame (65,528 bytes)
   */
  send<Op extends keyof Sends & number>(op: Op, data: Sends[Op], options?: SendOptions): void
  /** Removes a member, which is told `kicked` and the reason; `leave` runs. False when it is no member. */
  kick(member: Receiver, reason?: string): boolean
  /** Members get the state now, joiners with their join. Bytes or a value, as with {@link send}. */
  publishState(state: unknown): void
  /** Ends the room: after `loop` or `terminate` at once, after another callback with the next tick. */
  end(): void
  /** Changes what lists of rooms show. @throws KaosError INVALID_PAYLOAD when it is longer than `limits.labelBytes` */
  updateLabel(label: string): void
  /** Whether only those who have a reservation may join. */
  setLocked(isLocked: boolean): void
  /** Whether it is in no list and not to be found: only who knows its id may join. */
  setPrivate(isPrivate: boolean): void
}
