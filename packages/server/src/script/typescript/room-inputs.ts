import { decodeMessagePack } from '@kaosnet/protocol'
import type { MemberNumber } from '../../ids.ts'
import type { QueuedInput } from '../../room/match-handler.ts'
import type { OnInvalidInput } from '../loaded-scripts.ts'
import type { Presence } from './presence.ts'
import type { Parser, Receives, RoomMessage } from './room-messages.ts'

/** A parser may say much; this is what the sender hears of it, in UTF-16 units. */
const REASON_LENGTH = 300
export const NO_MESSAGES: readonly RoomMessage[] = Object.freeze([])

/** Makes messages of the game from what clients sent: decodes, parses, and leaves out what does not parse. */
export class RoomInputs {
  /** undefined = everything is welcome, unparsed. */
  readonly #parsers: ReadonlyMap<number, Parser<unknown>> | undefined
  readonly #onInvalid: OnInvalidInput

  constructor(receives: Receives | undefined, onInvalid: OnInvalidInput) {
    if (receives !== undefined) {
      this.#parsers = new Map(Object.entries(receives).map(([op, parse]) => [Number(op), parse]))
    }
    this.#onInvalid = onInvalid
  }

  /** In the order they came. Those of members that have left are left out. */
  parse(
    inputs: readonly QueuedInput[],
    presences: ReadonlyMap<MemberNumber, Presence>,
  ): readonly RoomMessage[] {
    if (inputs.length === 0) return NO_MESSAGES
    const messages: RoomMessage[] = []
    for (const input of inputs) {
      const sender = presences.get(input.member)
      if (sender === undefined) continue
      const { op, isReliable } = input
      let data: unknown
      try {
        data = this.#data(input)
      } catch (error) {
        this.#onInvalid(input.member, reasonOf(op, error))
        continue
      }
      messages.push({ op, data, sender, isReliable, timeMs: Math.round(input.receivedUnixMs) })
    }
    return messages
  }

  #data({ op, data, isMessagePack }: QueuedInput): unknown {
    const value = isMessagePack ? decodeMessagePack(data) : data
    if (this.#parsers === undefined) return value
    const parse = this.#parsers.get(op)
    if (parse === undefined) throw new Error('this room takes no such messages')
    return parse(value)
  }
}

function reasonOf(op: number, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return `op ${op}: ${reason.slice(0, REASON_LENGTH)}`
}
