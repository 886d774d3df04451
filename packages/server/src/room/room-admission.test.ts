import type { KaosError } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { Identity } from '../session/session.ts'
import { type GatewayWorld, gatewayWorld } from '../testing/gateway-world.ts'
import { readMetric } from '../testing/read-metric.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import { createTestSession, type TestSession } from '../testing/test-session.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

const world = (config: ServerConfigInput = {}): GatewayWorld => gatewayWorld(metrics, config)
const kaosError = (error: KaosError['error']): unknown => expect.objectContaining({ error })
const limitHits = (limit: string) => readMetric(metrics, 'kaosnet_limit_hits_total', { limit })

describe('a join that the room does not answer', () => {
  it('is refused in time, and its seat is free for others', async () => {
    const { ask, clock, connect, host, run } = world({ limits: { joinTimeoutMs: 3_000 } })
    const before = await limitHits('joinTimeoutMs')
    const { session, connection } = connect()
    const room = run({ maxPlayers: 1 })
    const request = ask(session, room.id)
    clock.advance(2_999)
    expect(connection.errors).toEqual([])
    clock.advance(1)
    expect(connection.payloads('Error')).toEqual([
      expect.objectContaining({
        id: request,
        name: 'REQUEST_TIMEOUT',
        message: expect.stringMatching(/3000 ms/),
      }),
    ])
    expect([room.freeSeats, session.roomCount]).toEqual([1, 0])
    expect(await limitHits('joinTimeoutMs')).toBe(before + 1)
    ask(connect().session, room.id)
    expect(host.taken('join').map(({ member }) => member.member)).toEqual([1, 2])
  })

  it('does not come in when the room answers too late: the room is told so', () => {
    const { ask, clock, connect, gateway, host, run } = world()
    const { session, connection } = connect()
    const room = run()
    ask(session, room.id)
    clock.advance(10_000)
    gateway.joinAccepted(room.id, 1)
    expect(host.taken('leave')).toEqual([{ kind: 'leave', roomId: room.id, member: 1, reason: 'dropped' }])
    expect([room.size, room.seats.size, connection.payloads('RoomJoin')]).toEqual([0, 0, []])
    gateway.joinRejected(room.id, 1, 'also too late')
    expect(connection.errors).toEqual(['REQUEST_TIMEOUT'])
  })

  it('has no deadline any more once it is in', () => {
    const { clock, connect, join, run } = world()
    const { session, connection } = connect()
    const room = run()
    join(session, room)
    clock.advance(20_000)
    expect([connection.errors, room.size, session.roomCount]).toEqual([[], 1, 1])
  })

  it('is refused in time, too, when the room does not come to start', () => {
    const { ask, clock, connect, gateway } = world()
    const { session, connection } = connect()
    const room = gateway.create('game', {}, undefined)
    ask(session, room.id)
    clock.advance(10_000)
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 8, version: 'v1' })
    expect([connection.errors, room.seats.size]).toEqual([['REQUEST_TIMEOUT'], 0])
  })

  it('is refused in time, too, when it looks for a room that a hook keeps from being made', () => {
    const { clock, connect, gateway } = world()
    const { session, connection } = connect()
    const request = { session, requestId: 1, metadata: undefined, password: undefined }
    const create = () => new Promise<never>(() => {})
    gateway.admission.find(request, { module: 'game', query: undefined, create }, () => {})
    clock.advance(10_000)
    expect(connection.errors).toEqual(['REQUEST_TIMEOUT'])
  })

  it('is refused when the server shuts down while it waits for the room to start', () => {
    const { ask, connect, gateway, host } = world()
    const { session, connection } = connect()
    const room = gateway.create('game', {}, undefined)
    ask(session, room.id)
    gateway.admission.close()
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 8, version: 'v1' })
    expect([connection.errors, host.taken('join')]).toEqual([['SHUTTING_DOWN'], []])
  })

  it('counts against the joins of its session that may be in flight', async () => {
    const { ask, connect, gateway, run } = world({ limits: { joinsInFlight: 2 } })
    const before = await limitHits('joinsInFlight')
    const { session } = connect()
    const rooms = [run(), run(), run()]
    ask(session, rooms[0]?.id as never)
    ask(session, rooms[1]?.id as never)
    expect(() => ask(session, rooms[2]?.id as never)).toThrow(kaosError('TOO_MANY_REQUESTS'))
    expect(await limitHits('joinsInFlight')).toBe(before + 1)
    gateway.joinRejected(rooms[0]?.id as never, 1, 'no')
    ask(session, rooms[2]?.id as never)
  })
})

