import {
  type ClientPayload,
  decodeMessagePack,
  encodeMessagePack,
  KaosError,
  Op,
  type RoomData,
  type RoomSummary,
  scanMessagePack,
  utf8Bytes,
  WireLimits,
} from '@kaosnet/protocol'
import type { ServerConfig } from '../config.ts'
import { isRoomId, type RoomId } from '../ids.ts'
import type { JoinRequest } from '../room/join-attempt.ts'
import type { RoomPage } from '../room/query/room-page.ts'
import type { RoomGateway } from '../room/room-gateway.ts'
import type { HookName } from '../room/room-host.ts'
import type { RoomRecord } from '../room/room-record.ts'
import type { Session } from '../session/session.ts'
import { callerOf } from '../session/session-service.ts'
import type { HookMessage, HookPipeline } from './hook-pipeline.ts'
import { type HookedRequests, withoutId } from './hooked-requests.ts'

export interface RequestHandlersParts {
  readonly config: ServerConfig
  readonly hooks: HookPipeline
  readonly hooked: HookedRequests
  readonly rooms: RoomGateway
}

/** A list of rooms is cut so that it fits one frame. */
const ROOM_LIST_BYTES = 60_000
/** Everything of a room summary but its label and module. */
const ROOM_SUMMARY_BYTES = 160

/**
 * What each request of an active session does: before-hook, action, answer, after-hook. Throws KaosErrors for the inbox to
 * answer with. Returns a promise only when a hook (or the host) makes it wait.
 */
export class RequestHandlers {
  readonly #parts: RequestHandlersParts

  constructor(parts: RequestHandlersParts) {
    this.#parts = parts
  }

  /** Whether room data waits for a script. */
  get isDataHooked(): boolean {
    const { hooks } = this.#parts
    return hooks.hasBefore('room_data') || hooks.hasAfter('room_data')
  }

  async roomCreate(session: Session, request: ClientPayload<'RoomCreate'>): Promise<void> {
    const checked = await this.#parts.hooked.before('room_create', 'RoomCreate', session, request)
    const { module, params } = checked
    const room = this.#create(session, checked)
    // The answer comes when the room runs; the next request need not wait for it.
    room.whenStarted((error) => {
      if (error instanceof KaosError) session.link.sendError(error, Op.RoomCreate, request.id)
      else {
        session.link.sendControl('RoomCreate', { id: request.id, room_id: room.id })
        this.#parts.hooked.after('room_create', session, { module, params, room_id: room.id })
      }
    })
  }

  #create(
    session: Session,
    { module, params }: Pick<ClientPayload<'RoomCreate'>, 'module' | 'params'>,
  ): RoomRecord {
    const { config, rooms } = this.#parts
    if (!config.rooms.allowClientCreate) throw new KaosError('ROOM_CREATE_DENIED')
    return rooms.create(module, params ?? {}, session.id)
  }

  roomJoin(session: Session, request: ClientPayload<'RoomJoin'>): void | Promise<void> {
    if (!this.#parts.hooks.hasBefore('room_join')) return this.#join(session, request)
    return this.#parts.hooked.before('room_join', 'RoomJoin', session, request).then((message) => {
      try {
        this.#join(session, message)
      } catch (cause) {
        throw message.find?.query === request.find?.query ? cause : invalidQuery('room_join', cause)
      }
    })
  }

  #join(session: Session, request: ClientPayload<'RoomJoin'>): void {
    const { find, metadata, password, reservation, room_id } = request
    if ((find === undefined) === (room_id === undefined)) {
      throw new KaosError('INVALID_PAYLOAD', 'RoomJoin: expected either room_id or find')
    }
    const join = { session, requestId: request.id, metadata, password }
    if (find !== undefined) {
      if (reservation === undefined) return this.#find(join, find)
      throw new KaosError('INVALID_PAYLOAD', 'RoomJoin: a reservation is of one room: expected room_id')
    }
    const roomId = requireRoomId(room_id)
    this.#parts.rooms.admission.join(join, roomId, reservation, (isAccepted) => {
      if (isAccepted) this.#parts.hooked.after('room_join', session, { room_id: roomId, metadata })
    })
  }

  #find(join: JoinRequest, find: NonNullable<ClientPayload<'RoomJoin'>['find']>): void {
    const { metadata, requestId: id, session } = join
    const { module, query, params } = find
    const create = () => this.#createFor(session, { id, module, params })
    this.#parts.rooms.admission.find(join, { module, query, create }, (roomId) => {
      this.#parts.hooked.after('room_join', session, { room_id: roomId, find, metadata })
    })
  }

  /** Makes the room that was not found, if clients may: the hooks of room_create see it as they see any other. */
  #createFor(session: Session, request: ClientPayload<'RoomCreate'>): RoomRecord | Promise<RoomRecord> {
    const create = (message: ClientPayload<'RoomCreate'>): RoomRecord => {
      const { module, params } = message
      const room = this.#create(session, message)
      room.whenStarted((error) => {
        if (error === undefined)
          this.#parts.hooked.after('room_create', session, { module, params, room_id: room.id })
      })
      return room
    }
    if (!this.#parts.hooks.hasBefore('room_create')) return create(request)
    return this.#parts.hooked.before('room_create', 'RoomCreate', session, request).then(create)
  }

  roomLeave(session: Session, request: ClientPayload<'RoomLeave'>): void | Promise<void> {
    const { hooks, rooms } = this.#parts
    const leave = (): void => {
      const roomId = session.membership(request.room)?.roomId
      rooms.leave(session, request.id, request.room)
      this.#parts.hooked.after('room_leave', session, { room_id: roomId })
    }
    if (!hooks.hasBefore('room_leave')) return leave()
    const message = { room: request.room, room_id: session.membership(request.room)?.roomId }
    return hooks.before('room_leave', callerOf(session), message).then(leave)
  }

  /** @param readAtMs When it was read from the network */
  roomData(session: Session, message: RoomData, readAtMs?: number): void | Promise<void> {
    // Checked here, so that the sender learns of it and not the room.
    if (message.isMessagePack) scanMessagePack(message.data)
    if (this.isDataHooked) return this.#hookedRoomData(session, message)
    return this.#parts.rooms.input(session, message.room, message, readAtMs)
  }

  async #hookedRoomData(session: Session, message: RoomData): Promise<void> {
    const { config, hooks, rooms } = this.#parts
    const seen: HookMessage = {
      room_id: session.membership(message.room)?.roomId,
      op: message.op,
      data: message.isMessagePack ? decodeMessagePack(message.data) : message.data,
      reliable: message.isReliable,
    }
    const changed = await hooks.before('room_data', callerOf(session), seen)
    // A message that was too large before the hook saw it is refused as such, by the room.
    const maxBytes = Math.max(config.limits.roomDataBytes, message.data.length)
    rooms.input(session, message.room, changed === seen ? message : hookedData(changed, message, maxBytes))
    this.#parts.hooked.after('room_data', session, changed)
  }

  async roomList(session: Session, request: ClientPayload<'RoomList'>): Promise<void> {
    const query = await this.#parts.hooked.before('room_list', 'RoomList', session, request)
    const page = this.#listed(query, request)
    const rooms = summariesThatFit(page.rooms)
    const cursor = page.cursorAfter(rooms.length)
    session.link.sendControl('RoomList', { id: request.id, rooms, cursor })
    this.#parts.hooked.after('room_list', session, withoutId(query))
  }

  #listed(query: ClientPayload<'RoomList'>, request: ClientPayload<'RoomList'>): RoomPage {
    const { has_seat: hasSeat, ...fields } = query
    try {
      return this.#parts.rooms.list({ ...fields, hasSeat })
    } catch (cause) {
      throw query.query === request.query ? cause : invalidQuery('room_list', cause)
    }
  }

  async rpc(session: Session, request: ClientPayload<'Rpc'>): Promise<void> {
    const { hooks } = this.#parts
    const { name, payload } = await this.#parts.hooked.before('rpc', 'Rpc', session, request)
    const result = await hooks.rpc(name, callerOf(session), payload)
    try {
      session.link.sendControl('RpcResponse', { id: request.id, payload: result })
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new KaosError('SCRIPT_RESULT_INVALID', `the result of RPC "${name}" cannot be sent: ${why}`, {
        cause,
      })
    }
    this.#parts.hooked.after('rpc', session, { name, payload, result })
  }
}

