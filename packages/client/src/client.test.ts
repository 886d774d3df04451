import { encodeServerFrame, Op } from '@kaosnet/protocol'
import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ErrorEvent } from './client-events.ts'
import type { Room } from './room.ts'
import { joinReply, outcome, ROOM_ID, World } from './testing/world.ts'

const newWorld = () => new World(new ManualClock(1_700_000_000_000))

describe('requests', () => {
  it('rpc() sends name and payload and resolves with what the script returned', async () => {
    const world = newWorld()
    world.server.handlers.Rpc = ({ id, payload }, connection) =>
      connection.send(encodeServerFrame('RpcResponse', { id, payload: { echo: payload } }))
    const client = await world.connected()
    const answer = client.rpc<{ echo: unknown }>('echo', { deep: [1, null, 'x', new Uint8Array([1])] })
    expectTypeOf(answer).resolves.toEqualTypeOf<{ echo: unknown }>()
    const ended = outcome(answer)
    await world.run(20)
    expect(ended.value).toEqual({ echo: { deep: [1, null, 'x', new Uint8Array([1])] } })
    expect(world.server.connection.payloads('Rpc')).toMatchObject([{ name: 'echo' }])
  })

  it('rpc() resolves with undefined when the script returned nothing', async () => {
    const world = newWorld()
    world.server.handlers.Rpc = ({ id }, connection) =>
      connection.send(encodeServerFrame('RpcResponse', { id }))
    const client = await world.connected()
    const ended = outcome(client.rpc('quiet').then((value) => [value]))
    await world.run(20)
    expect(ended.value).toEqual([undefined])
  })

  it('requests run side by side, and each gets its own answer', async () => {
    const world = newWorld()
    const waiting: (() => void)[] = []
    world.server.handlers.Rpc = ({ id, name }, connection) =>
      void waiting.unshift(() => connection.send(encodeServerFrame('RpcResponse', { id, payload: name })))
    const client = await world.connected()
    const answers = ['a', 'b', 'c'].map((name) => outcome(client.rpc(name)))
    await world.run(10)
    for (const answer of waiting) answer()
    await world.run(10)
    expect(answers.map(({ value }) => value)).toEqual(['a', 'b', 'c'])
  })

  it('rpc() rejects with the server’s error, its text and its details', async () => {
    const world = newWorld()
    world.server.handlers.Rpc = ({ id }, connection) =>
      connection.sendError(id, 'RPC_FAILED', { traceback: 'main.lua:3' })
    const client = await world.connected()
    const ended = outcome(client.rpc('broken'))
    await world.run(20)
    expect(ended.error).toMatchObject({
      name: 'KaosError',
      error: 'RPC_FAILED',
      code: 401,
      action: 'fatal',
      details: { traceback: 'main.lua:3' },
    })
  })

  it('times out after 10 s, or the time of the client, or the time of the call', async () => {
    const world = newWorld()
    const client = await world.connected()
    const impatient = await world.connected({ requestTimeoutMs: 2_000 })
    const ended = [
      outcome(client.rpc('slow')),
      outcome(impatient.rpc('slow')),
      outcome(client.rpc('slow', null, { timeoutMs: 100 })),
    ]
    const rejected = () => ended.map(({ error }) => error !== undefined)
    await world.run(100)
    expect(rejected()).toEqual([false, false, true])
    await world.run(1_900)
    expect(rejected()).toEqual([false, true, true])
    await world.run(8_000)
    expect(rejected()).toEqual([true, true, true])
    for (const { error } of ended) expect(error).toMatchObject({ error: 'REQUEST_TIMEOUT' })
  })

  it('is called off by an AbortSignal, before or while it waits', async () => {
    const world = newWorld()
    const client = await world.connected()
    const before = outcome(client.rpc('x', null, { signal: AbortSignal.abort('before') }))
    const controller = new AbortController()
    const while_ = outcome(client.rpc('y', null, { signal: controller.signal }))
    await world.run(20)
    controller.abort('while')
    await world.run(0)
    expect(before.error).toBe('before')
    expect(while_.error).toBe('while')
    expect(world.server.connection.payloads('Rpc')).toMatchObject([{ name: 'y' }])
  })

  it('rejects what cannot be sent without sending it', async () => {
    const world = newWorld()
    const client = await world.connected()
    const cases: [Promise<unknown>, string][] = [
      [client.rpc(''), 'INVALID_PAYLOAD'],
      [client.rpc('f', () => {}), 'INVALID_PAYLOAD'],
      [client.rpc('f', new Uint8Array(70_000)), 'PAYLOAD_TOO_LARGE'],
      [client.joinRoom('not-a-uuid'), 'INVALID_PAYLOAD'],
      [client.createRoom('m'.repeat(129)), 'INVALID_PAYLOAD'],
      [client.listRooms({ limit: 101 }), 'INVALID_PAYLOAD'],
    ]
    for (const [promise, error] of cases) await expect(promise).rejects.toMatchObject({ error })
    await world.run(20)
    expect(world.server.connection.received.map(({ name }) => name)).toEqual(['SessionStart', 'Heartbeat'])
  })

  it('rejects before connect() with WRONG_STATE', async () => {
    const client = newWorld().client()
    await expect(client.rpc('x')).rejects.toMatchObject({ error: 'WRONG_STATE' })
    await expect(client.joinRoom(ROOM_ID)).rejects.toMatchObject({ error: 'WRONG_STATE' })
  })

  it('createRoom() sends module and params and resolves with the room’s id', async () => {
    const world = newWorld()
    world.server.handlers.RoomCreate = ({ id }, connection) =>
      connection.send(encodeServerFrame('RoomCreate', { id, room_id: ROOM_ID }))
    const client = await world.connected()
    const ended = outcome(client.createRoom('arena', { bots: 4 }))
    await world.run(20)
    expect(ended.value).toBe(ROOM_ID)
    expect(world.server.connection.payloads('RoomCreate')).toMatchObject([
      { module: 'arena', params: { bots: 4 } },
    ])
  })

  it('findRoom() says what to look for and gives the room that came of it', async () => {
    const world = newWorld()
    world.server.handlers.RoomJoin = ({ id }, connection) => connection.send(joinReply(id))
    const client = await world.connected()
    const search = { module: 'duel', query: '+label.mode:ranked', params: { mode: 'ranked' } }
    const ended = outcome(client.findRoom(search, { metadata: { elo: 1_200 } }))
    await world.run(20)
    expect((ended.value as Room).id).toBe(ROOM_ID)
    expect(world.server.connection.payloads('RoomJoin')).toMatchObject([
      { find: search, metadata: { elo: 1_200 } },
    ])
  })

  it('joinRoom() and findRoom() send the password, joinRoom() the reservation too', async () => {
    const world = newWorld()
    const client = await world.connected()
    outcome(client.joinRoom(ROOM_ID, { password: 'sesame', reservation: 'seat-1' }))
    outcome(client.findRoom({ module: 'duel' }, { password: 'sesame' }))
    outcome(client.joinRoom(ROOM_ID))
    await world.run(20)
    const id = expect.any(Number)
    expect(world.server.connection.payloads('RoomJoin')).toEqual([
      { id, room_id: ROOM_ID, password: 'sesame', reservation: 'seat-1' },
      { id, find: { module: 'duel' }, password: 'sesame' },
      { id, room_id: ROOM_ID },
    ])
  })

  it('listRooms() asks with the query and gives the rooms in the SDK’s words', async () => {
    const world = newWorld()
    const summary = {
      room_id: ROOM_ID,
      module: 'arena',
      label: 'duel',
      size: 1,
      max_players: 2,
      tick_hz: 30,
      created_ms: 1_700_000_000_000,
    }
    world.server.handlers.RoomList = ({ id }, connection) =>
      connection.send(
        encodeServerFrame('RoomList', {
          id,
          rooms: [summary, { ...summary, label: 'closed to others', is_locked: true }],
        }),
      )
    const client = await world.connected()
    const ended = outcome(client.listRooms({ module: 'arena', hasSeat: true, limit: 10 }))
    await world.run(20)
    expect(ended.value).toEqual([
      {
        roomId: ROOM_ID,
        module: 'arena',
        label: 'duel',
        size: 1,
        maxPlayers: 2,
        tickHz: 30,
        createdMs: 1_700_000_000_000,
        isLocked: false,
      },
      expect.objectContaining({ label: 'closed to others', isLocked: true }),
    ])
    expect(world.server.connection.payloads('RoomList')).toMatchObject([
      { module: 'arena', has_seat: true, limit: 10 },
    ])
  })

  it('pageRooms() sends query and cursor, and gives the cursor of the next page', async () => {
    const world = newWorld()
    const cursors = ['next', undefined]
    world.server.handlers.RoomList = ({ id }, connection) =>
      connection.send(encodeServerFrame('RoomList', { id, rooms: [], cursor: cursors.shift() }))
    const client = await world.connected()
    const query = '+label.mode:duel seats:>1^2'
    const first = outcome(client.pageRooms({ query, limit: 2 }))
    await world.run(20)
    expect(first.value).toEqual({ rooms: [], cursor: 'next' })
    const last = outcome(client.pageRooms({ query, limit: 2, cursor: 'next' }))
    await world.run(20)
    expect(last.value).toEqual({ rooms: [], cursor: undefined })
    expect(world.server.connection.payloads('RoomList')).toMatchObject([
      { query, limit: 2 },
      { query, limit: 2, cursor: 'next' },
    ])
  })

  it('joinRoom() takes the types of state and data from the application', () => {
    const client = newWorld().client()
    const join = () => client.joinRoom<{ round: number }, Uint8Array>(ROOM_ID)
    expectTypeOf(join).returns.resolves.toEqualTypeOf<Room<{ round: number }, Uint8Array>>()
    type Joined = Awaited<ReturnType<typeof join>>
    expectTypeOf<Joined['state']>().toEqualTypeOf<{ round: number } | undefined>()
  })
})