describe('a locked room', () => {
  it('takes nobody but those who have a reservation', () => {
    const { ask, connect, gateway, run } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run({ isLocked: true })
    const reservation = gateway.admission.reserve(room.id, bob.session.id)
    const request = ask(ann.session, room.id)
    expect(ann.connection.payloads('Error')).toEqual([
      expect.objectContaining({ id: request, name: 'ROOM_LOCKED' }),
    ])
    ask(bob.session, room.id, undefined, { reservation })
    gateway.joinAccepted(room.id, 1)
    expect([bob.connection.payloads('RoomJoin').length, room.size]).toEqual([1, 1])
  })

  it('takes others again when it is unlocked', () => {
    const { connect, gateway, join, run } = world()
    const room = run({ isLocked: true })
    gateway.traitsChanged(room.id, { ...room.traits, isLocked: false })
    join(connect().session, room)
    expect(room.size).toBe(1)
  })
})

describe('a room that is locked or private', () => {
  it('is not found, so that another is made', () => {
    const { connect, gateway, host, run } = world()
    run({ isLocked: true })
    run({ isPrivate: true })
    const request = { session: connect().session, requestId: 1, metadata: undefined, password: undefined }
    const create = () => gateway.create('game', {}, undefined)
    gateway.admission.find(request, { module: 'game', query: undefined, create }, () => {})
    expect(host.taken('create')).toHaveLength(3)
  })

  it('is listed when it is locked, and not when it is private', () => {
    const { gateway, run } = world()
    const locked = run({ isLocked: true })
    run({ isPrivate: true })
    expect(gateway.list({}).rooms.map(({ id }) => id)).toEqual([locked.id])
    expect(gateway.list({ hasSeat: true }).rooms).toEqual([])
  })

  it('lets whoever knows its id in when it is private', () => {
    const { connect, join, run } = world()
    const room = run({ isPrivate: true })
    join(connect().session, room)
    expect(room.size).toBe(1)
  })
})

