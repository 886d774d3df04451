import { describe, expect, it } from 'vitest'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

const decoder = new TextDecoder()

describe('joining', () => {
  it('members see each other come and go, with username and metadata', async () => {
    const server = await startTestServer({ 'room.lua': matchModule() })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('room')
    const adasRoom = await joinLogged(ada, roomId, { color: 'red' })
    const bobsRoom = await joinLogged(bob, roomId)
    expect([...bobsRoom.room.members.values()].map(({ username }) => username).sort()).toEqual(['Ada', 'Bob'])
    expect([...bobsRoom.room.members.values()].find(({ username }) => username === 'Ada')?.metadata).toEqual({
      color: 'red',
    })
    expect(await adasRoom.next('joined')).toMatchObject([
      { username: 'Bob', member: bobsRoom.room.me.member },
    ])
    await bobsRoom.room.leave()
    expect(await adasRoom.next('departed')).toMatchObject([{ reason: 'left' }])
    expect(adasRoom.room.members.size).toBe(1)
  })

  it('a full, an unknown and a closed room give three different errors', async () => {
    const server = await startTestServer({
      'duel.lua': matchModule({
        match_init: 'function() return { state = {}, tick_rate = 50, max_players = 1 } end',
        match_loop: `function(ctx, state, tick, messages)
          if #messages > 0 then return nil end
          return state
        end`,
      }),
    })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('duel')
    const room = await joinLogged(ada, roomId)
    await expectRefused(bob.joinRoom(roomId), 'ROOM_FULL', /1 seats/)
    await expectRefused(bob.joinRoom('00000000-0000-4000-8000-000000000000'), 'ROOM_NOT_FOUND')
    room.room.send(1, 'end')
    expect(await room.next('closed')).toMatchObject({ reason: 'room_closed' })
    await expectRefused(bob.joinRoom(roomId), 'ROOM_CLOSED')
  })

  it('a second join of the same session, an unknown module and a bad id are refused', async () => {
    const server = await startTestServer({ 'room.lua': matchModule() })
    const ada = await connectPlayer(server)
    const roomId = await ada.createRoom('room')
    await ada.joinRoom(roomId)
    await expectRefused(ada.joinRoom(roomId), 'ROOM_ALREADY_JOINED')
    await expectRefused(ada.createRoom('nosuch'), 'ROOM_MODULE_NOT_FOUND', /nosuch/)
    await expectRefused(ada.createRoom('../escape'), 'ROOM_MODULE_NOT_FOUND')
    await expectRefused(ada.joinRoom('not-a-uuid-but-36-characters-long-xx'), 'INVALID_PAYLOAD')
  })

  it('match_join_attempt refuses with its reason and sees the metadata', async () => {
    const server = await startTestServer({
      'room.lua': matchModule({
        match_join_attempt: `function(ctx, state, presence)
          if presence.metadata.password ~= 'sesame' then return state, false, 'wrong password' end
          return state, true
        end`,
      }),
    })
    const ada = await connectPlayer(server)
    const roomId = await ada.createRoom('room')
    await expectRefused(
      ada.joinRoom(roomId, { metadata: { password: 'x' } }),
      'ROOM_JOIN_REJECTED',
      /wrong password/,
    )
    expect((await ada.joinRoom(roomId, { metadata: { password: 'sesame' } })).members.size).toBe(1)
  })

  it('joins of a room that is still starting wait for it', async () => {
    const server = await startTestServer({
      'main.lua': `kaos.register_rpc('open', function() return kaos.room_create('room', { color = 'blue' }) end)`,
      'room.lua': matchModule({
        match_init: `function(ctx, params) return { state = {}, label = params.color } end`,
      }),
    })
    const ada = await connectPlayer(server)
    expect((await ada.joinRoom(await ada.rpc<string>('open'))).label).toBe('blue')
  })

  it('more rooms than a session may be in are refused', async () => {
    const server = await startTestServer({ 'room.lua': matchModule() }, { limits: { roomsPerSession: 2 } })
    const ada = await connectPlayer(server)
    for (let count = 0; count < 2; count++) await ada.joinRoom(await ada.createRoom('room'))
    await expectRefused(ada.joinRoom(await ada.createRoom('room')), 'TOO_MANY_ROOMS', /at most 2 rooms/)
    expect(await server.metrics()).toMatch(/kaosnet_limit_hits_total\{limit="roomsPerSession"\} 1/)
  })
})

