import {
  decodeRoomData,
  decodeRoomState,
  decodeServerPayload,
  Op,
  type ServerPayload,
} from '@kaosnet/protocol'
import type { ClientClock } from './clock.ts'
import type { ListenerErrorHandler } from './emitter.ts'
import { JoinedRoom, type RoomClosedEvent } from './joined-room.ts'
import type { Presence } from './presence.ts'

/**
 * The rooms of one session by their handles. A frame of a room that is not here is late, not wrong, and is passed over:
 * the server may have sent it before it knew that we had left.
 */
export class RoomTable {
  readonly #rooms = new Map<number, JoinedRoom>()
  readonly #clock: ClientClock
  readonly #onListenerError: ListenerErrorHandler

  constructor(clock: ClientClock, onListenerError: ListenerErrorHandler) {
    this.#clock = clock
    this.#onListenerError = onListenerError
  }

  /** The longest that one of the rooms waits for a lost connection, where it says so itself. */
  get resumeWindowMs(): number {
    return Math.max(0, ...[...this.#rooms.values()].map(({ joined }) => joined.resume_window_ms ?? 0))
  }

  add(joined: ServerPayload<'RoomJoin'>, self: Presence): JoinedRoom {
    const room = new JoinedRoom(joined, self, this.#clock, this.#onListenerError)
    this.#rooms.set(joined.room, room)
    return room
  }

  /** @throws {KaosError} INVALID_PAYLOAD or INVALID_MESSAGEPACK */
  receive(op: typeof Op.RoomData | typeof Op.RoomState | typeof Op.RoomPresence, payload: Uint8Array): void {
    switch (op) {
      case Op.RoomData: {
        const message = decodeRoomData(payload)
        this.#rooms.get(message.room)?.receiveData(message)
        break
      }
      case Op.RoomState: {
        const message = decodeRoomState(payload)
        this.#rooms.get(message.room)?.receiveState(message)
        break
      }
      case Op.RoomPresence: {
        const change = decodeServerPayload('RoomPresence', payload)
        this.#rooms.get(change.room)?.receivePresence(change)
        break
      }
    }
  }

  close(handle: number, event: RoomClosedEvent): void {
    const room = this.#rooms.get(handle)
    this.#rooms.delete(handle)
    room?.close(event)
  }

  closeAll(event: RoomClosedEvent): void {
    for (const handle of [...this.#rooms.keys()]) this.close(handle, event)
  }
}
