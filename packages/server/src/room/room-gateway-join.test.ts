import { type KaosError, WireLimits } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { RoomId } from '../ids.ts'
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
    expect(() => ask(session, run().id)).toThrow(kaosError('TOO_MANY_ROOMS'))
    expect(connection.errors).toEqual([])
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
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 1, version: 'v1' })
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
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 2, version: 'v1' })
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
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 8, version: 'v1' })
    expect(host.taken('join')).toEqual([])
  })

  it('tells the asker how it ended', () => {
    const { connect, run, gateway, clock } = world()
    const settled: boolean[] = []
    const room = run()
    const ask = () => {
      const request = { session: connect().session, requestId: 1, metadata: undefined, password: undefined }
      gateway.admission.join(request, room.id, undefined, (isIn) => settled.push(isIn))
    }
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
    const request = { session: connect().session, requestId: 1, metadata: undefined, password: undefined }
    gateway.admission.join(request, room.id, undefined, (isIn) => settled.push(isIn))
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
    gateway.inputRefused(UNKNOWN_ROOM, 1, { error: 'ROOM_BUSY' })
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
