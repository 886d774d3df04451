import { encodeMessagePack, encodeRoomData, Op, type RoomData, WireLimits } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import {
  type RouterClient,
  type RouterScripts,
  type RouterWorld,
  routerWorld,
} from '../testing/router-world.ts'
import { testMetrics } from '../testing/test-metrics.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

interface World extends RouterWorld {
  /** A client whose session has started. */
  readonly client: RouterClient
}

async function world(scripts: RouterScripts = {}, options: ServerConfigInput = {}): Promise<World> {
  const all = routerWorld(metrics, options, scripts)
  const client = all.connect()
  await client.start()
  return { ...all, client }
}

function value(changed: unknown): ScriptOutcome {
  return { kind: 'value', value: changed }
}

/** Before-hooks answer with what is given; everything else with the message it got. */
function beforeAnswers(all: World, outcome: ScriptOutcome): void {
  all.host.onInvoke = (call) => (call.kind === 'before' ? outcome : value(undefined))
}

function calls(all: World, kind: ScriptCall['kind']): unknown[] {
  return all.host.calls
    .filter((call) => call.kind === kind)
    .map((call) => [call.name, call.kind === 'rpc' ? call.payload : call.message])
}

function roomData(room: number, changes: Partial<RoomData> = {}): Uint8Array {
  const data = new Uint8Array(Buffer.from('hello'))
  return encodeRoomData({ room, isReliable: true, isMessagePack: false, op: 7, sender: 0, data, ...changes })
}

const ROOM_ID = '12345678-1234-4234-8234-123456789abc'

describe('RoomCreate', () => {
  it('is answered when the room runs', async () => {
    const { client, host, gateway } = await world()
    await client.request('RoomCreate', { id: 5, module: 'game', params: { map: 'dust' } })
    const [created] = host.taken('create')
    expect(created?.spec).toMatchObject({ module: 'game', params: { map: 'dust' } })
    expect(client.connection.payloads('RoomCreate')).toEqual([])
    if (created !== undefined)
      gateway.roomRunning(created.spec.id, { label: '', tickHz: 10, maxPlayers: 8, version: 'v1' })
    expect(client.connection.payloads('RoomCreate')).toEqual([{ id: 5, room_id: created?.spec.id }])
  })

  it('is answered with the error when the room does not start', async () => {
    const { client, host, gateway } = await world()
    await client.request('RoomCreate', { id: 5, module: 'game' })
    const [created] = host.taken('create')
    if (created !== undefined) gateway.roomEnded(created.spec.id, { reason: 'init-failed', error: 'boom' })
    expect(client.connection.payloads('Error')).toEqual([
      expect.objectContaining({ id: 5, op: Op.RoomCreate, name: 'ROOM_INIT_FAILED', message: 'boom' }),
    ])
  })

  it('has empty params when there are none, and belongs to the session', async () => {
    const { client, host, rooms } = await world()
    await client.request('RoomCreate', { id: 5, module: 'game' })
    expect(host.taken('create')[0]?.spec.params).toEqual({})
    expect([...rooms][0]?.createdBy).toBe(client.inbox.session?.id)
  })

  it.each([
    ['ROOM_MODULE_NOT_FOUND', {}, 'nope'],
    ['ROOM_CREATE_DENIED', { rooms: { allowClientCreate: false } }, 'game'],
  ] as const)('may be refused with %s', async (error, options, module) => {
    const { client, host } = await world({}, options)
    await client.request('RoomCreate', { id: 5, module })
    expect(client.refusals()).toEqual([[error, Op.RoomCreate, 5]])
    expect(host.taken('create')).toEqual([])
  })

  it('passes the before-hook, which may change it, and the after-hook, once the room runs', async () => {
    const all = await world({ before: ['room_create'], after: ['room_create'] })
    beforeAnswers(all, value({ module: 'game', params: { map: 'changed' } }))
    await all.client.request('RoomCreate', { id: 5, module: 'nope', params: { map: 'dust' } })
    expect(calls(all, 'before')).toEqual([['room_create', { module: 'nope', params: { map: 'dust' } }]])
    const { spec } = all.host.taken('create')[0] ?? {}
    expect(spec).toMatchObject({ module: 'game', params: { map: 'changed' } })
    expect(calls(all, 'after')).toEqual([])
    if (spec !== undefined)
      all.gateway.roomRunning(spec.id, { label: '', tickHz: 10, maxPlayers: 8, version: 'v1' })
    expect(calls(all, 'after')).toEqual([
      ['room_create', { module: 'game', params: { map: 'changed' }, room_id: spec?.id }],
    ])
  })

  it('asks the before-hook even where clients may create nothing, so that the reason is the script’s', async () => {
    const all = await world({ before: ['room_create'] }, { rooms: { allowClientCreate: false } })
    beforeAnswers(all, { kind: 'rejected', reason: 'use the lobby' })
    await all.client.request('RoomCreate', { id: 5, module: 'game' })
    expect(all.client.connection.payloads('Error')[0]?.message).toBe('use the lobby')
  })
})