describe('a reservation', () => {
  it('keeps a seat that a full room has for nobody else', () => {
    const { ask, connect, gateway, run } = world()
    const [ann, bob] = [connect(), connect()]
    const room = run({ maxPlayers: 1 })
    const reservation = gateway.admission.reserve(room.id, bob.session.id)
    ask(ann.session, room.id)
    ask(bob.session, room.id, undefined, { reservation })
    expect([ann.connection.errors, bob.connection.errors]).toEqual([['ROOM_FULL'], []])
  })

  it('can be had of a room that is still starting', () => {
    const { ask, connect, gateway, host } = world()
    const { session } = connect()
    const room = gateway.create('game', {}, undefined)
    const reservation = gateway.admission.reserve(room.id, session.id)
    ask(session, room.id, undefined, { reservation })
    gateway.roomRunning(room.id, { label: '', tickHz: 10, maxPlayers: 1, version: 'v1' })
    expect(host.taken('join').map(({ member }) => member.sessionId)).toEqual([session.id])
  })

  it('that is not good is refused as such, and does not fall back to a free seat', () => {
    const { ask, connect, run } = world()
    const { session, connection } = connect()
    ask(session, run().id, undefined, { reservation: 'forged' })
    expect(connection.errors).toEqual(['RESERVATION_INVALID'])
  })

  it('ends with its session', () => {
    const { connect, gateway, run } = world()
    const { session } = connect()
    const room = run({ maxPlayers: 1 })
    gateway.admission.reserve(room.id, session.id)
    gateway.dropSession(session, 'dropped')
    expect(room.freeSeats).toBe(1)
  })

  it('ends with its room, and is counted when it expires', async () => {
    const { clock, gateway, run } = world()
    const before = await readMetric(metrics, 'kaosnet_reservations_expired_total')
    const [ended, open] = [run(), run()]
    gateway.admission.reserve(ended.id, undefined)
    gateway.admission.reserve(open.id, undefined, 1_000)
    gateway.roomEnded(ended.id, { reason: 'finished' })
    clock.advance(60_000)
    expect(await readMetric(metrics, 'kaosnet_reservations_expired_total')).toBe(before + 1)
  })

  it('is not given for a room that is ending, nor by a server that is', () => {
    const { gateway, run } = world()
    const room = run()
    gateway.roomEnded(room.id, { reason: 'finished' })
    expect(() => gateway.admission.reserve(room.id, undefined)).toThrow(kaosError('ROOM_CLOSED'))
    const other = run()
    gateway.admission.close()
    expect(() => gateway.admission.reserve(other.id, undefined)).toThrow(kaosError('SHUTTING_DOWN'))
  })
})

describe('a password', () => {
  it('is told to the room, and not to its members', () => {
    const { ask, connect, gateway, host, run } = world()
    const { session, connection } = connect()
    const room = run()
    ask(session, room.id, { skin: 3 }, { password: 'open sesame' })
    gateway.joinAccepted(room.id, 1)
    expect(host.taken('join').map(({ member }) => member.password)).toEqual(['open sesame'])
    expect(JSON.stringify(connection.payloads('RoomJoin'))).not.toContain('sesame')
  })
})

describe('a user who joins with a newer session', () => {
  function newSession(one: GatewayWorld, number: number, identity: Partial<Identity>): TestSession {
    const made = createTestSession(one.clock, number, identity)
    one.sessions.add(made.session)
    return made
  }
  const ADA = { userId: 'ada', isAuthenticated: true }

  it('takes the place of the older one that is away: members see it leave as replaced', () => {
    const all = world()
    const [old, bob] = [newSession(all, 101, ADA), all.connect()]
    const room = all.run({ maxPlayers: 2, isLocked: false })
    all.join(old.session, room)
    all.join(bob.session, room)
    all.gateway.traitsChanged(room.id, { ...room.traits, isLocked: true })
    old.session.link.detach()
    all.gateway.sessionAway(old.session)
    const young = newSession(all, 102, ADA)
    all.join(young.session, room)
    expect(all.host.taken('leave')).toEqual([
      { kind: 'leave', roomId: room.id, member: 1, reason: 'replaced' },
    ])
    expect(bob.connection.payloads('RoomPresence').flatMap(({ leaves }) => leaves)).toEqual([
      { member: 1, session: old.session.id, reason: 'replaced' },
    ])
    expect([room.size, young.connection.payloads('RoomJoin').length]).toEqual([2, 1])
  })

  it('comes in beside the older one while that is there', () => {
    const all = world()
    const room = all.run()
    all.join(newSession(all, 101, ADA).session, room)
    all.join(newSession(all, 102, ADA).session, room)
    expect([room.size, all.host.taken('leave')]).toEqual([2, []])
  })

  it('replaces nobody when it is anonymous: anybody can claim a name', () => {
    const all = world()
    const room = all.run()
    const old = newSession(all, 101, ADA)
    all.join(old.session, room)
    old.session.link.detach()
    all.gateway.sessionAway(old.session)
    all.join(newSession(all, 102, { userId: 'ada' }).session, room)
    expect(room.size).toBe(2)
  })
})
