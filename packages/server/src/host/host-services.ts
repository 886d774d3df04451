import { KaosError } from '@kaosnet/protocol'
import type { RoomId, SessionId } from '../ids.ts'
import type { Room, RoomAccess } from '../room/room.ts'
import type {
  NodeCalls,
  OutgoingRoomData,
  RoomListPage,
  RoomQuery,
  RoomView,
  ScriptServices,
  SessionView,
} from '../script/script-services.ts'

/**
 * What scripts of one host can do. Rooms of the same host are served here, without a word to the node; everything else
 * is asked of it.
 */
export class HostServices implements ScriptServices {
  readonly #node: NodeCalls
  readonly #rooms = new Map<RoomId, Room>()

  constructor(node: NodeCalls) {
    this.#node = node
  }

  /** The rooms of this host. */
  get rooms(): Map<RoomId, Room> {
    return this.#rooms
  }

  sessionGet(id: SessionId): SessionView | undefined {
    return this.#node.sessionGet(id)
  }

  sessionKick(id: SessionId, reason: string): boolean {
    return this.#node.sessionKick(id, reason)
  }

  roomCreate(module: string, params: unknown): RoomId {
    return this.#node.roomCreate(module, params)
  }

  roomGet(id: RoomId): RoomView | undefined {
    return this.#rooms.get(id)?.view() ?? this.#node.roomGet(id)
  }

  roomList(query: RoomQuery): RoomListPage {
    return this.#node.roomList(query)
  }

  roomSend(id: RoomId, message: OutgoingRoomData): void {
    const room = this.#rooms.get(id)
    if (room === undefined) this.#node.roomSend(id, message)
    else room.send(message)
  }

  roomKick(id: RoomId, session: SessionId, reason: string): boolean {
    return this.#rooms.get(id)?.kick(session, reason) ?? this.#node.roomKick(id, session, reason)
  }

  roomReserve(id: RoomId, session: SessionId | undefined, durationMs: number | undefined): string {
    return this.#node.roomReserve(id, session, durationMs)
  }

  roomSignal(id: RoomId, data: unknown): unknown {
    const room = this.#rooms.get(id)
    return room === undefined ? this.#node.roomSignal(id, data) : room.signal(data)
  }

  roomLabelUpdate(id: RoomId, label: string): void {
    this.#own(id).updateLabel(label)
  }

  roomAccessUpdate(id: RoomId, access: RoomAccess): void {
    this.#own(id).updateAccess(access)
  }

  roomPublishState(id: RoomId, data: Uint8Array, isMessagePack: boolean): void {
    this.#own(id).publishState(data, isMessagePack)
  }

  #own(id: RoomId): Room {
    const room = this.#rooms.get(id)
    if (room === undefined) throw new KaosError('ROOM_NOT_FOUND')
    return room
  }
}
