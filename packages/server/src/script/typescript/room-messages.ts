import type { SessionId } from '../../ids.ts'
import type { Presence } from './presence.ts'

/**
 * Turns untrusted data into a value of the game, or throws an error whose message the sender may see. zod's
 * `schema.parse` is one.
 */
export type Parser<T> = (data: unknown) => T

/** Op code → parser of what clients send with it. */
export type Receives = Readonly<Record<number, Parser<unknown>>>

/** A message of one op code, parsed. `R[Op]` is its parser. */
interface MessageOf<R extends Receives, Op extends keyof R & number> {
  readonly op: Op
  readonly data: ReturnType<R[Op]>
  readonly sender: Presence
  readonly isReliable: boolean
  /** Unix time of its arrival. */
  readonly timeMs: number
}

/** What `loop` gets: a union that `op` tells apart. Without parsers: any op, `data` unknown. */
export type RoomMessage<R extends Receives = Receives> = {
  readonly [Op in keyof R & number]: MessageOf<R, Op>
}[keyof R & number]

declare const typesOnly: unique symbol

/** Carries types and no value; see {@link messageTypes}. */
export interface MessageTypes<Sends> {
  readonly [typesOnly]?: Sends
}

/**
 * Says which data a room sends with which op code. Only types: nothing is checked while the game runs.
 *
 * @example
 * sends: messageTypes<{ [Op.snapshot]: Uint8Array; [Op.score]: { points: number } }>()
 */
export function messageTypes<Sends extends object>(): MessageTypes<Sends> {
  return {}
}

/** A member, or its session's id. */
export type Receiver = Presence | SessionId

/** To whom and how a message goes. */
export interface SendOptions {
  /** Only these; absent = every member. Those who are no members are ignored. */
  readonly to?: Receiver | readonly Receiver[] | undefined
  /** Not these. */
  readonly except?: Receiver | readonly Receiver[] | undefined
  /** False: the message may be lost, or replaced by a newer one. Default true. */
  readonly isReliable?: boolean | undefined
  /** Whom members see as the sender; absent = the room. One who is no member counts as the room. */
  readonly sender?: Receiver | undefined
}