describe('RoomJoin', () => {
  it('hands on the metadata', async () => {
    const { client, host, run } = await world()
    const room = run()
    await client.request('RoomJoin', { id: 5, room_id: room, metadata: { colour: 'red' } })
    expect(host.taken('join')).toMatchObject([{ roomId: room, member: { metadata: { colour: 'red' } } }])
  })

  it.each([ROOM_ID.toUpperCase(), 'x'.repeat(36)])('takes no room id like %s', async (room_id) => {
    const { client } = await world()
    await client.request('RoomJoin', { id: 5, room_id })
    expect(client.refusals()).toEqual([['INVALID_PAYLOAD', Op.RoomJoin, 5]])
  })

  it('may be sent elsewhere by the before-hook; the after-hook sees where, and only a success', async () => {
    const all = await world({ before: ['room_join'], after: ['room_join'] })
    const room = all.run()
    beforeAnswers(all, value({ room_id: room, metadata: { by: 'hook' } }))
    await all.client.request('RoomJoin', { id: 5, room_id: ROOM_ID })
    const [asked] = all.host.taken('join')
    expect(asked).toMatchObject({ roomId: room, member: { metadata: { by: 'hook' } } })
    all.clock.turn()
    expect(calls(all, 'after')).toEqual([])
    all.gateway.joinAccepted(room, asked?.member.member ?? 0)
    all.clock.turn()
    expect(calls(all, 'after')).toEqual([['room_join', { room_id: room, metadata: { by: 'hook' } }]])
  })

  it('takes either a room or what to find', async () => {
    const { client } = await world()
    await client.request('RoomJoin', { id: 5 })
    await client.request('RoomJoin', { id: 6, room_id: ROOM_ID, find: { module: 'game' } })
    expect(client.refusals()).toEqual([
      ['INVALID_PAYLOAD', Op.RoomJoin, 5],
      ['INVALID_PAYLOAD', Op.RoomJoin, 6],
    ])
  })

  it('with find creates a room as RoomCreate does, hooks and all, and joins it', async () => {
    const all = await world({ before: ['room_create'], after: ['room_create', 'room_join'] })
    beforeAnswers(all, value({ module: 'game', params: { map: 'changed' } }))
    const find = { module: 'game', params: { map: 'dust' } }
    await all.client.request('RoomJoin', { id: 5, find })
    const { spec } = all.host.taken('create')[0] ?? {}
    expect(spec?.params).toEqual({ map: 'changed' })
    if (spec === undefined) return
    all.gateway.roomRunning(spec.id, { label: '', tickHz: 10, maxPlayers: 8, version: 'v1' })
    all.gateway.joinAccepted(spec.id, all.host.taken('join')[0]?.member.member ?? 0)
    all.clock.turn()
    expect(all.client.connection.payloads('RoomJoin')).toMatchObject([{ id: 5, room_id: spec.id }])
    expect(calls(all, 'after')).toEqual([
      ['room_create', { module: 'game', params: { map: 'changed' }, room_id: spec.id }],
      ['room_join', { room_id: spec.id, find }],
    ])
  })

  it('with find is refused where a hook forbids the room, or clients may create none', async () => {
    const all = await world({ before: ['room_create'] })
    beforeAnswers(all, { kind: 'rejected', reason: 'use the lobby' })
    await all.client.request('RoomJoin', { id: 5, find: { module: 'game' } })
    const closed = await world({}, { rooms: { allowClientCreate: false } })
    await closed.client.request('RoomJoin', { id: 6, find: { module: 'game' } })
    expect(all.client.refusals()).toEqual([['HOOK_REJECTED', Op.RoomJoin, 5]])
    expect(closed.client.refusals()).toEqual([['ROOM_CREATE_DENIED', Op.RoomJoin, 6]])
    expect(all.host.taken('create')).toEqual([])
  })

  it('that the room refuses brings about no after-hook', async () => {
    const all = await world({ after: ['room_join'] })
    const room = all.run()
    await all.client.request('RoomJoin', { id: 5, room_id: room })
    all.gateway.joinRejected(room, 1, 'no')
    all.clock.turn()
    expect(all.host.calls).toEqual([])
  })
})

