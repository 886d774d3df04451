import { KaosError, WireLimits } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { RoomId, SessionId } from '../ids.ts'
import { type GatewayWorld, gatewayWorld } from '../testing/gateway-world.ts'
import { readMetric } from '../testing/read-metric.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import type { RoomInput } from './room-host.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

function world(config: ServerConfigInput = {}): GatewayWorld {
  return gatewayWorld(metrics, config)
}

const UNKNOWN_ROOM = '99999999-0000-4000-8000-000000000000' as RoomId

function kaosError(error: KaosError['error']): unknown {
  return expect.objectContaining({ error })
}

function input(sizeBytes = 3): RoomInput {
  return { op: 7, data: new Uint8Array(sizeBytes).fill(1), isReliable: true, isMessagePack: false }
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

describe('creating a room', () => {
  it('asks the host for a room of that module with those params', () => {
    const { gateway, host } = world()
    const room = gateway.create('game', { map: 'dust' }, undefined)
    expect(host.commands).toEqual([
      { kind: 'create', spec: { id: room.id, module: 'game', params: { map: 'dust' } } },
    ])
    expect(room.phase).toBe('creating')
  })

  it('is refused for a module that does not exist', () => {
    expect(() => world().gateway.create('nope', {}, undefined)).toThrow(kaosError('ROOM_MODULE_NOT_FOUND'))
  })

  it('is refused above the bound on rooms, and counted', async () => {
    const { gateway } = world({ limits: { rooms: 2 } })
    const before = await readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'rooms' })
    gateway.create('game', {}, undefined)
    const second = gateway.create('game', {}, undefined)
    expect(() => gateway.create('game', {}, undefined)).toThrow(kaosError('TOO_MANY_ROOMS'))
    expect(await readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'rooms' })).toBe(before + 1)
    gateway.roomEnded(second.id, { reason: 'finished' })
    gateway.create('game', {}, undefined)
  })

  it('is refused above the bound on running rooms of one creator', () => {
    const { gateway, connect } = world({ limits: { roomsCreatedPerSession: 1 } })
    const [ann, bob] = [connect().session, connect().session]
    const first = gateway.create('game', {}, ann.id)
    expect(() => gateway.create('game', {}, ann.id)).toThrow(kaosError('TOO_MANY_ROOMS'))
    gateway.create('game', {}, bob.id)
    gateway.create('game', {}, undefined)
    gateway.roomEnded(first.id, { reason: 'empty' })
    gateway.create('game', {}, ann.id)
  })
})

