import { describe, expect, it } from 'vitest'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

/** Counts after-hooks, so that a test can ask which ran; for that there may be only {@link ONE_STATE}. */
const COUNTING = `
local ran = {}
kaos.register_rpc('ran', function() return ran end)
local function count(name) kaos.register_after(name, function(ctx, msg) ran[name] = (ran[name] or 0) + 1 end) end
`

const ONE_STATE = { rooms: { workers: 1 }, scripts: { callVmsMax: 1 } }

describe('before-hooks', () => {
  it('may change the message', async () => {
    const server = await startTestServer({
      'main.lua': `
        kaos.register_before('session_start', function(ctx, msg) msg.username = msg.username:upper() msg.vars.team = 'red' return msg end)
        kaos.register_before('room_create', function(ctx, msg) msg.params.level = 7 return msg end)
        kaos.register_before('room_join', function(ctx, msg) msg.metadata = { rank = 3 } return msg end)
        kaos.register_before('room_data', function(ctx, msg) msg.data = msg.data .. '!' msg.op = msg.op + 1 return msg end)
        kaos.register_before('rpc', function(ctx, msg) if msg.name == 'old' then msg.name = 'new' end return msg end)
        kaos.register_before('room_list', function(ctx, msg) msg.limit = 1 return msg end)
        kaos.register_rpc('new', function(ctx, payload) return { payload = payload, vars = ctx.vars, user = ctx.username } end)`,
      'room.lua': matchModule({
        match_init: `function(ctx, params) return { state = {}, tick_rate = 50, label = 'level ' .. params.level } end`,
        match_loop: `function(ctx, state, tick, messages)
          for _, m in ipairs(messages) do kaos.broadcast(ctx.room_id, m.sender, m.data, nil, m.op) end
          return state
        end`,
      }),
    })
    const ada = await connectPlayer(server, 'ada')
    expect(ada.session?.username).toBe('ADA')
    const log = await joinLogged(ada, await ada.createRoom('room', {}))
    expect(log.room.label).toBe('level 7')
    expect(log.room.me.metadata).toEqual({ rank: 3 })
    log.room.send(4, new TextEncoder().encode('hey'))
    const { op, data } = await log.next<{ op: number; data: Uint8Array }>('data')
    expect([op, new TextDecoder().decode(data)]).toEqual([5, 'hey!'])
    expect(await ada.rpc('old', 1)).toEqual({ payload: 1, vars: { team: 'red' }, user: 'ADA' })
    await ada.createRoom('room', {})
    expect(await ada.listRooms()).toHaveLength(1)
  })

  it('may reject with a reason; the connection lives on and the after-hook does not run', async () => {
    const server = await startTestServer(
      {
        'main.lua': `${COUNTING}
        count('room_create') count('room_join') count('rpc') count('room_data')
        kaos.register_before('room_create', function(ctx, msg) return nil, 'not on Sundays' end)
        kaos.register_before('rpc', function(ctx, msg) if msg.name == 'secret' then return nil end return msg end)
        kaos.register_rpc('secret', function() return 'treasure' end)`,
        'room.lua': matchModule(),
      },
      ONE_STATE,
    )
    const ada = await connectPlayer(server)
    await expectRefused(ada.createRoom('room'), 'HOOK_REJECTED', /not on Sundays/)
    await expectRefused(ada.rpc('secret'), 'HOOK_REJECTED')
    expect(await ada.rpc('ran')).toEqual({})
    expect(await ada.rpc('ran')).toEqual({ rpc: 1 })
  })

  it('that throw, or return nonsense, fail the request with HOOK_FAILED', async () => {
    const server = await startTestServer({
      'main.lua': `
        kaos.register_before('room_create', function() error('hook broke') end)
        kaos.register_before('room_list', function() return { limit = 'many' } end)
        kaos.register_before('room_join', function() return 12 end)`,
      'room.lua': matchModule(),
    })
    const ada = await connectPlayer(server)
    await expectRefused(ada.createRoom('room'), 'HOOK_FAILED', /hook broke/)
    await expectRefused(ada.listRooms(), 'HOOK_FAILED', /limit: expected uint/)
    await expectRefused(
      ada.joinRoom('00000000-0000-4000-8000-000000000000'),
      'HOOK_FAILED',
      /no message table/,
    )
    expect(ada.state).toBe('connected')
    const line = server.logs.find(({ before }) => before === 'room_create')
    expect(line).toMatchObject({ level: 50, msg: 'script error' })
    expect(line?.traceback).toMatch(/main.lua:2/)
  })

  it('session_start may refuse, and the client learns why', async () => {
    const server = await startTestServer({
      'main.lua': `kaos.register_before('session_start', function(ctx, msg)
        if msg.username == 'troll' then return nil, 'banned until Friday' end
        return msg
      end)`,
    })
    await expectRefused(connectPlayer(server, 'troll'), 'SESSION_REFUSED', /banned until Friday/)
    expect((await connectPlayer(server, 'Ada')).state).toBe('connected')
  })

  it('keep the order of one session’s messages', async () => {
    const server = await startTestServer({
      'main.lua': `kaos.register_before('room_data', function(ctx, msg) return msg end)`,
      'room.lua': matchModule({
        match_loop: `function(ctx, state, tick, messages)
          for _, m in ipairs(messages) do kaos.broadcast(ctx.room_id, m.sender, m.data, nil, m.op) end
          return state
        end`,
      }),
    })
    const ada = await connectPlayer(server)
    const log = await joinLogged(ada, await ada.createRoom('room'))
    for (let op = 0; op < 200; op++) log.room.send(op, { op })
    for (let op = 0; op < 200; op++) expect(await log.next('data')).toMatchObject({ op, data: { op } })
  })

  it('reject room data without closing anything', async () => {
    const server = await startTestServer({
      'main.lua': `kaos.register_before('room_data', function(ctx, msg) if msg.op == 6 then return nil, 'no sixes' end return msg end)`,
      'room.lua': matchModule({
        match_loop: `function(ctx, state, tick, messages)
          for _, m in ipairs(messages) do kaos.broadcast(ctx.room_id, m.sender, m.data, nil, m.op) end
          return state
        end`,
      }),
    })
    const ada = await connectPlayer(server)
    const log = await joinLogged(ada, await ada.createRoom('room'))
    const refusal = new Promise((resolve) => ada.on('error', resolve))
    log.room.send(6, 1)
    log.room.send(7, 1)
    expect(await refusal).toMatchObject({
      op: 'RoomData',
      error: { error: 'HOOK_REJECTED', message: 'no sixes' },
    })
    expect(await log.next('data')).toMatchObject({ op: 7 })
  })
})

