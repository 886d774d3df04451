import {
  decodeMessagePack,
  type KaosError,
  type LeaveReason,
  type RoomData,
  type RoomState,
  type ServerPayload,
} from '@kaosnet/protocol'
import type { ClientClock } from './clock.ts'
import { Emitter, type ListenerErrorHandler } from './emitter.ts'
import { type Departure, departureFromWire, type Presence, presenceFromWire } from './presence.ts'

/** Data from the room or from another member. */
export interface RoomDataEvent<Data = unknown> {
  /** The application's operation code, 0–65,535. */
  readonly op: number
  /** A Uint8Array when the sender sent bytes, otherwise the value it sent. */
  readonly data: Data
  /** Undefined when the room itself sent it, or a member that has left since. */
  readonly sender: Presence | undefined
  /** The sender's member number; 0 = the room itself. */
  readonly senderMember: number
  readonly isReliable: boolean
}

export interface RoomStateEvent<State = unknown> {
  readonly state: State
  /** Counts the states of the room from 1. */
  readonly version: number
}

export interface RoomClosedEvent {
  /**
   * `left`: by {@link Room.leave} or {@link Client.close}; `dropped`: the session is gone; the others are the server's
   * doing.
   */
  readonly reason: LeaveReason
  /** What the server, or the error, had to say. */
  readonly message: string | undefined
  /** When an error was behind it. */
  readonly error: KaosError | undefined
}

/** What a room reports, by name of the event. */
export interface RoomEvents<State = unknown, Data = unknown> {
  data: RoomDataEvent<Data>
  state: RoomStateEvent<State>
  /** Members that came; never ourselves. */
  joined: readonly Presence[]
  departed: readonly Departure[]
  /** Members whose connection is lost; their seats are kept for a while. */
  away: readonly Presence[]
  /** Members that were away and are back. */
  back: readonly Presence[]
  /** The last event: the room has no further use. */
  closed: RoomClosedEvent
}

/** What the server said about one room we are in: the connection writes it, {@link Room} shows it. */
export class JoinedRoom {
  readonly joined: ServerPayload<'RoomJoin'>
  readonly events: Emitter<RoomEvents>
  readonly members = new Map<number, Presence>()
  readonly me: Presence
  state: unknown
  stateVersion = 0
  closed: RoomClosedEvent | undefined
  /**
   * Data that came before the application could listen. The reply to a join and the first data often share a message,
   * but `await joinRoom()` goes on only after the whole message was read.
   */
  #held: (() => void)[] | undefined = []

  /** @param self Ourselves, in case the first part of a long list of members does not name us. */
  constructor(
    joined: ServerPayload<'RoomJoin'>,
    self: Presence,
    clock: ClientClock,
    onListenerError: ListenerErrorHandler,
  ) {
    this.joined = joined
    this.events = new Emitter(onListenerError)
    for (const member of joined.members) this.members.set(member.member, presenceFromWire(member))
    this.me = this.members.get(joined.member) ?? self
    this.members.set(this.me.member, this.me)
    clock.setTimer(() => this.#release(), 0)
  }

  /** @throws {KaosError} INVALID_MESSAGEPACK */
  receiveData(message: RoomData): void {
    const event: RoomDataEvent = {
      op: message.op,
      data: message.isMessagePack ? decodeMessagePack(message.data) : message.data,
      sender: this.members.get(message.sender),
      senderMember: message.sender,
      isReliable: message.isReliable,
    }
    this.#emitOrHold(() => this.events.emit('data', event))
  }

  /** @throws {KaosError} INVALID_MESSAGEPACK */
  receiveState(message: RoomState): void {
    this.state = message.isMessagePack ? decodeMessagePack(message.data) : message.data
    this.stateVersion = message.version
    this.events.emit('state', { state: this.state, version: message.version })
  }

  receivePresence(change: ServerPayload<'RoomPresence'>): void {
    const joined: Presence[] = []
    for (const wire of change.joins) {
      const presence = presenceFromWire(wire)
      if (!this.members.has(presence.member)) joined.push(presence)
      if (presence.member !== this.me.member) this.members.set(presence.member, presence)
    }
    const departed: Departure[] = []
    for (const wire of change.leaves) {
      const presence = this.members.get(wire.member)
      if (presence === undefined) continue
      this.members.delete(wire.member)
      departed.push(departureFromWire(wire, presence))
    }
    if (joined.length > 0) this.events.emit('joined', joined)
    if (departed.length > 0) this.events.emit('departed', departed)
    this.#setAway('away', change.away)
    this.#setAway('back', change.back)
  }

  #setAway(name: 'away' | 'back', members: readonly number[] = []): void {
    const changed: Presence[] = []
    for (const member of members) {
      const known = this.members.get(member)
      if (known === undefined) continue
      const presence = { ...known, isAway: name === 'away' }
      this.members.set(member, presence)
      changed.push(presence)
    }
    if (changed.length > 0) this.events.emit(name, changed)
  }

  close(event: RoomClosedEvent): void {
    if (this.closed !== undefined) return
    this.closed = event
    this.#emitOrHold(() => this.events.emit('closed', event))
  }

  /** Hands out what was held; from now on events go out as they come. */
  #release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const emit of held) emit()
  }

  #emitOrHold(emit: () => void): void {
    if (this.#held === undefined) emit()
    else this.#held.push(emit)
  }
}