describe('joining a room', () => {
  it('answers with everything a member must know, itself first', () => {
    const { connect, run, join } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run({ label: 'arena', tickHz: 29.97, maxPlayers: 4 })
    join(ann.session, room, { colour: 'red' })
    join(bob.session, room)
    expect(bob.connection.payloads('RoomJoin')).toEqual([
      {
        id: 2,
        room_id: room.id,
        room: 1,
        module: 'game',
        label: 'arena',
        tick_hz: 29.97,
        max_players: 4,
        member: 2,
        members: [
          { member: 2, session: bob.session.id, user_id: 'user-2', username: 'player 2' },
          {
            member: 1,
            session: ann.session.id,
            user_id: 'user-1',
            username: 'player 1',
            metadata: { colour: 'red' },
          },
        ],
      },
    ])
  })

  it('tells those who are in, and only once the room has agreed', () => {
    const { connect, run, join, ask, gateway } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    join(ann.session, room)
    ask(bob.session, room.id)
    expect(ann.connection.payloads('RoomPresence')).toEqual([])
    gateway.joinAccepted(room.id, 2)
    expect(ann.connection.payloads('RoomPresence')).toEqual([
      {
        room: 1,
        joins: [{ member: 2, session: bob.session.id, user_id: 'user-2', username: 'player 2' }],
        leaves: [],
      },
    ])
    expect(bob.connection.payloads('RoomPresence')).toEqual([])
  })

  it('hands the host what it needs to know of the player', () => {
    const { connect, run, ask, host } = world()
    const { session } = connect()
    const room = run()
    ask(session, room.id, { skin: 3 })
    expect(host.taken('join')).toEqual([
      {
        kind: 'join',
        roomId: room.id,
        member: {
          member: 1,
          sessionId: session.id,
          userId: 'user-1',
          username: 'player 1',
          metadata: { skin: 3 },
        },
      },
    ])
  })

  it('gives three different errors for an unknown, a closed and a full room', () => {
    const { connect, run, join, ask, gateway } = world()
    const [ann, bob] = [connect(), connect()]
    const ended = run()
    gateway.roomEnded(ended.id, { reason: 'finished' })
    const full = run({ maxPlayers: 1 })
    join(ann.session, full)

    expect(() => ask(bob.session, UNKNOWN_ROOM)).toThrow(kaosError('ROOM_NOT_FOUND'))
    expect(() => ask(bob.session, ended.id)).toThrow(kaosError('ROOM_CLOSED'))
    const request = ask(bob.session, full.id)
    expect(bob.connection.payloads('Error')).toEqual([
      expect.objectContaining({
        id: request,
        name: 'ROOM_FULL',
        message: 'all 1 seats of the room are taken',
      }),
    ])
  })

  it('counts a seat from the moment it is asked for', () => {
    const { connect, run, ask, gateway } = world()
    const [ann, bob, eve] = [connect(), connect(), connect()]
    const room = run({ maxPlayers: 2 })
    ask(ann.session, room.id)
    ask(bob.session, room.id)
    ask(eve.session, room.id)
    expect(eve.connection.errors).toEqual(['ROOM_FULL'])
    gateway.joinRejected(room.id, 1, 'no')
    ask(eve.session, room.id)
    expect(eve.connection.errors).toEqual(['ROOM_FULL'])
    gateway.joinAccepted(room.id, 3)
    expect(eve.connection.payloads('RoomJoin')).toHaveLength(1)
  })

  it('gives the reason when the room refuses, and frees the seat', () => {
    const { connect, run, ask, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    const request = ask(session, room.id)
    gateway.joinRejected(room.id, 1, 'level 10 needed')
    expect(connection.payloads('Error')).toEqual([
      expect.objectContaining({ id: request, name: 'ROOM_JOIN_REJECTED', message: 'level 10 needed' }),
    ])
    expect([room.seats.size, session.roomCount]).toEqual([0, 0])
  })

  it('is refused twice over, also while the first request waits', () => {
    const { connect, run, ask, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    ask(session, room.id)
    ask(session, room.id)
    gateway.joinAccepted(room.id, 1)
    ask(session, room.id)
    expect(connection.errors).toEqual(['ROOM_ALREADY_JOINED', 'ROOM_ALREADY_JOINED'])
    expect(connection.payloads('RoomJoin')).toHaveLength(1)
  })

  it('is refused above the bound on rooms of one session', () => {
    const { connect, run, join, ask } = world({ limits: { roomsPerSession: 2 } })
    const { session, connection } = connect()
    join(session, run())
    ask(session, run().id)
    ask(session, run().id)
    expect(connection.errors).toEqual(['TOO_MANY_ROOMS'])
    expect(session.roomCount).toBe(2)
  })

  it('is refused with metadata above its bound', () => {
    const { connect, run, ask } = world({ limits: { metadataBytes: 64 } })
    const { session } = connect()
    const room = run()
    ask(session, room.id, { text: 'x'.repeat(50) })
    expect(() => ask(connect().session, room.id, { text: 'x'.repeat(60) })).toThrow(
      kaosError('INVALID_PAYLOAD'),
    )
  })

  it('waits for a room that is still starting', () => {
    const { connect, ask, gateway, host } = world()
    const { session } = connect()
    const room = gateway.create('game', {}, undefined)
    ask(session, room.id)
    expect(host.taken('join')).toEqual([])
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 1 })
    expect(host.taken('join')).toHaveLength(1)
  })

  it('fails with the script’s error when the room it waits for does not start', () => {
    const { connect, ask, gateway } = world()
    const { session, connection } = connect()
    const room = gateway.create('game', {}, undefined)
    const request = ask(session, room.id)
    gateway.roomEnded(room.id, { reason: 'init-failed', error: 'main.lua:3: boom' })
    expect(connection.payloads('Error')).toEqual([
      expect.objectContaining({ id: request, name: 'ROOM_INIT_FAILED', message: 'main.lua:3: boom' }),
    ])
  })

  it('fills the seats in the order of the requests when many wait for a small room', () => {
    const { connect, ask, gateway, host } = world()
    const all = Array.from({ length: 4 }, connect)
    const room = gateway.create('game', {}, undefined)
    for (const { session } of all) ask(session, room.id)
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 2 })
    expect(host.taken('join').map(({ member }) => member.userId)).toEqual(['user-1', 'user-2'])
    expect(all.map(({ connection }) => connection.errors)).toEqual([[], [], ['ROOM_FULL'], ['ROOM_FULL']])
  })

  it('fails when the room ends before it has answered', () => {
    const { connect, run, ask, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    ask(session, room.id)
    gateway.roomEnded(room.id, { reason: 'finished' })
    expect(connection.errors).toEqual(['ROOM_CLOSED'])
    expect(session.roomCount).toBe(0)
  })

  it('gives the seat back, and tells the room, when the session has vanished in the meantime', () => {
    const { connect, run, join, ask, gateway, host } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    join(ann.session, room)
    ask(bob.session, room.id)
    bob.session.markEnded()
    gateway.dropSession(bob.session, 'dropped')
    expect(host.taken('leave')).toEqual([])
    gateway.joinAccepted(room.id, 2)
    expect(host.taken('leave')).toEqual([{ kind: 'leave', roomId: room.id, member: 2, reason: 'dropped' }])
    expect([...room.seats.keys()]).toEqual([1])
    expect(ann.connection.payloads('RoomPresence')).toEqual([])
  })

  it('is forgotten when the session vanished while the room was starting', () => {
    const { connect, ask, gateway, host } = world()
    const { session } = connect()
    const room = gateway.create('game', {}, undefined)
    ask(session, room.id)
    session.markEnded()
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 8 })
    expect(host.taken('join')).toEqual([])
  })

  it('tells the asker how it ended', () => {
    const { connect, run, gateway, clock } = world()
    const settled: boolean[] = []
    const room = run()
    const ask = () => gateway.join(connect().session, 1, room.id, undefined, (isIn) => settled.push(isIn))
    ask()
    gateway.joinAccepted(room.id, 1)
    ask()
    gateway.joinRejected(room.id, 2, undefined)
    clock.turn()
    expect([...settled].sort()).toEqual([false, true])
  })

  it('tells the asker of its success after the room’s own callback', () => {
    const { connect, run, gateway, clock } = world()
    const settled: boolean[] = []
    const room = run()
    gateway.join(connect().session, 1, room.id, undefined, (isIn) => settled.push(isIn))
    // The host confirms the seat from within its own work: an after-hook must not run inside of it.
    gateway.joinAccepted(room.id, 1)
    expect(settled).toEqual([])
    clock.turn()
    expect(settled).toEqual([true])
  })

  it('does not reuse member numbers or handles at once', () => {
    const { connect, run, join, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    gateway.leave(session, 1, 1)
    join(session, room)
    expect(connection.payloads('RoomJoin').map(({ member, room: handle }) => [member, handle])).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  it('ignores answers of the host for rooms and members it no longer has', () => {
    const { gateway, run, connect, ask } = world()
    const room = run()
    const { session, connection } = connect()
    ask(session, room.id)
    gateway.joinAccepted(room.id, 1)
    const sent = connection.sent.length
    gateway.joinAccepted(room.id, 1)
    gateway.joinRejected(room.id, 1, 'late')
    gateway.joinAccepted(room.id, 99)
    gateway.joinAccepted(UNKNOWN_ROOM, 1)
    gateway.joinRejected(UNKNOWN_ROOM, 1, undefined)
    gateway.inputRefused(UNKNOWN_ROOM, 1)
    gateway.roomRunning(UNKNOWN_ROOM, room.traits)
    gateway.roomEnded(UNKNOWN_ROOM, { reason: 'finished' })
    expect(connection.sent).toHaveLength(sent)
    expect(room.size).toBe(1)
  })
})

describe('a big room', () => {
  it('tells a joiner of all its members in frames that each fit', () => {
    const { connect, run, join } = world()
    const members = 60
    const room = run({ maxPlayers: 100 })
    const filling = { text: 'x'.repeat(2_000) }
    for (let i = 1; i < members; i++) join(connect().session, room, filling)
    const last = connect()
    join(last.session, room, filling)
    const [joined] = last.connection.payloads('RoomJoin')
    const presences = last.connection.payloads('RoomPresence')
    const told = [...(joined?.members ?? []), ...presences.flatMap(({ joins }) => joins)]
    expect(presences.length).toBeGreaterThanOrEqual(2)
    expect(joined?.members[0]?.member).toBe(members)
    expect(told.map(({ member }) => member).sort((a, b) => a - b)).toEqual(
      Array.from({ length: members }, (_, index) => index + 1),
    )
    // The reply comes first, and everything on the lane of the room.
    expect(last.connection.ops[0]).toBe('RoomJoin')
    expect(last.connection.sent.every(({ lane }) => lane === joined?.room)).toBe(true)
    for (const { payload } of last.connection.sent) {
      expect(payload.length).toBeLessThanOrEqual(WireLimits.payloadBytes)
    }
  })
})

describe('leaving a room', () => {
  it('answers the request, tells the others and the host', () => {
    const { connect, run, join, gateway, host } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    join(ann.session, room)
    join(bob.session, room)
    gateway.leave(bob.session, 77, 1)
    expect(bob.connection.payloads('RoomLeave')).toEqual([{ id: 77, room: 1, reason: 'left' }])
    expect(ann.connection.payloads('RoomPresence').at(-1)).toEqual({
      room: 1,
      joins: [],
      leaves: [{ member: 2, session: bob.session.id, reason: 'left' }],
    })
    expect(host.taken('leave')).toEqual([{ kind: 'leave', roomId: room.id, member: 2, reason: 'left' }])
    expect([room.size, bob.session.roomCount]).toEqual([1, 0])
  })

  it('is refused for a handle of no room', () => {
    const { connect, run, join, gateway } = world()
    const { session } = connect()
    join(session, run())
    expect(() => gateway.leave(session, 1, 2)).toThrow(kaosError('ROOM_NOT_JOINED'))
  })

  it('is refused as too late when the room is over', () => {
    const { connect, run, join, gateway } = world()
    const { session } = connect()
    const room = run()
    join(session, room)
    gateway.roomEnded(room.id, { reason: 'finished' })
    expect(() => gateway.leave(session, 1, 1)).toThrow(kaosError('ROOM_CLOSED'))
  })

  it('happens in every room of a session that ends, with the reason', () => {
    const { connect, run, join, gateway, host } = world()
    const [ann, bob] = [connect(), connect()]
    const rooms = [run(), run()]
    for (const room of rooms) {
      join(ann.session, room)
      join(bob.session, room)
    }
    gateway.dropSession(bob.session, 'kicked')
    expect(host.taken('leave').map(({ roomId, reason }) => [roomId, reason])).toEqual(
      rooms.map(({ id }) => [id, 'kicked']),
    )
    expect(ann.connection.payloads('RoomPresence').slice(-2)).toEqual(
      [1, 2].map((handle) => ({
        room: handle,
        joins: [],
        leaves: [{ member: 2, session: bob.session.id, reason: 'kicked' }],
      })),
    )
    expect(bob.session.roomCount).toBe(0)
  })
})

describe('input', () => {
  it('goes to the host under the member’s number', () => {
    const { connect, run, join, gateway, host } = world()
    const { session } = connect()
    const room = run()
    join(session, room)
    gateway.input(session, 1, input())
    expect(host.taken('input')).toEqual([{ kind: 'input', roomId: room.id, member: 1, message: input() }])
  })

  it('is refused for a room the session has not joined, or not yet', () => {
    const { connect, run, ask, gateway, host } = world()
    const { session } = connect()
    ask(session, run().id)
    expect(() => gateway.input(session, 1, input())).toThrow(KaosError)
    expect(() => gateway.input(session, 2, input())).toThrow(kaosError('ROOM_NOT_JOINED'))
    expect(host.taken('input')).toEqual([])
  })

  it('for a room that the session has left is late, and no violation', () => {
    const { connect, run, join, gateway } = world()
    const { session } = connect()
    join(session, run())
    gateway.leave(session, 5, 1)
    expect(() => gateway.input(session, 1, input())).toThrow(
      expect.objectContaining({ error: 'ROOM_CLOSED', isViolation: false }),
    )
  })

  it('is refused above its bound, and counted', async () => {
    const { connect, run, join, gateway } = world({ limits: { roomDataBytes: 100 } })
    const { session } = connect()
    join(session, run())
    gateway.input(session, 1, input(100))
    const before = await readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'roomDataBytes' })
    expect(() => gateway.input(session, 1, input(101))).toThrow(kaosError('PAYLOAD_TOO_LARGE'))
    expect(await readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'roomDataBytes' })).toBe(before + 1)
  })

  it('that the room could not take is answered with ROOM_BUSY', () => {
    const { connect, run, join, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    gateway.inputRefused(room.id, 1)
    expect(connection.payloads('Error')).toEqual([
      expect.objectContaining({ id: 0, op: 0x13, name: 'ROOM_BUSY' }),
    ])
  })
})

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

