import { encodeRoomState, KaosError } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { SessionId } from '../ids.ts'
import { type GatewayWorld, gatewayWorld } from '../testing/gateway-world.ts'
import { readMetric } from '../testing/read-metric.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import type { RoomInput } from './room-host.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

function world(config: ServerConfigInput = {}): GatewayWorld {
  return gatewayWorld(metrics, config)
}

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
    const { gateway, host, clock } = world()
    const room = gateway.create('game', { map: 'dust' }, undefined)
    expect(host.commands).toEqual([
      {
        kind: 'create',
        spec: { id: room.id, module: 'game', params: { map: 'dust' }, createdUnixMs: clock.unixMs() },
      },
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

  it('that the room could not take is answered with ROOM_BUSY, and counted', async () => {
    const { connect, run, join, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    const hits = () => readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'roomInputQueue' })
    const before = await hits()
    gateway.inputRefused(room.id, 1, { error: 'ROOM_BUSY' })
    expect(connection.payloads('Error')).toEqual([
      expect.objectContaining({ id: 0, op: 0x13, name: 'ROOM_BUSY' }),
    ])
    expect(await hits()).toBe(before + 1)
  })

  it('that the room’s check refused is answered with what it said, and is no limit that acted', async () => {
    const { connect, run, join, gateway } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    const hits = () => readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'roomInputQueue' })
    const before = await hits()
    gateway.inputRefused(room.id, 1, { error: 'INVALID_PAYLOAD', message: 'x: a number' })
    expect(connection.payloads('Error')).toEqual([
      expect.objectContaining({ id: 0, op: 0x13, name: 'INVALID_PAYLOAD', message: 'x: a number' }),
    ])
    expect(await hits()).toBe(before)
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

  it('by a script of the room’s own host is the same to everybody', () => {
    const { connect, run, join, gateway, host } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run()
    join(ann.session, room)
    join(bob.session, room)
    gateway.memberKicked(room.id, 2, 'cheating')
    gateway.memberKicked(room.id, 2, 'again')
    expect(bob.connection.payloads('RoomLeave')).toEqual([
      { id: 0, room: 1, reason: 'kicked', code: new KaosError('ROOM_KICKED').code, message: 'cheating' },
    ])
    expect(ann.connection.payloads('RoomPresence').at(-1)?.leaves).toEqual([
      { member: 2, session: bob.session.id, reason: 'kicked' },
    ])
    expect(host.taken('leave')).toEqual([{ kind: 'leave', roomId: room.id, member: 2, reason: 'kicked' }])
  })

  it('of somebody who has left, or of a room that is gone, changes nothing', () => {
    const { connect, run, join, gateway, host } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    gateway.leave(session, 1, 1)
    const sent = connection.sent.length
    gateway.memberKicked(room.id, 1, 'late')
    gateway.roomEnded(room.id, { reason: 'finished' })
    gateway.memberKicked(room.id, 1, 'later')
    expect(connection.sent).toHaveLength(sent)
    expect(host.taken('leave').map(({ reason }) => reason)).toEqual(['left'])
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
    ['host-lost', 'room_closed', 'ROOM_FAILED'],
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
    gateway.traitsChanged(room.id, { ...room.traits, label: 'new' })
    const { session, connection } = connect()
    join(session, room)
    expect(connection.payloads('RoomJoin')[0]?.label).toBe('new')
    expect(gateway.list({ label: 'new' }).rooms).toEqual([room])
    expect(gateway.list({ label: 'old' }).rooms).toEqual([])
  })

  it('of rooms that are gone are ignored', () => {
    const { gateway, run } = world()
    const room = run({ label: 'old' })
    gateway.roomEnded(room.id, { reason: 'finished' })
    gateway.traitsChanged(room.id, { ...room.traits, label: 'new' })
    expect(room.traits.label).toBe('old')
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
    gateway.roomRunning(starting.id, { label: '', tickHz: 10, maxPlayers: 8, version: 'v1' })
    expect(connection.errors).toEqual(['SHUTTING_DOWN'])
    clock.advance(5_000)
    await done
  })

  it('lets rooms go on sending, publishing and labelling for their grace time', async () => {
    const { run, connect, join, gateway, host, clock } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    const done = gateway.shutDown(5)
    gateway.send(room.id, data())
    const state = { room: 0, isMessagePack: false, version: 1, data: new Uint8Array([1]) }
    gateway.roomState(room.id, encodeRoomState(state))
    gateway.traitsChanged(room.id, { ...room.traits, label: 'last round' })
    gateway.input(session, 1, input())
    expect(connection.ops.slice(-2)).toEqual(['RoomData', 'RoomState'])
    expect(room.traits.label).toBe('last round')
    expect(host.taken('input')).toHaveLength(1)
    clock.advance(5_000)
    await done
  })
})