describe('latency and server time', () => {
  it('knows the round trip and the server’s clock as soon as it is connected', async () => {
    const world = newWorld()
    world.server.delayMs = 40
    world.server.clockAheadMs = 86_400_000
    const client = world.client()
    expect(client.latencyMs).toBe(0)
    const connecting = client.connect()
    await world.run(120)
    await connecting
    expect(client.latencyMs).toBeCloseTo(80, 3)
    expect(client.serverTimeMs()).toBeCloseTo(world.time.now() + 86_400_000, 2)
  })

  it('reports each measurement, the first one round trip after the session started', async () => {
    const world = newWorld()
    world.server.delayMs = 40
    const client = world.client()
    const measured: number[] = []
    client.on('latency', ({ latencyMs, jitterMs }) => measured.push(latencyMs, jitterMs))
    const connecting = client.connect()
    await world.run(120 + 80)
    await connecting
    expect(measured).toEqual([80, 0])
    world.server.delayMs = 48
    await world.run(5_100)
    expect(measured).toHaveLength(4)
    expect(measured[2]).toBeCloseTo(82, 3)
    expect(measured[3]).toBeCloseTo(0.5, 3)
    expect(client.jitterMs).toBeCloseTo(0.5, 3)
  })

  it('measures a new connection anew', async () => {
    const world = newWorld()
    const client = await world.connected()
    await world.run(60_000)
    world.server.delayMs = 100
    world.server.connection.drop()
    await world.run(2_000)
    expect(client.state).toBe('connected')
    expect(client.latencyMs).toBeCloseTo(200, 3)
    expect(client.jitterMs).toBe(0)
  })

  it('answers heartbeats of the server', async () => {
    const world = newWorld()
    const client = await world.connected()
    world.server.connection.sendHeartbeat(true)
    await world.run(20)
    const answer = world.server.connection.received.at(-1)
    expect(answer).toMatchObject({ name: 'Heartbeat', delivery: 'unreliable', lane: 0 })
    expect(answer!.payload).toMatchObject({ isReplyWanted: false, echoUs: (world.time.now() - 20) * 1000 })
    await Promise.all([client.close(), world.run(100)])
  })
})