describe('RoomLeave', () => {
  it('is answered, and the hooks see which room it was', async () => {
    const all = await world({ before: ['room_leave'], after: ['room_leave'] })
    const room = all.run()
    const handle = await all.client.join(room)
    await all.client.request('RoomLeave', { id: 5, room: handle })
    expect(all.client.connection.payloads('RoomLeave')).toEqual([{ id: 5, room: handle, reason: 'left' }])
    expect(calls(all, 'before')).toEqual([['room_leave', { room: handle, room_id: room }]])
    expect(calls(all, 'after')).toEqual([['room_leave', { room_id: room }]])
  })

  it('does not happen when the before-hook rejects it', async () => {
    const all = await world({ before: ['room_leave'] })
    const handle = await all.client.join(all.run())
    beforeAnswers(all, { kind: 'rejected', reason: 'finish your round' })
    await all.client.request('RoomLeave', { id: 5, room: handle })
    expect(all.client.refusals()).toEqual([['HOOK_REJECTED', Op.RoomLeave, 5]])
    expect(all.host.taken('leave')).toEqual([])
  })

  it.each([[{}], [{ before: ['room_leave'] as const }]])(
    'names its request in an error (%j)',
    async (scripts) => {
      const { client } = await world(scripts)
      await client.request('RoomLeave', { id: 5, room: 3 })
      expect(client.refusals()).toEqual([['ROOM_NOT_JOINED', Op.RoomLeave, 5]])
    },
  )
})

describe('RoomList', () => {
  it('gives the rooms that match, with what a player wants to know', async () => {
    const { client, run, clock } = await world()
    const full = run({ label: 'eu', maxPlayers: 1, tickHz: 29.97 })
    await client.join(full)
    run({ label: 'us' })
    await client.request('RoomList', { id: 5, module: 'game', label: 'eu', has_seat: false, limit: 10 })
    expect(client.connection.payloads('RoomList')).toEqual([
      {
        id: 5,
        rooms: [
          {
            room_id: full,
            module: 'game',
            label: 'eu',
            size: 1,
            max_players: 1,
            tick_hz: 29.97,
            created_ms: clock.unixMs(),
          },
        ],
      },
    ])
  })

  it('is cut to what fits a frame, and to a hundred', async () => {
    const { client, run } = await world()
    for (let i = 0; i < 120; i++) run({ label: '' })
    await client.request('RoomList', { id: 5 })
    for (let i = 0; i < 60; i++) run({ label: 'x'.repeat(WireLimits.labelBytes) })
    await client.request('RoomList', { id: 6 })
    const [many, long] = client.connection.payloads('RoomList')
    expect(many?.rooms).toHaveLength(WireLimits.roomsListed)
    expect(long?.rooms.length).toBeGreaterThan(20)
    expect(long?.rooms.length).toBeLessThan(32)
  })

  it('takes a query, and goes on with the cursor behind what fitted the frame', async () => {
    const { client, run } = await world()
    const label = (n: number) => JSON.stringify({ n, text: 'x'.repeat(1_900) })
    const rooms = Array.from({ length: 40 }, (_, n) => run({ label: label(n) }))
    const asked = { query: '+label.n:>=5 label.n:7^2' }
    await client.request('RoomList', { id: 5, ...asked })
    const [first] = client.connection.payloads('RoomList')
    await client.request('RoomList', { id: 6, ...asked, cursor: first?.cursor })
    const pages = client.connection.payloads('RoomList')
    const listed = pages.flatMap((page) => page.rooms.map(({ room_id }) => room_id))
    const [seventh, ...others] = [rooms[7], ...rooms.slice(8).reverse(), rooms[6], rooms[5]]
    expect(first?.rooms.length).toBeLessThan(35)
    expect(listed).toEqual([seventh, ...others])
    expect(pages[1]).not.toHaveProperty('cursor')
  })

  it('refuses a query or a cursor that cannot be read', async () => {
    const { client } = await world()
    await client.request('RoomList', { id: 5, query: 'size:many' })
    await client.request('RoomList', { id: 6, cursor: 'x' })
    expect(client.refusals()).toEqual([
      ['INVALID_PAYLOAD', Op.RoomList, 5],
      ['INVALID_PAYLOAD', Op.RoomList, 6],
    ])
  })

  it('does not blame the client for a query that a hook has written', async () => {
    const all = await world({ before: ['room_list'] }, { limits: { violations: 1 } })
    beforeAnswers(all, value({ query: 'size:many' }))
    for (let i = 0; i < 3; i++) await all.client.request('RoomList', { id: 5, query: 'size:1' })
    expect(all.client.refusals()).toEqual(Array(3).fill(['HOOK_FAILED', Op.RoomList, 5]))
  })

  it('passes both hooks', async () => {
    const all = await world({ before: ['room_list'], after: ['room_list'] })
    const room = all.run({ label: 'eu' })
    all.run({ label: 'us' })
    beforeAnswers(all, value({ label: 'eu' }))
    await all.client.request('RoomList', { id: 5, label: 'us' })
    expect(all.client.connection.payloads('RoomList')[0]?.rooms.map(({ room_id }) => room_id)).toEqual([room])
    expect(calls(all, 'before')).toEqual([['room_list', { label: 'us' }]])
    expect(calls(all, 'after')).toEqual([['room_list', { label: 'eu' }]])
  })
})

