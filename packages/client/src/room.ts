import { encodeMessagePack, encodeRoomData, KaosError, WireLimits } from '@kaosnet/protocol'
import type { Emitter, Listener, Unsubscribe } from './emitter.ts'
import type { JoinedRoom, RoomClosedEvent, RoomEvents } from './joined-room.ts'
import type { Presence } from './presence.ts'
import type { RequestOptions } from './requests.ts'
import type { Delivery } from './transport.ts'

/** What a room needs of its connection. */
export interface RoomLink {
  sendFrame(frame: Uint8Array, delivery: Delivery, lane: number): boolean
  leaveRoom(handle: number, options: RequestOptions): Promise<void>
}

export interface RoomSendOptions {
  /** False: newer data of this room may replace it, and it may be lost. True when omitted. */
  readonly reliable?: boolean | undefined
}

/**
 * A room this client is in. Made by `client.joinRoom()`.
 *
 * @typeParam State what the room publishes as its state
 * @typeParam Data what arrives as data, e.g. `Uint8Array` for a game that only sends bytes
 * @example
 * const room = await client.joinRoom<Score, Uint8Array>(roomId)
 * room.on('data', ({ op, data, sender }) => draw(op, data, sender))
 * room.send(1, new Uint8Array([4, 2]), { reliable: false })
 */
export class Room<State = unknown, Data = unknown> {
  readonly #room: JoinedRoom
  readonly #link: RoomLink
  readonly #events: Emitter<RoomEvents<State, Data>>
  #leaving: Promise<void> | undefined

  constructor(room: JoinedRoom, link: RoomLink) {
    this.#room = room
    this.#link = link
    // The types of state and data are the application's word for what its room sends.
    this.#events = room.events as unknown as Emitter<RoomEvents<State, Data>>
  }

  /** UUID. */
  get id(): string {
    return this.#room.joined.room_id
  }

  /** The match module that runs the room. */
  get module(): string {
    return this.#room.joined.module
  }

  /** As it was when we joined. */
  get label(): string {
    return this.#room.joined.label
  }

  get tickHz(): number {
    return this.#room.joined.tick_hz
  }

  get maxPlayers(): number {
    return this.#room.joined.max_players
  }

  /** Ourselves. */
  get me(): Presence {
    return this.#room.me
  }

  /** Everybody in the room, ourselves included, by member number. */
  get members(): ReadonlyMap<number, Presence> {
    return this.#room.members
  }

  /** The newest state the room published; undefined until there is one. Bytes are a Uint8Array. */
  get state(): State | undefined {
    return this.#room.state as State | undefined
  }

  /** Counts the published states from 1; 0 = none yet. */
  get stateVersion(): number {
    return this.#room.stateVersion
  }

  /** Why we are no longer in the room; undefined while we are. */
  get closed(): RoomClosedEvent | undefined {
    return this.#room.closed
  }

  on<Name extends keyof RoomEvents>(
    name: Name,
    listener: Listener<RoomEvents<State, Data>[Name]>,
  ): Unsubscribe {
    return this.#events.on(name, listener)
  }

  once<Name extends keyof RoomEvents>(
    name: Name,
    listener: Listener<RoomEvents<State, Data>[Name]>,
  ): Unsubscribe {
    return this.#events.once(name, listener)
  }

  off<Name extends keyof RoomEvents>(name: Name, listener: Listener<RoomEvents<State, Data>[Name]>): void {
    this.#events.off(name, listener)
  }

  /**
   * Sends data to the room.
   * @param op the application's operation code, 0–65,535
   * @param data a Uint8Array travels as it is, anything else as a MessagePack value
   * @returns false when unreliable data could not be sent now and was given up
   * @throws {KaosError} ROOM_NOT_JOINED after the room closed, PAYLOAD_TOO_LARGE above 65,528 bytes (a server may take
   *   less, and says so by an `error` event), INVALID_PAYLOAD for an op or a value that cannot be sent, RATE_LIMITED
   *   when too much reliable data waits to be sent
   */
  send(op: number, data?: unknown, options: RoomSendOptions = {}): boolean {
    if (this.closed !== undefined || this.#leaving !== undefined) {
      throw new KaosError('ROOM_NOT_JOINED', `room ${this.id} is closed: ${this.closed?.reason ?? 'leaving'}`)
    }
    if (!Number.isInteger(op) || op < 0 || op > WireLimits.roomOp) {
      throw new KaosError('INVALID_PAYLOAD', `op: expected an integer 0–${WireLimits.roomOp}, got ${op}`)
    }
    const isReliable = options.reliable ?? true
    const isBytes = data instanceof Uint8Array
    const handle = this.#room.joined.room
    const frame = encodeRoomData({
      room: handle,
      isReliable,
      isMessagePack: !isBytes,
      op,
      sender: 0,
      data: isBytes ? data : encodeMessagePack(data),
    })
    return this.#link.sendFrame(frame, isReliable ? 'reliable' : 'unreliable', handle)
  }

  /**
   * Leaves the room; resolves when the server has confirmed it, at once when the room is closed already.
   * @throws {KaosError} REQUEST_TIMEOUT or the server's refusal; we are still in the room then
   */
  leave(options: RequestOptions = {}): Promise<void> {
    this.#leaving ??= this.#leave(options)
    return this.#leaving
  }

  async #leave(options: RequestOptions): Promise<void> {
    if (this.closed !== undefined) return
    try {
      // Whatever else ends the room meanwhile does as well, and its request may never be answered then.
      const left = this.#link.leaveRoom(this.#room.joined.room, options)
      await Promise.race([
        left,
        new Promise<void>((resolve) => this.#room.events.once('closed', () => resolve())),
      ])
    } catch (error) {
      // Whatever ended the room while we were leaving has done our work.
      if (this.#room.closed !== undefined) return
      this.#leaving = undefined
      throw error
    }
  }
}