describe('the error event', () => {
  it('tells of errors that answer no request, with the operation they are about', async () => {
    const world = newWorld()
    const client = await world.connected()
    const errors: ErrorEvent[] = []
    client.on('error', (event) => errors.push(event))
    world.server.connection.sendError(0, 'ROOM_BUSY', undefined, Op.RoomData)
    await world.run(10)
    expect(errors).toEqual([{ error: expect.objectContaining({ error: 'ROOM_BUSY' }), op: 'RoomData' }])
    expect(client.state).toBe('connected')
  })

  it('tells of a listener that threw, and the others are called all the same', async () => {
    const world = newWorld()
    const client = world.client()
    const fault = new Error('fault')
    const errors: ErrorEvent[] = []
    const seen: string[] = []
    client.on('connected', () => {
      throw fault
    })
    client.once('connected', () => seen.push('second'))
    client.on('error', (event) => errors.push(event))
    const connecting = client.connect()
    await world.run(100)
    await connecting
    expect(seen).toEqual(['second'])
    expect(errors).toEqual([
      { error: expect.objectContaining({ error: 'INTERNAL', cause: fault }), op: undefined },
    ])
  })

  it('goes to the logger when nobody listens, and when an error listener throws itself', async () => {
    const world = newWorld()
    const client = await world.connected()
    world.server.connection.sendError(0, 'ROOM_BUSY')
    await world.run(10)
    expect(world.logged).toMatchObject([{ error: 'ROOM_BUSY' }])
    const fault = new Error('fault')
    const listener = () => {
      throw fault
    }
    client.on('error', listener)
    world.server.connection.sendError(0, 'ROOM_BUSY')
    await world.run(10)
    expect(world.logged.slice(1)).toEqual([fault])
    client.off('error', listener)
    world.server.connection.sendError(0, 'ROOM_BUSY')
    await world.run(10)
    expect(world.logged).toHaveLength(3)
  })
})
