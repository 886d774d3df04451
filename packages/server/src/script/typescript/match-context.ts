import type { Clock } from '../../clock.ts'
import type { MemberNumber, RoomId } from '../../ids.ts'
import type { ScriptServices } from '../script-services.ts'
import type { NodeApi, RoomsApi, ScriptLog, SessionsApi } from './node-api.ts'
import { KICK_REASON } from './node-script-api.ts'
import { encodeOutgoing, outgoingMessage, sessionOf } from './outgoing.ts'
import type { Presence } from './presence.ts'
import type { RoomContext } from './room-context.ts'
import type { Receiver, SendOptions } from './room-messages.ts'

export interface MatchContextParts {
  readonly roomId: RoomId
  readonly module: string
  readonly version: string
  readonly env: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly services: ScriptServices
  readonly node: NodeApi
  readonly log: ScriptLog
  readonly random: () => number
  readonly tickHz: number
}

/** The room as its game sees it. Its handler writes what the game only reads. */
export class MatchContext implements RoomContext {
  // First what every tick looks at: of a thousand rooms hardly anything is in a cache when its time comes.
  tick = 0
  dtSeconds = 0
  skipped = 0
  #isEnding = false
  readonly #clock: Clock
  readonly roomId: RoomId
  readonly module: string
  readonly version: string
  readonly env: Readonly<Record<string, string>>
  readonly sessions: SessionsApi
  readonly rooms: RoomsApi
  readonly log: ScriptLog
  readonly random: () => number
  readonly presences = new Map<MemberNumber, Presence>()
  params: unknown
  label = ''
  tickHz: number
  readonly #services: ScriptServices

  constructor(parts: MatchContextParts) {
    this.roomId = parts.roomId
    this.module = parts.module
    this.version = parts.version
    this.env = parts.env
    this.sessions = parts.node.sessions
    this.rooms = parts.node.rooms
    this.log = parts.log
    this.random = parts.random
    this.tickHz = parts.tickHz
    this.#clock = parts.clock
    this.#services = parts.services
  }

  get timeMs(): number {
    return Math.round(this.#clock.unixMs())
  }

  get isEnding(): boolean {
    return this.#isEnding
  }

  send(op: number, data: unknown, options?: SendOptions): void {
    this.#services.roomSend(this.roomId, outgoingMessage(op, data, options, this.presences))
  }

  kick(member: Receiver, reason = KICK_REASON): boolean {
    return this.#services.roomKick(this.roomId, sessionOf(member), reason)
  }

  publishState(state: unknown): void {
    const { data, isMessagePack } = encodeOutgoing(state)
    this.#services.roomPublishState(this.roomId, data, isMessagePack)
  }

  updateLabel(label: string): void {
    this.#services.roomLabelUpdate(this.roomId, label)
    this.label = label
  }

  setLocked(isLocked: boolean): void {
    this.#services.roomAccessUpdate(this.roomId, { isLocked })
  }

  setPrivate(isPrivate: boolean): void {
    this.#services.roomAccessUpdate(this.roomId, { isPrivate })
  }

  end(): void {
    this.#isEnding = true
  }
}