describe('after-hooks', () => {
  it('run once for every message that succeeded, session_start to rpc', async () => {
    const server = await startTestServer(
      {
        'main.lua': `${COUNTING}
        for _, name in ipairs { 'session_start', 'session_end', 'heartbeat', 'room_create', 'room_join', 'room_leave', 'room_data', 'room_list', 'rpc' } do count(name) end
        kaos.register_rpc('noop', function() end)`,
        'room.lua': matchModule(),
      },
      ONE_STATE,
    )
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const room = await ada.joinRoom(await ada.createRoom('room'))
    room.send(1, 'x')
    await room.leave()
    await ada.listRooms()
    expect(await ada.rpc('noop')).toBeUndefined()
    await expectRefused(ada.joinRoom('00000000-0000-4000-8000-000000000000'), 'ROOM_NOT_FOUND')
    await bob.close()
    await expect
      .poll(() => ada.rpc('ran'))
      .toMatchObject({
        session_start: 2,
        session_end: 1,
        room_create: 1,
        room_join: 1,
        room_leave: 1,
        room_data: 1,
        room_list: 1,
      })
  })

  it('that throw are logged and change nothing', async () => {
    const server = await startTestServer({
      'main.lua': `
        kaos.register_after('rpc', function() error('after broke') end)
        kaos.register_rpc('ok', function() return 1 end)`,
    })
    const ada = await connectPlayer(server)
    expect(await ada.rpc('ok')).toBe(1)
    expect(await ada.rpc('ok')).toBe(1)
    expect(server.logs.filter(({ after }) => after === 'rpc').length).toBeGreaterThanOrEqual(1)
  })
})
