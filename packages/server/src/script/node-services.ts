import { KaosError } from '@kaosnet/protocol'
import type { RoomId, SessionId } from '../ids.ts'
import type { RoomGateway } from '../room/room-gateway.ts'
import type { RoomHost } from '../room/room-host.ts'
import type { RoomRecord } from '../room/room-record.ts'
import type { RoomRegistry } from '../room/room-registry.ts'
import type { SessionRegistry } from '../session/session-registry.ts'
import type { SessionService } from '../session/session-service.ts'
import type {
  NodeCalls,
  OutgoingRoomData,
  RoomListPage,
  RoomQuery,
  RoomView,
  SessionView,
} from './script-services.ts'

/** The node's side of `kaos.*`: what scripts of any host ask of it. */
export class NodeServices implements NodeCalls {
  readonly #sessions: SessionRegistry
  readonly #rooms: RoomRegistry
  #gateway: RoomGateway | undefined
  #host: RoomHost | undefined
  #sessionService: SessionService | undefined

  constructor(parts: { readonly sessions: SessionRegistry; readonly rooms: RoomRegistry }) {
    this.#sessions = parts.sessions
    this.#rooms = parts.rooms
  }

  /** Scripts need the gateway and the gateway needs a host that runs scripts: the knot is tied here. */
  attach(host: RoomHost, gateway: RoomGateway, sessionService: SessionService): void {
    this.#host = host
    this.#gateway = gateway
    this.#sessionService = sessionService
  }

  sessionGet(id: SessionId): SessionView | undefined {
    const session = this.#sessions.get(id)
    if (session === undefined) return undefined
    return {
      sessionId: id,
      ...session.identity,
      transport: session.peer.connection.transport,
      latencyMs: session.peer.latency.rttMs,
      startedUnixMs: session.startedUnixMs,
      rooms: Array.from(session.memberships, ({ roomId }) => roomId),
    }
  }

  sessionKick(id: SessionId, reason: string): boolean {
    const session = this.#sessions.get(id)
    if (session === undefined) return false
    const { code } = new KaosError('SESSION_KICKED')
    this.#require(this.#sessionService).end(session, { code, reason, leaveReason: 'kicked' })
    return true
  }

  roomCreate(module: string, params: unknown): RoomId {
    return this.#require(this.#gateway).create(module, params, undefined).id
  }

  roomGet(id: RoomId): RoomView | undefined {
    const room = this.#rooms.find(id)
    return room === undefined ? undefined : roomView(room)
  }

  roomList(query: RoomQuery): RoomListPage {
    const { rooms, cursor } = this.#require(this.#gateway).list(query)
    return { rooms: rooms.map(roomView), cursor }
  }

  roomSend(id: RoomId, message: OutgoingRoomData): void {
    this.#require(this.#gateway).send(id, message)
  }

  roomKick(id: RoomId, session: SessionId, reason: string): boolean {
    return this.#require(this.#gateway).kick(id, session, reason)
  }

  roomReserve(id: RoomId, session: SessionId | undefined, durationMs: number | undefined): string {
    return this.#require(this.#gateway).admission.reserve(id, session, durationMs)
  }

  /**
   * For a host in this thread, which has looked among its own rooms: there is no such room, or it has not begun.
   * @throws {KaosError} ROOM_NOT_FOUND or ROOM_CLOSED
   */
  roomSignal(id: RoomId, _data: unknown): never {
    this.#rooms.require(id)
    throw new KaosError('ROOM_NOT_FOUND', 'the room has not started yet')
  }

  /** For a host in another thread: the room may be in any host. Rejects as {@link RoomHost.signal} does. */
  async signalRoom(id: RoomId, data: unknown): Promise<unknown> {
    this.#rooms.require(id)
    return this.#require(this.#host).signal(id, data)
  }

  #require<T>(part: T | undefined): T {
    if (part === undefined) throw new Error('the server is not built yet')
    return part
  }
}

function roomView(room: RoomRecord): RoomView {
  return {
    roomId: room.id,
    module: room.module,
    label: room.traits.label,
    state: room.phase,
    size: room.size,
    maxPlayers: room.traits.maxPlayers,
    tickHz: room.traits.tickHz,
    version: room.traits.version,
    createdUnixMs: room.createdUnixMs,
    isLocked: room.traits.isLocked,
    isPrivate: room.traits.isPrivate,
  }
}