describe('kicking', () => {
  it('tells the member why, the others that it was kicked, and the host', () => {
    const { connect, run, join, gateway, host } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    join(ann.session, room)
    join(bob.session, room)
    expect(gateway.kick(room.id, bob.session.id, 'cheating')).toBe(true)
    expect(bob.connection.payloads('RoomLeave')).toEqual([
      { id: 0, room: 1, reason: 'kicked', code: new KaosError('ROOM_KICKED').code, message: 'cheating' },
    ])
    expect(ann.connection.payloads('RoomPresence').at(-1)?.leaves).toEqual([
      { member: 2, session: bob.session.id, reason: 'kicked' },
    ])
    expect(host.taken('leave')).toEqual([{ kind: 'leave', roomId: room.id, member: 2, reason: 'kicked' }])
  })

  it('says when the session is no member, or not yet', () => {
    const { connect, run, ask, gateway } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    ask(bob.session, room.id)
    expect(gateway.kick(room.id, ann.session.id, '')).toBe(false)
    expect(gateway.kick(room.id, bob.session.id, '')).toBe(false)
    expect(room.seats.size).toBe(1)
  })

  it('cuts a reason that is too long at a whole character', () => {
    const { connect, run, join, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    gateway.kick(room.id, session.id, '€'.repeat(400))
    expect(connection.payloads('RoomLeave')[0]?.message).toBe('€'.repeat(170))
  })
})

describe('a room that ends', () => {
  it.each([
    ['finished', 'room_closed', 'ROOM_CLOSED'],
    ['empty', 'room_closed', 'ROOM_CLOSED'],
    ['closed', 'room_closed', 'ROOM_CLOSED'],
    ['failed', 'room_closed', 'ROOM_FAILED'],
    ['shutdown', 'shutdown', 'SHUTTING_DOWN'],
  ] as const)('because it is %s tells its members so', (reason, leaveReason, error) => {
    const { connect, run, join, gateway, host, rooms } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    join(ann.session, room)
    join(bob.session, room)
    gateway.roomEnded(room.id, { reason })
    for (const { connection, session } of [ann, bob]) {
      expect(connection.payloads('RoomLeave')).toEqual([
        expect.objectContaining({ id: 0, room: 1, reason: leaveReason, code: new KaosError(error).code }),
      ])
      expect(session.roomCount).toBe(0)
    }
    // Nobody is left to be told of leaves, and the host knows.
    expect(ann.connection.payloads('RoomPresence').flatMap(({ leaves }) => leaves)).toEqual([])
    expect(host.taken('leave')).toEqual([])
    expect([rooms.size, room.size]).toEqual([0, 0])
  })

  it('passes the script’s error on to its members, logs the end and counts it', async () => {
    const { connect, run, join, gateway, log } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    const ended = () => readMetric(metrics, 'kaosnet_rooms_ended_total', { module: 'game', reason: 'failed' })
    const before = await ended()
    gateway.roomEnded(room.id, { reason: 'failed', error: 'match_loop: boom' })
    expect(connection.payloads('RoomLeave')[0]?.message).toBe('match_loop: boom')
    expect(log.entries.at(-1)).toMatchObject({
      level: 'info',
      message: 'room ended',
      fields: { roomId: room.id, reason: 'failed', error: 'match_loop: boom' },
    })
    expect(await ended()).toBe(before + 1)
  })
})

describe('labels', () => {
  it('change what later joiners and lists see', () => {
    const { connect, run, join, gateway } = world()
    const room = run({ label: 'old' })
    gateway.updateLabel(room.id, 'new')
    const { session, connection } = connect()
    join(session, room)
    expect(connection.payloads('RoomJoin')[0]?.label).toBe('new')
    expect(gateway.list({ label: 'new' })).toEqual([room])
    expect(gateway.list({ label: 'old' })).toEqual([])
  })

  it('are bounded', () => {
    const { gateway, run } = world()
    const room = run()
    gateway.updateLabel(room.id, 'x'.repeat(WireLimits.labelBytes))
    expect(() => gateway.updateLabel(room.id, 'x'.repeat(WireLimits.labelBytes + 1))).toThrow(
      kaosError('INVALID_PAYLOAD'),
    )
  })
})

describe('shutting down', () => {
  it('tells every room to end, and is done when the last one has', async () => {
    const { run, gateway, host, clock } = world()
    const rooms = [run(), run()]
    let isDone = false
    const done = gateway.shutDown(5).then(() => {
      isDone = true
    })
    expect(
      host.taken('end').map(({ roomId, reason, graceSeconds }) => [roomId, reason, graceSeconds]),
    ).toEqual(rooms.map(({ id }) => [id, 'shutdown', 5]))
    for (const { id } of rooms) {
      await Promise.resolve()
      expect(isDone).toBe(false)
      gateway.roomEnded(id, { reason: 'shutdown' })
    }
    await done
    expect(clock.pendingTimers).toBe(0)
  })

  it('is done at once without rooms', async () => {
    const { gateway, clock } = world()
    await gateway.shutDown(5)
    expect(clock.pendingTimers).toBe(0)
  })

  it('does not wait longer than the grace, and tells the members then', async () => {
    const { run, connect, join, gateway, clock, rooms } = world()
    const { session, connection } = connect()
    join(session, run())
    const done = gateway.shutDown(5)
    clock.advance(5_000)
    await done
    expect(connection.payloads('RoomLeave')).toEqual([expect.objectContaining({ reason: 'shutdown' })])
    expect(rooms.size).toBe(0)
  })

  it('creates and joins nothing any more, also not in rooms that were starting', async () => {
    const { run, connect, ask, gateway, clock } = world()
    const { session, connection } = connect()
    const running = run()
    const starting = gateway.create('game', {}, undefined)
    ask(session, starting.id)
    const done = gateway.shutDown(5)
    expect(() => gateway.create('game', {}, undefined)).toThrow(kaosError('SHUTTING_DOWN'))
    expect(() => ask(session, running.id)).toThrow(kaosError('SHUTTING_DOWN'))
    gateway.roomRunning(starting.id, { label: '', tickHz: 10, maxPlayers: 8 })
    expect(connection.errors).toEqual(['ROOM_CLOSED'])
    clock.advance(5_000)
    await done
  })

  it('lets rooms go on sending, publishing and labelling for their grace time', async () => {
    const { run, connect, join, gateway, clock } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    const done = gateway.shutDown(5)
    gateway.send(room.id, data())
    gateway.publishState(room.id, new Uint8Array([1]), false)
    gateway.updateLabel(room.id, 'last round')
    gateway.input(session, 1, input())
    expect(connection.ops.slice(-2)).toEqual(['RoomData', 'RoomState'])
    clock.advance(5_000)
    await done
  })
})