/** What a hook has written is no fault of the client's. */
function invalidQuery(hook: HookName, cause: unknown): unknown {
  if (!(cause instanceof KaosError) || cause.error !== 'INVALID_PAYLOAD') return cause
  const why = `the before-hook of ${hook} returned an invalid query: ${cause.message}`
  return new KaosError('HOOK_FAILED', why, { cause })
}

function requireRoomId(text = ''): RoomId {
  if (!isRoomId(text)) throw new KaosError('INVALID_PAYLOAD', 'room_id: expected a UUID in lower case')
  return text
}

/** The message a before-hook of room_data made: a value that came as MessagePack leaves as MessagePack. */
function hookedData(changed: HookMessage, original: RoomData, maxBytes: number): RoomData {
  const { op, data, reliable } = changed
  if (typeof op !== 'number' || !Number.isInteger(op) || op < 0 || op > WireLimits.roomOp) {
    throw new KaosError(
      'HOOK_FAILED',
      'the before-hook of room_data returned an op that is no integer 0–65535',
    )
  }
  const bytes = original.isMessagePack ? undefined : bytesOf(data)
  const encoded = bytes ?? encodeHooked(data)
  if (encoded.length > maxBytes) {
    throw new KaosError(
      'HOOK_FAILED',
      `the before-hook of room_data returned ${encoded.length} bytes of data, at most ${maxBytes} are allowed`,
    )
  }
  return {
    ...original,
    op,
    isReliable: reliable === undefined ? original.isReliable : reliable === true,
    isMessagePack: bytes === undefined,
    data: encoded,
  }
}

function bytesOf(data: unknown): Uint8Array | undefined {
  return typeof data === 'string' ? Buffer.from(data) : data instanceof Uint8Array ? data : undefined
}

/** @throws {KaosError} HOOK_FAILED: what the client sent is not to blame */
function encodeHooked(data: unknown): Uint8Array {
  try {
    return encodeMessagePack(data)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KaosError(
      'HOOK_FAILED',
      `the before-hook of room_data returned data that cannot be sent: ${why}`,
      { cause },
    )
  }
}

function summariesThatFit(rooms: readonly RoomRecord[]): RoomSummary[] {
  const summaries: RoomSummary[] = []
  let sizeBytes = 0
  for (const { id, module, traits, size, createdUnixMs } of rooms) {
    sizeBytes += ROOM_SUMMARY_BYTES + utf8Bytes(traits.label) + utf8Bytes(module)
    if (sizeBytes > ROOM_LIST_BYTES) break
    summaries.push({
      room_id: id,
      module,
      label: traits.label,
      size,
      max_players: traits.maxPlayers,
      tick_hz: traits.tickHz,
      created_ms: Math.round(createdUnixMs),
      is_locked: traits.isLocked === true ? true : undefined,
    })
  }
  return summaries
}