describe('RoomData', () => {
  it('reaches the room with op, bytes and flags', async () => {
    const { client, run, host } = await world()
    const room = run()
    const handle = await client.join(room)
    await client.send(roomData(handle, { op: 65_535, isReliable: false }))
    expect(host.taken('input')).toMatchObject([
      { roomId: room, member: 1, message: { op: 65_535, isReliable: false, isMessagePack: false } },
    ])
  })

  it('that says it is MessagePack must be', async () => {
    const { client, run, host } = await world()
    const handle = await client.join(run())
    await client.send(roomData(handle, { isMessagePack: true, data: Uint8Array.of(0xc1) }))
    await client.send(roomData(handle, { isMessagePack: true, data: encodeMessagePack({ x: 1 }) }))
    expect(client.refusals()).toEqual([['INVALID_MESSAGEPACK', Op.RoomData, 0]])
    expect(host.taken('input')).toHaveLength(1)
  })

  it('shows hooks its value, or its bytes, and an after-hook what became of it', async () => {
    const all = await world({ before: ['room_data'], after: ['room_data'] })
    const room = all.run()
    const handle = await all.client.join(room)
    await all.client.send(roomData(handle))
    await all.client.send(roomData(handle, { isMessagePack: true, data: encodeMessagePack({ x: 1 }) }))
    const seen = [
      ['room_data', { room_id: room, op: 7, data: new Uint8Array(Buffer.from('hello')), reliable: true }],
      ['room_data', { room_id: room, op: 7, data: { x: 1 }, reliable: true }],
    ]
    expect(calls(all, 'before')).toEqual(seen)
    expect(calls(all, 'after')).toEqual(seen)
    expect(all.host.taken('input').map(({ message }) => message.isMessagePack)).toEqual([false, true])
  })

  it.each<[string, Partial<RoomData>, Record<string, unknown>, Partial<RoomData>]>([
    ['op and flag', {}, { op: 9, data: 'hello', reliable: false }, { op: 9, isReliable: false }],
    ['bytes by text', {}, { op: 7, data: 'hi' }, { data: new Uint8Array(Buffer.from('hi')) }],
    ['bytes by bytes', {}, { op: 7, data: Uint8Array.of(1) }, { data: Uint8Array.of(1) }],
    [
      'bytes by a value',
      {},
      { op: 7, data: { x: 2 } },
      { isMessagePack: true, data: encodeMessagePack({ x: 2 }) },
    ],
    [
      'a value by a value',
      { isMessagePack: true, data: encodeMessagePack(1) },
      { op: 7, data: [2] },
      { isMessagePack: true, data: encodeMessagePack([2]) },
    ],
    [
      'a value by text, which stays a value',
      { isMessagePack: true, data: encodeMessagePack(1) },
      { op: 7, data: 'two' },
      { isMessagePack: true, data: encodeMessagePack('two') },
    ],
  ])('may be changed by a before-hook: %s', async (_, sent, changed, expected) => {
    const all = await world({ before: ['room_data'] })
    const handle = await all.client.join(all.run())
    beforeAnswers(all, value(changed))
    await all.client.send(roomData(handle, sent))
    expect(all.host.taken('input')).toMatchObject([{ message: { op: 7, isReliable: true, ...expected } }])
  })

  it.each([
    [{ data: 'x' }],
    [{ op: -1, data: 'x' }],
    [{ op: 65_536, data: 'x' }],
    [{ op: 1.5, data: 'x' }],
    [{ op: '7', data: 'x' }],
    [{ op: 7, data: nested(40) }],
    [{ op: 7, data: new Uint8Array(101) }],
  ])('is refused, without blame for the client, when the before-hook returns %j', async (changed) => {
    const all = await world({ before: ['room_data'] }, { limits: { violations: 1, roomDataBytes: 100 } })
    const handle = await all.client.join(all.run())
    beforeAnswers(all, value(changed))
    for (let i = 0; i < 3; i++) await all.client.send(roomData(handle))
    expect(all.client.connection.errors).toEqual(['HOOK_FAILED', 'HOOK_FAILED', 'HOOK_FAILED'])
    expect(all.client.connection.closed).toBeUndefined()
    expect(all.host.taken('input')).toEqual([])
  })
})

