import { encodeRoomData, encodeRoomState, type KaosError } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { RoomId, SessionId } from '../ids.ts'
import { type GatewayWorld, gatewayWorld } from '../testing/gateway-world.ts'
import { testMetrics } from '../testing/test-metrics.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

function world(config: ServerConfigInput = {}): GatewayWorld {
  return gatewayWorld(metrics, config)
}

const UNKNOWN_ROOM = '99999999-0000-4000-8000-000000000000' as RoomId

function kaosError(error: KaosError['error']): unknown {
  return expect.objectContaining({ error })
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text))
}

function data(options: { sender?: SessionId; receivers?: readonly SessionId[]; isReliable?: boolean } = {}) {
  return {
    op: 9,
    data: new Uint8Array([1, 2]),
    isMessagePack: false,
    isReliable: options.isReliable ?? true,
    sender: options.sender,
    receivers: options.receivers,
  }
}

describe('what a room sends', () => {
  it('reaches every member, under each one’s own handle', () => {
    const { connect, run, join, gateway } = world()
    const [ann, bob, eve] = [connect(), connect(), connect()]
    join(bob.session, run())
    const room = run()
    join(ann.session, room)
    join(bob.session, room)
    gateway.send(room.id, data())
    expect(ann.connection.roomData).toEqual([expect.objectContaining({ room: 1, op: 9, sender: 0 })])
    expect(bob.connection.roomData).toEqual([expect.objectContaining({ room: 2, op: 9, sender: 0 })])
    expect(eve.connection.roomData).toEqual([])
  })

  it('keeps its sender, if that is a member', () => {
    const { connect, run, join, gateway } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    join(ann.session, room)
    gateway.send(room.id, data({ sender: ann.session.id }))
    gateway.send(room.id, data({ sender: bob.session.id }))
    expect(ann.connection.roomData.map(({ sender }) => sender)).toEqual([1, 0])
  })

  it('reaches exactly the receivers that are named, and ignores those who are no members', () => {
    const { connect, run, join, ask, gateway } = world()
    const [ann, bob, eve, max] = [connect(), connect(), connect(), connect()]
    const room = run()
    join(ann.session, room)
    join(bob.session, room)
    ask(max.session, room.id)
    const stranger = 'ffffffffffffffff' as SessionId
    gateway.send(room.id, data({ receivers: [bob.session.id, eve.session.id, max.session.id, stranger] }))
    gateway.send(room.id, data({ receivers: [] }))
    const received = [ann, bob, eve, max].map(({ connection }) => connection.roomData.length)
    expect(received).toEqual([0, 1, 0, 0])
  })

  it('travels as reliable or unreliable as the script says, on the lane of the room', () => {
    const { connect, run, join, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    gateway.send(room.id, data({ isReliable: true }))
    gateway.send(room.id, data({ isReliable: false }))
    expect(connection.sent.slice(-2)).toEqual([
      expect.objectContaining({ delivery: 'reliable', lane: 1 }),
      expect.objectContaining({ delivery: 'unreliable', lane: 1 }),
    ])
    expect(connection.roomData.map(({ isReliable }) => isReliable)).toEqual([true, false])
  })

  it('is refused when it is too large', () => {
    const { run, gateway } = world()
    const room = run()
    const tooLarge = { ...data(), data: new Uint8Array(65_530) }
    expect(() => gateway.send(room.id, tooLarge)).toThrow(kaosError('PAYLOAD_TOO_LARGE'))
  })

  it('is an error for a room that does not exist', () => {
    expect(() => world().gateway.send(UNKNOWN_ROOM, data())).toThrow(kaosError('ROOM_NOT_FOUND'))
  })
})

describe('a frame of the host', () => {
  const frame = (text: string, isReliable = true): Uint8Array =>
    encodeRoomData({ room: 0, op: 9, sender: 0, isReliable, isMessagePack: false, data: bytes(text) })

  it('reaches every member, and nobody whose seat is not confirmed', () => {
    const { connect, run, join, ask, gateway } = world()
    const [ann, bob, eve] = [connect(), connect(), connect()]
    join(bob.session, run())
    const room = run()
    join(ann.session, room)
    join(bob.session, room)
    ask(eve.session, room.id)
    gateway.roomData(room.id, frame('hello'), true, undefined)
    expect(ann.connection.roomData).toEqual([expect.objectContaining({ room: 1, data: bytes('hello') })])
    expect(bob.connection.roomData).toEqual([expect.objectContaining({ room: 2, data: bytes('hello') })])
    expect(eve.connection.roomData).toEqual([])
  })

  it('reaches exactly the members that are named, and ignores numbers that are gone', () => {
    const { connect, run, join, gateway } = world()
    const [ann, bob, eve] = [connect(), connect(), connect()]
    const room = run()
    for (const { session } of [ann, bob, eve]) join(session, room)
    gateway.leave(eve.session, 1, 1)
    gateway.roomData(room.id, frame('psst'), true, [2, 3, 99])
    gateway.roomData(room.id, frame('nobody'), true, [])
    const received = [ann, bob, eve].map(({ connection }) => connection.roomData.length)
    expect(received).toEqual([0, 1, 0])
  })

  it('travels as reliable or unreliable as the host says, on the lane of the room', () => {
    const { connect, run, join, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    gateway.roomData(room.id, frame('a', true), true, undefined)
    gateway.roomData(room.id, frame('b', false), false, [1])
    expect(connection.sent.slice(-2)).toEqual([
      expect.objectContaining({ delivery: 'reliable', lane: 1 }),
      expect.objectContaining({ delivery: 'unreliable', lane: 1 }),
    ])
  })

  it('for a room that is gone is dropped', () => {
    const { connect, run, join, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    gateway.roomEnded(room.id, { reason: 'finished' })
    gateway.roomData(room.id, frame('late'), true, undefined)
    gateway.roomData(room.id, frame('late'), true, [1])
    gateway.roomState(room.id, frame('late'))
    expect(connection.ops.slice(-1)).toEqual(['RoomLeave'])
  })
})

describe('room state', () => {
  const state = (version: number, text: string, isMessagePack = false): Uint8Array =>
    encodeRoomState({ room: 0, isMessagePack, version, data: bytes(text) })

  it('goes to every member under its own handle', () => {
    const { connect, run, join, gateway } = world()
    const [ann, bob] = [connect(), connect()]
    join(bob.session, run())
    const room = run()
    join(ann.session, room)
    join(bob.session, room)
    gateway.roomState(room.id, state(1, 'one'))
    gateway.roomState(room.id, state(2, 'two', true))
    const expected = (handle: number) => [
      { room: handle, isMessagePack: false, version: 1, data: bytes('one') },
      { room: handle, isMessagePack: true, version: 2, data: bytes('two') },
    ]
    expect(ann.connection.roomStates).toEqual(expected(1))
    expect(bob.connection.roomStates).toEqual(expected(2))
    expect(ann.connection.sent.at(-1)).toMatchObject({ delivery: 'reliable', lane: 1 })
  })

  it('is given to a joiner right after the reply, as it is now', () => {
    const { connect, run, join, gateway } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    gateway.roomState(room.id, state(1, 'old'))
    gateway.roomState(room.id, state(2, 'now'))
    join(bob.session, run())
    join(ann.session, room)
    join(bob.session, room)
    expect(ann.connection.ops).toEqual(['RoomJoin', 'RoomState', 'RoomPresence'])
    expect(ann.connection.roomStates).toEqual([
      { room: 1, isMessagePack: false, version: 2, data: bytes('now') },
    ])
    expect(bob.connection.roomStates).toEqual([
      { room: 2, isMessagePack: false, version: 2, data: bytes('now') },
    ])
  })

  it.each([
    ['an array', (frame: Uint8Array) => frame],
    // Whose slice() copies nothing.
    ['a Buffer', (frame: Uint8Array) => Buffer.from(frame)],
  ])('in %s that was only lent is kept as it was', (_, lend) => {
    const { connect, run, join, gateway } = world()
    const room = run()
    const lent = lend(state(1, 'kept'))
    gateway.roomState(room.id, lent)
    lent.fill(0xff)
    const { session, connection } = connect()
    join(session, room)
    expect(connection.roomStates).toEqual([
      { room: 1, isMessagePack: false, version: 1, data: bytes('kept') },
    ])
  })

  it('published while match_init runs is given to the first who joins', () => {
    const { connect, ask, gateway, host } = world()
    const room = gateway.create('game', {}, undefined)
    gateway.roomState(room.id, state(1, 'early'))
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 8, version: 'v1' })
    const { session, connection } = connect()
    ask(session, room.id)
    gateway.joinAccepted(room.id, host.taken('join')[0]?.member.member ?? 0)
    expect(connection.roomStates.map(({ data }) => data)).toEqual([bytes('early')])
  })
})
