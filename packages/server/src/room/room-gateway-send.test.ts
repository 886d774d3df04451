import type { KaosError } from '@kaosnet/protocol'
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

  it('is an error for a room that does not exist', () => {
    expect(() => world().gateway.send(UNKNOWN_ROOM, data())).toThrow(kaosError('ROOM_NOT_FOUND'))
  })
})

describe('room state', () => {
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

  it('goes to every member, with a version that counts up', () => {
    const { connect, run, join, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    gateway.publishState(room.id, bytes('one'), false)
    gateway.publishState(room.id, bytes('two'), true)
    expect(connection.roomStates).toEqual([
      { room: 1, isMessagePack: false, version: 1, data: bytes('one') },
      { room: 1, isMessagePack: true, version: 2, data: bytes('two') },
    ])
    expect(connection.sent.at(-1)).toMatchObject({ delivery: 'reliable', lane: 1 })
  })

  it('is given to a joiner right after the reply, as it is now', () => {
    const { connect, run, join, gateway } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    gateway.publishState(room.id, bytes('old'), false)
    gateway.publishState(room.id, bytes('now'), false)
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

  it('is refused when it is too large, and the one before stays', () => {
    const { connect, run, join, gateway } = world()
    const room = run()
    gateway.publishState(room.id, bytes('good'), false)
    expect(() => gateway.publishState(room.id, new Uint8Array(65_530), false)).toThrow(
      kaosError('PAYLOAD_TOO_LARGE'),
    )
    const { session, connection } = connect()
    join(session, room)
    expect(connection.roomStates).toEqual([
      { room: 1, isMessagePack: false, version: 1, data: bytes('good') },
    ])
  })
})
