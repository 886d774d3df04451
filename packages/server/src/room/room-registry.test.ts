import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { RoomId, SessionId } from '../ids.ts'
import type { RoomQuery } from '../script/script-services.ts'
import type { RoomTraits } from './room-host.ts'
import { RoomRecord } from './room-record.ts'
import { RoomRegistry } from './room-registry.ts'

function roomId(): RoomId {
  return randomUUID() as RoomId
}

function addRoom(
  rooms: RoomRegistry,
  options: Partial<RoomTraits> & { module?: string; createdBy?: SessionId; phase?: RoomRecord['phase'] } = {},
): RoomRecord {
  const { module = 'game', createdBy, phase = 'running', ...traits } = options
  const room = new RoomRecord(roomId(), module, 0, createdBy)
  room.phase = phase
  room.traits = { label: '', tickHz: 10, maxPlayers: 4, version: 'v1', ...traits }
  rooms.add(room)
  return room
}

const notFound = expect.objectContaining({ error: 'ROOM_NOT_FOUND' })
const closed = expect.objectContaining({ error: 'ROOM_CLOSED' })

/** The rooms of a list that is not paged. */
function list(rooms: RoomRegistry, query: RoomQuery, limit = 10): readonly RoomRecord[] {
  return rooms.list(query, limit).rooms
}

describe('RoomRegistry', () => {
  it.each(['creating', 'running'] as const)('gives out a room that is %s', (phase) => {
    const rooms = new RoomRegistry()
    const room = addRoom(rooms, { phase })
    expect(rooms.require(room.id)).toBe(room)
    expect(rooms.find(room.id)).toBe(room)
  })

  it.each(['draining', 'closed'] as const)('says that a room which is %s is closed', (phase) => {
    const rooms = new RoomRegistry()
    const room = addRoom(rooms, { phase })
    expect(() => rooms.require(room.id)).toThrow(closed)
    expect(rooms.find(room.id)).toBe(room)
  })

  it('tells a room that has ended from one that never was', () => {
    const rooms = new RoomRegistry()
    const { id } = addRoom(rooms)
    rooms.delete(id)
    expect(rooms.find(id)).toBeUndefined()
    expect(() => rooms.require(id)).toThrow(closed)
    expect(() => rooms.require(roomId())).toThrow(notFound)
    expect(rooms.size).toBe(0)
  })

  it('remembers the 4,096 rooms that ended last, and no more', () => {
    const rooms = new RoomRegistry()
    const ids = Array.from({ length: 4_097 }, () => addRoom(rooms).id)
    for (const id of ids) rooms.delete(id)
    expect(() => rooms.require(ids[0] as RoomId)).toThrow(notFound)
    expect(() => rooms.require(ids[1] as RoomId)).toThrow(closed)
    expect(() => rooms.require(ids[4_096] as RoomId)).toThrow(closed)
  })

  it('does not remember a room it never had', () => {
    const rooms = new RoomRegistry()
    const id = roomId()
    rooms.delete(id)
    expect(() => rooms.require(id)).toThrow(notFound)
  })

  it('counts the rooms that a session created', () => {
    const rooms = new RoomRegistry()
    const [ann, bob] = ['000000000000000a' as SessionId, '000000000000000b' as SessionId]
    const first = addRoom(rooms, { createdBy: ann })
    addRoom(rooms, { createdBy: ann })
    addRoom(rooms, { createdBy: bob })
    addRoom(rooms)
    expect(rooms.countCreatedBy(ann)).toBe(2)
    rooms.delete(first.id)
    expect(rooms.countCreatedBy(ann)).toBe(1)
  })

  it('lists running rooms, the newest first', () => {
    const rooms = new RoomRegistry()
    const [old, middle, young] = [addRoom(rooms), addRoom(rooms), addRoom(rooms)]
    addRoom(rooms, { phase: 'creating' })
    addRoom(rooms, { phase: 'draining' })
    expect(list(rooms, {})).toEqual([young, middle, old])
    expect([...rooms]).toHaveLength(5)
  })

  it('lists by module, exact label and free seats', () => {
    const rooms = new RoomRegistry()
    const arena = addRoom(rooms, { module: 'arena', label: 'eu' })
    const chess = addRoom(rooms, { module: 'chess', label: 'eu-west' })
    const full = addRoom(rooms, { module: 'arena', label: 'eu', maxPlayers: 0 })
    expect(list(rooms, { module: 'arena' })).toEqual([full, arena])
    expect(list(rooms, { label: 'eu' })).toEqual([full, arena])
    expect(list(rooms, { hasSeat: true })).toEqual([chess, arena])
    expect(list(rooms, { hasSeat: false })).toEqual([full])
    expect(list(rooms, { module: 'arena', label: 'eu', hasSeat: true })).toEqual([arena])
    expect(list(rooms, { module: 'go' })).toEqual([])
  })

  it('lists at most as many as asked for and allowed', () => {
    const rooms = new RoomRegistry()
    for (let i = 0; i < 6; i++) addRoom(rooms)
    expect(list(rooms, { limit: 2 }, 5)).toHaveLength(2)
    expect(list(rooms, { limit: 9 }, 5)).toHaveLength(5)
    expect(list(rooms, {}, 5)).toHaveLength(5)
  })

  it('lists by a query, and no more a room that it no longer has', () => {
    const rooms = new RoomRegistry()
    const room = addRoom(rooms, { label: '{"mode":"duel"}' })
    addRoom(rooms, { label: '{"mode":"team"}' })
    expect(list(rooms, { query: '+label.mode:duel' })).toEqual([room])
    rooms.delete(room.id)
    expect(list(rooms, { query: '+label.mode:duel' })).toEqual([])
    room.traits = { ...room.traits }
    expect(list(rooms, {})).toHaveLength(1)
  })
})