describe('room data', () => {
  const echo = matchModule({
    match_loop: `function(ctx, state, tick, messages)
      for _, message in ipairs(messages) do
        assert(message.sender.username ~= nil and math.type(message.op) == 'integer' and message.time > 0)
        if type(message.data) == 'table' then message.data.reliable = message.reliable end
        kaos.broadcast(ctx.room_id, message.sender, message.data, nil, message.op, message.reliable)
      end
      return state
    end`,
  })

  it('carries the op, the bytes untouched and the sender to every member', async () => {
    const server = await startTestServer({ 'room.lua': echo })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('room')
    const [adasRoom, bobsRoom] = [await joinLogged(ada, roomId), await joinLogged(bob, roomId)]
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    adasRoom.room.send(513, bytes)
    for (const log of [adasRoom, bobsRoom]) {
      const { op, data, sender, isReliable } = await log.next<{
        op: number
        data: Uint8Array
        sender: { username: string }
        isReliable: boolean
      }>('data')
      expect({ op, isReliable, sender: sender.username }).toEqual({
        op: 513,
        isReliable: true,
        sender: 'Ada',
      })
      expect(Buffer.from(data)).toEqual(Buffer.from(bytes))
    }
  })

  it('carries values, and the reliable flag both ways', async () => {
    const server = await startTestServer({ 'room.lua': echo })
    const ada = await connectPlayer(server)
    const log = await joinLogged(ada, await ada.createRoom('room'))
    log.room.send(1, { move: [1, -2.5], text: 'grüß' }, { reliable: false })
    expect(await log.next('data')).toMatchObject({
      isReliable: false,
      data: { move: [1, -2.5], text: 'grüß', reliable: false },
    })
  })

  it('messages of one sender arrive in the order sent', async () => {
    const server = await startTestServer({ 'room.lua': echo })
    const ada = await connectPlayer(server)
    const log = await joinLogged(ada, await ada.createRoom('room'))
    for (let index = 0; index < 300; index++) log.room.send(index, new Uint8Array([1]))
    for (let index = 0; index < 300; index++) expect(await log.next('data')).toMatchObject({ op: index })
  })

  it('a full input queue is told to the sender and counted; the room lives on', async () => {
    const server = await startTestServer(
      { 'room.lua': echo.replace('tick_rate = 50', 'tick_rate = 1') },
      { limits: { roomInputQueue: 3 } },
    )
    const ada = await connectPlayer(server)
    const log = await joinLogged(ada, await ada.createRoom('room'))
    const errors: string[] = []
    const refused = new Promise<void>((resolve) => {
      ada.on('error', ({ error, op }) => {
        errors.push(`${error.error} ${op}`)
        if (errors.length === 2) resolve()
      })
    })
    for (let index = 0; index < 5; index++) log.room.send(index, new Uint8Array([1]))
    await refused
    expect(errors).toEqual(['ROOM_BUSY RoomData', 'ROOM_BUSY RoomData'])
    for (let index = 0; index < 3; index++) expect(await log.next('data')).toMatchObject({ op: index })
    expect(await server.metrics()).toMatch(/kaosnet_limit_hits_total\{limit="roomInputQueue"\} 2/)
  })

  it('data that is larger than allowed, or falsely called MessagePack, is refused', async () => {
    const server = await startTestServer({ 'room.lua': echo }, { limits: { roomDataBytes: 100 } })
    const ada = await connectPlayer(server)
    const log = await joinLogged(ada, await ada.createRoom('room'))
    const failure = new Promise<string>((resolve) => ada.on('error', ({ error }) => resolve(error.error)))
    log.room.send(1, new Uint8Array(101))
    expect(await failure).toBe('PAYLOAD_TOO_LARGE')
  })
})