describe('RoomData that is too large', () => {
  it.each([[{}], [{ before: ['room_data'] as const }]])(
    'is the fault of its sender (%j)',
    async (scripts) => {
      const { client, run } = await world(scripts, { limits: { roomDataBytes: 100 } })
      const handle = await client.join(run())
      await client.send(roomData(handle, { data: new Uint8Array(101) }))
      expect(client.refusals()).toEqual([['PAYLOAD_TOO_LARGE', Op.RoomData, 0]])
    },
  )
})

describe('Rpc', () => {
  it.each([[null], [42], ['text'], [{ a: [1, { b: true }] }], [Uint8Array.of(1, 2)]])(
    'carries %j there and back',
    async (payload) => {
      const all = await world({ rpcs: ['echo'] })
      await all.client.request('Rpc', { id: 5, name: 'echo', payload })
      expect(calls(all, 'rpc')).toEqual([['echo', payload]])
      expect(all.client.connection.payloads('RpcResponse')).toEqual([{ id: 5, payload }])
    },
  )

  it.each([
    ['is too large', 'x'.repeat(70_000)],
    ['is too deep', nested(40)],
    ['is none that can be sent', () => {}],
  ])('fails when its result %s', async (_, result) => {
    const all = await world({ rpcs: ['make'], after: ['rpc'] })
    all.host.onInvoke = () => value(result)
    await all.client.request('Rpc', { id: 5, name: 'make' })
    expect(all.client.refusals()).toEqual([['SCRIPT_RESULT_INVALID', Op.Rpc, 5]])
    expect(calls(all, 'after')).toEqual([])
  })

  it('passes both hooks, and the after-hook sees the result', async () => {
    const all = await world({ rpcs: ['echo'], before: ['rpc'], after: ['rpc'] })
    all.host.onInvoke = (call) => value(call.kind === 'rpc' ? 'result' : { name: 'echo', payload: 'changed' })
    await all.client.request('Rpc', { id: 5, name: 'ecko', payload: 'sent' })
    expect(calls(all, 'before')).toEqual([['rpc', { name: 'ecko', payload: 'sent' }]])
    expect(calls(all, 'rpc')).toEqual([['echo', 'changed']])
    expect(calls(all, 'after')).toEqual([['rpc', { name: 'echo', payload: 'changed', result: 'result' }]])
  })
})

describe('a before-hook that returns an invalid message', () => {
  it.each([
    ['room_create', 'RoomCreate', { id: 5, module: 'game' }, { module: 7 }],
    ['room_create', 'RoomCreate', { id: 5, module: 'game' }, {}],
    ['room_join', 'RoomJoin', { id: 5, room_id: ROOM_ID }, { room_id: 'short' }],
    ['room_list', 'RoomList', { id: 5 }, { limit: 1_000 }],
    ['rpc', 'Rpc', { id: 5, name: 'echo' }, { name: '' }],
  ] as const)(
    'of %s fails the request, without blame for the client',
    async (hook, name, request, changed) => {
      const all = await world({ before: [hook] }, { limits: { violations: 1 } })
      beforeAnswers(all, value(changed))
      for (let i = 0; i < 3; i++) await all.client.request(name, request as never)
      expect(all.client.refusals()).toEqual(Array(3).fill(['HOOK_FAILED', Op[name], 5]))
      expect(all.client.connection.closed).toBeUndefined()
    },
  )

  it('cannot change which request is answered', async () => {
    const all = await world({ before: ['room_list'] })
    beforeAnswers(all, value({ id: 99 }))
    await all.client.request('RoomList', { id: 5 })
    expect(all.client.connection.payloads('RoomList').map(({ id }) => id)).toEqual([5])
  })
})

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)]
}
