import { KaosError } from '@kaosnet/protocol'
import type { RoomId, SessionId } from '../ids.ts'
import type { RoomGateway } from '../room/room-gateway.ts'
import type { RoomRecord } from '../room/room-record.ts'
import type { RoomRegistry } from '../room/room-registry.ts'
import type { SessionRegistry } from '../session/session-registry.ts'
import type { SessionService } from '../session/session-service.ts'
import type { OutgoingRoomData, RoomQuery, RoomView, ScriptServices, SessionView } from './script-services.ts'

/** The node's side of `kaos.*`, for scripts that run in the node's own thread. */
export class NodeServices implements ScriptServices {
  readonly #sessions: SessionRegistry
  readonly #rooms: RoomRegistry
  #gateway: RoomGateway | undefined
  #sessionService: SessionService | undefined

  constructor(parts: { readonly sessions: SessionRegistry; readonly rooms: RoomRegistry }) {
    this.#sessions = parts.sessions
    this.#rooms = parts.rooms
  }

  /** Scripts need the gateway and the gateway needs a host that runs scripts: the knot is tied here. */
  attach(gateway: RoomGateway, sessionService: SessionService): void {
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

  roomList(query: RoomQuery): RoomView[] {
    return this.#require(this.#gateway).list(query).map(roomView)
  }

  roomSend(id: RoomId, message: OutgoingRoomData): void {
    this.#require(this.#gateway).send(id, message)
  }

  roomKick(id: RoomId, session: SessionId, reason: string): boolean {
    return this.#require(this.#gateway).kick(id, session, reason)
  }

  roomLabelUpdate(id: RoomId, label: string): void {
    this.#require(this.#gateway).updateLabel(id, label)
  }

  roomPublishState(id: RoomId, data: Uint8Array, isMessagePack: boolean): void {
    this.#require(this.#gateway).publishState(id, data, isMessagePack)
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
    createdUnixMs: room.createdUnixMs,
  }
}