describe('what a room sends', () => {
  it('broadcast: nil = all, {} = nobody, a list = those, strangers are ignored, the sender is kept', async () => {
    const server = await startTestServer({
      'room.lua': matchModule({
        match_init: 'function() return { state = { players = {} }, tick_rate = 50 } end',
        match_join: `function(ctx, state, presences)
          for _, presence in ipairs(presences) do state.players[#state.players + 1] = presence end
          return state
        end`,
        match_loop: `function(ctx, state, tick, messages)
          local first, second = state.players[1], state.players[2]
          for _ = 1, #messages do
            kaos.broadcast(ctx.room_id, second, 'none', {})
            kaos.broadcast(ctx.room_id, second, 'second', { second, 'ffffffffffffffff' })
            kaos.broadcast(ctx.room_id, second, 'all')
            kaos.broadcast(ctx.room_id, nil, 'room', { first.session_id }, 9)
            kaos.room_send(ctx.room_id, 12, 'sent')
            kaos.broadcast(ctx.room_id, 'ffffffffffffffff', 'end')
          end
          return state
        end`,
      }),
    })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('room')
    const [first, second] = [await joinLogged(ada, roomId), await joinLogged(bob, roomId)]
    first.room.send(1, 'go')
    const heard = async (log: typeof first): Promise<string[]> => {
      const lines: string[] = []
      for (;;) {
        const { op, data, sender } = await log.next<{
          op: number
          data: Uint8Array
          sender: { username: string } | undefined
        }>('data')
        lines.push(`${op} ${decoder.decode(data)} from ${sender?.username ?? 'room'}`)
        if (lines.at(-1)?.includes('end')) return lines
      }
    }
    expect(await heard(first)).toEqual([
      '0 all from Bob',
      '9 room from room',
      '12 sent from room',
      '0 end from room',
    ])
    expect(await heard(second)).toEqual([
      '0 second from Bob',
      '0 all from Bob',
      '12 sent from room',
      '0 end from room',
    ])
  })

  it('state: joiners get the current one with their join, members each new one, tables and bytes', async () => {
    const server = await startTestServer({
      'room.lua': matchModule({
        match_init: `function(ctx) kaos.room_state(ctx.room_id, { round = 1, names = kaos.array({}) }) return { state = {}, tick_rate = 50 } end`,
        match_loop: `function(ctx, state, tick, messages)
          for _, message in ipairs(messages) do kaos.room_state(ctx.room_id, message.data) end
          return state
        end`,
      }),
    })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('room')
    const log = await joinLogged(ada, roomId)
    expect(log.room.state).toEqual({ round: 1, names: [] })
    log.room.send(1, { round: 2 })
    await log.next('state')
    expect(log.room.state).toEqual({ round: 2 })
    log.room.send(1, new Uint8Array([7, 0, 255]))
    await log.next('state')
    const late = await bob.joinRoom(roomId)
    expect(Buffer.from(late.state as Uint8Array)).toEqual(Buffer.from([7, 0, 255]))
    expect(late.stateVersion).toBe(3)
  })

  it('kick, label, list, get and signal', async () => {
    const server = await startTestServer({
      'main.lua': `
        kaos.register_rpc('signal', function(ctx, p) return kaos.room_signal(p.room, p.data) end)
        kaos.register_rpc('get', function(ctx, id) return kaos.room_get(id) end)
        kaos.register_rpc('list', function(ctx, query) return kaos.array(kaos.room_list(query)) end)
        kaos.register_rpc('kick', function(ctx, p) return kaos.room_kick(p.room, p.session, 'cheating') end)`,
      'room.lua': matchModule({
        match_init: `function(ctx, params) return { state = { count = 0 }, tick_rate = 12.5, label = 'old', max_players = 3 } end`,
        match_signal: `function(ctx, state, data)
          state.count = state.count + data.add
          kaos.room_label_update(ctx.room_id, 'count ' .. state.count)
          return state, { count = state.count }
        end`,
      }),
    })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('room')
    const log = await joinLogged(bob, roomId)
    expect(log.room.tickHz).toBe(12.5)
    expect(await ada.rpc('signal', { room: roomId, data: { add: 2 } })).toEqual({ count: 2 })
    expect(await ada.rpc('signal', { room: roomId, data: { add: 3 } })).toEqual({ count: 5 })
    expect(await ada.rpc('get', roomId)).toMatchObject({
      room_id: roomId,
      module: 'room',
      label: 'count 5',
      size: 1,
      max_players: 3,
      tick_rate: 12.5,
      state: 'running',
    })
    expect(await ada.rpc('get', '00000000-0000-4000-8000-000000000000')).toBeUndefined()
    expect(await ada.rpc('list', { label: 'count 5' })).toMatchObject([{ room_id: roomId }])
    expect(await ada.rpc('list', { label: 'old' })).toEqual([])
    expect(await ada.listRooms({ module: 'room', hasSeat: true })).toMatchObject([
      { roomId, label: 'count 5', size: 1 },
    ])
    expect(await ada.rpc('kick', { room: roomId, session: bob.session?.sessionId })).toBe(true)
    expect(await log.next('closed')).toMatchObject({ reason: 'kicked', message: 'cheating' })
    expect(await ada.rpc('kick', { room: roomId, session: bob.session?.sessionId })).toBe(false)
    expect(bob.state).toBe('connected')
  })
})

describe('the life of a room', () => {
  it('leave, join and disconnect reach the script with the reason', async () => {
    const server = await startTestServer({
      'room.lua': matchModule({
        match_leave: `function(ctx, state, presences)
          kaos.broadcast(ctx.room_id, nil, presences[1].username .. ' ' .. presences[1].reason)
          return state
        end`,
      }),
    })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('room')
    const log = await joinLogged(ada, roomId)
    await (await bob.joinRoom(roomId)).leave()
    expect(decoder.decode((await log.next<{ data: Uint8Array }>('data')).data)).toBe('Bob left')
    await bob.joinRoom(roomId)
    await bob.close()
    expect(decoder.decode((await log.next<{ data: Uint8Array }>('data')).data)).toBe('Bob left')
    expect(await log.next('departed')).toMatchObject([{ reason: 'left' }])
  })

  it('stopping the server runs match_terminate and tells members why', async () => {
    const server = await startTestServer({
      'room.lua': matchModule({
        match_terminate: `function(ctx, state, grace_seconds)
          kaos.broadcast(ctx.room_id, nil, 'bye in ' .. grace_seconds)
          return nil
        end`,
      }),
    })
    const ada = await connectPlayer(server)
    const log = await joinLogged(ada, await ada.createRoom('room'))
    await server.server.stop({ graceSeconds: 3 })
    expect(decoder.decode((await log.next<{ data: Uint8Array }>('data')).data)).toBe('bye in 3')
    expect(await log.next('closed')).toMatchObject({ reason: 'shutdown' })
  })
})
