import { type LuaArguments, LuaResults, type LuaValue } from '@kaosnet/lua'
import { encodeMessagePack, WireLimits } from '@kaosnet/protocol'
import type { RoomId, SessionId } from '../ids.ts'
import { checkedReservationMs } from '../room/reservations.ts'
import type { KaosContext } from './kaos-context.ts'
import type { RoomQuery, RoomView } from './script-services.ts'

/** `kaos.room_*` and `kaos.broadcast` (docs/lua.md#rooms). Presences arrive as session ids: see the prelude. */
export function defineRoomApi({ vm, services, role }: KaosContext): void {
  vm.defineFunction('kaos.room_create', (call) => {
    return services.roomCreate(call.string(1, 'module'), call.value(2, 'params') ?? {})
  })
  vm.defineFunction('kaos.room_get', (call) => {
    const room = services.roomGet(roomId(call))
    return room === undefined ? undefined : { ...summary(room), state: room.state }
  })
  vm.defineFunction('kaos.room_list', (call) => {
    const { rooms, cursor } = services.roomList(roomQuery(call))
    return new LuaResults(rooms.map(summary), cursor)
  })
  vm.defineFunction('kaos.room_send', (call) => {
    services.roomSend(roomId(call), {
      op: opCode(call, 2),
      ...outgoing(call, 3, 'data'),
      receivers: receivers(call, 4),
      isReliable: call.optionalBoolean(5, 'reliable') ?? true,
      sender: undefined,
    })
  })
  vm.defineFunction('kaos.broadcast', (call) => {
    services.roomSend(roomId(call), {
      sender: call.optionalString(2, 'sender') as SessionId | undefined,
      ...outgoing(call, 3, 'data'),
      receivers: receivers(call, 4),
      op: call.isNil(5) ? 0 : opCode(call, 5),
      isReliable: call.optionalBoolean(6, 'reliable') ?? true,
    })
  })
  vm.defineFunction('kaos.room_kick', (call) => {
    const session = call.string(2, 'presence') as SessionId
    return services.roomKick(roomId(call), session, call.optionalString(3, 'reason') ?? 'kicked')
  })
  vm.defineFunction('kaos.room_reserve', (call) => {
    const session = call.optionalString(2, 'presence') as SessionId | undefined
    return services.roomReserve(roomId(call), session, reservationMs(call, 3))
  })
  vm.defineFunction('kaos.room_signal', (call) => {
    return services.roomSignal(roomId(call), call.value(2, 'data')) as LuaValue
  })

  const ownRoom = (call: LuaArguments, what: string): RoomId => {
    const id = roomId(call)
    if (role.kind === 'room' && role.roomId === id) return id
    throw new Error(`${what} is for the room itself: call it from the room's own match handler`)
  }
  vm.defineFunction('kaos.room_label_update', (call) => {
    const id = ownRoom(call, 'room_label_update')
    const label = call.string(2, 'label')
    services.roomLabelUpdate(id, label)
  })
  vm.defineFunction('kaos.room_set_locked', (call) => {
    const id = ownRoom(call, 'room_set_locked')
    services.roomAccessUpdate(id, { isLocked: call.boolean(2, 'locked') })
  })
  vm.defineFunction('kaos.room_set_private', (call) => {
    const id = ownRoom(call, 'room_set_private')
    services.roomAccessUpdate(id, { isPrivate: call.boolean(2, 'private') })
  })
  vm.defineFunction('kaos.room_state', (call) => {
    const id = ownRoom(call, 'room_state')
    const { data, isMessagePack } = outgoing(call, 2, 'state')
    services.roomPublishState(id, data, isMessagePack)
  })
}

function roomId(call: LuaArguments): RoomId {
  return call.string(1, 'room_id') as RoomId
}

function reservationMs(call: LuaArguments, position: number): number | undefined {
  const seconds = call.optionalNumber(position, 'seconds')
  return seconds === undefined ? undefined : checkedReservationMs(seconds * 1000)
}

function opCode(call: LuaArguments, position: number): number {
  const op = call.integer(position, 'op')
  if (op >= 0 && op <= WireLimits.roomOp) return op
  throw new Error(`op is an integer from 0 to ${WireLimits.roomOp}, got ${op}`)
}

/** A string leaves as it is; any other value as MessagePack. */
function outgoing(
  call: LuaArguments,
  position: number,
  name: string,
): { data: Uint8Array; isMessagePack: boolean } {
  if (call.typeName(position) === 'string') return { data: call.bytes(position, name), isMessagePack: false }
  return { data: encodeMessagePack(call.value(position, name) ?? null), isMessagePack: true }
}

/** nil = all; a list of session ids; the empty list = nobody. */
function receivers(call: LuaArguments, position: number): SessionId[] | undefined {
  if (call.isNil(position)) return undefined
  const list = call.value(position, 'presences')
  if (Array.isArray(list) && list.every((id) => typeof id === 'string')) return list as SessionId[]
  if (typeof list === 'object' && list !== null && Object.keys(list).length === 0) return []
  throw new Error('presences is a list of presences or session ids')
}

function roomQuery(call: LuaArguments): RoomQuery {
  if (call.isNil(1)) return {}
  const table = call.value(1, 'query')
  if (typeof table !== 'object' || table === null || Array.isArray(table) || table instanceof Uint8Array) {
    throw new Error('query is a table { query =, module =, label =, has_seat =, limit =, cursor = }')
  }
  const fields = table as Readonly<Record<string, LuaValue>>
  const { query, module, label, has_seat: hasSeat, limit, cursor, ...unknown } = fields
  const [stranger] = Object.keys(unknown)
  if (stranger !== undefined) {
    throw new Error(
      `query has no field "${stranger}"; it has query, module, label, has_seat, limit and cursor`,
    )
  }
  if (hasSeat !== undefined && typeof hasSeat !== 'boolean') throw new Error('query.has_seat is a boolean')
  if (limit !== undefined && (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1)) {
    throw new Error('query.limit is an integer above 0')
  }
  return {
    query: optionalText(query, 'query'),
    module: optionalText(module, 'module'),
    label: optionalText(label, 'label'),
    hasSeat,
    limit,
    cursor: optionalText(cursor, 'cursor'),
  }
}

function optionalText(value: LuaValue | undefined, field: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw new Error(`query.${field} is a string`)
}

function summary(room: RoomView): { readonly [key: string]: LuaValue } {
  return {
    room_id: room.roomId,
    module: room.module,
    label: room.label,
    size: room.size,
    max_players: room.maxPlayers,
    tick_rate: room.tickHz,
    created_ms: Math.round(room.createdUnixMs),
    version: room.version,
    locked: room.isLocked === true,
    private: room.isPrivate === true,
  }
}
