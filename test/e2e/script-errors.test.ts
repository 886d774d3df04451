import { describe, expect, it } from 'vitest'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

describe('a throw in a script', () => {
  it.each([
    [
      'match_loop',
      'function(ctx, state, tick, messages) if #messages > 0 then error("kaputt") end return state end',
    ],
    [
      'match_join',
      'function(ctx, state, presences) if presences[1].username == "Bob" then error("kaputt") end return state end',
    ],
    ['match_leave', 'function(ctx, state, presences) error("kaputt") end'],
  ])('in %s ends that room with the reason; other rooms and the session go on', async (name, body) => {
    const server = await startTestServer({
      'bad.lua': matchModule({ [name]: body }),
      'good.lua': matchModule(),
    })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('bad')
    const [bad, good] = [await joinLogged(ada, roomId), await joinLogged(ada, await ada.createRoom('good'))]
    const bobs = bob.joinRoom(roomId)
    if (name === 'match_leave') await (await bobs).leave()
    else if (name === 'match_loop') {
      await bobs
      bad.room.send(1, 'x')
    } else await bobs
    expect(await bad.next('closed')).toMatchObject({
      reason: 'room_closed',
      error: { error: 'ROOM_FAILED' },
      message: expect.stringMatching(new RegExp(`${name}: bad\\.lua:\\d+: kaputt`)),
    })
    expect(good.room.closed).toBeUndefined()
    expect((await connectPlayer(server)).state).toBe('connected')
    const line = server.logs.find(({ callback }) => callback === name)
    expect(line).toMatchObject({ level: 50, module: 'bad', error: expect.stringContaining('kaputt') })
    expect(line?.traceback).toMatch(/bad\.lua:\d+: in/)
    expect(await server.metrics()).toMatch(
      new RegExp(`kaosnet_script_errors_total\\{callback="${name}"\\} 1`),
    )
  })

  it('in match_init, and a module that is none, fail the creation with the script’s words', async () => {
    const server = await startTestServer({
      'throws.lua': matchModule({ match_init: 'function() error("no map") end' }),
      'empty.lua': 'return {}',
      'syntax.lua': 'this is not Lua',
      'nothing.lua': matchModule({ match_init: 'function() return 12 end' }),
      'fast.lua': matchModule({ match_init: 'function() return { state = {}, tick_rate = 1000 } end' }),
    })
    const ada = await connectPlayer(server)
    await expectRefused(ada.createRoom('throws'), 'ROOM_INIT_FAILED', /throws\.lua:\d+: no map/)
    await expectRefused(ada.createRoom('empty'), 'ROOM_INIT_FAILED', /no function match_init/)
    await expectRefused(ada.createRoom('syntax'), 'ROOM_INIT_FAILED', /syntax\.lua:1/)
    await expectRefused(ada.createRoom('nothing'), 'ROOM_INIT_FAILED', /must return a table.*got number/)
    await expectRefused(
      ada.createRoom('fast'),
      'ROOM_INIT_FAILED',
      /tick_rate must be from 1 to 128 Hz, got 1000/,
    )
    expect(server.server.roomCount).toBe(0)
  })

  it('in match_join_attempt refuses that player only', async () => {
    const server = await startTestServer({
      'room.lua': matchModule({
        match_join_attempt: `function(ctx, state, presence)
          if presence.username == 'Bob' then error('oops') end
          return state, true
        end`,
      }),
    })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('room')
    const room = await ada.joinRoom(roomId)
    await expectRefused(bob.joinRoom(roomId), 'ROOM_JOIN_REJECTED')
    expect(room.closed).toBeUndefined()
  })

  it('in an RPC, a signal or with a result that cannot be sent, fails that request only', async () => {
    const server = await startTestServer({
      'main.lua': `
        kaos.register_rpc('throws', function(ctx, payload) error('no such item: ' .. payload) end)
        kaos.register_rpc('table_error', function() error({ code = 5 }) end)
        kaos.register_rpc('function_result', function() return { f = print } end)
        kaos.register_rpc('huge', function() return string.rep('x', 70000) end)
        kaos.register_rpc('signal', function(ctx, id) return kaos.room_signal(id, {}) end)
        kaos.register_rpc('wrong', function() kaos.broadcast(12, nil, 'x') end)
        kaos.register_rpc('wrong2', function() kaos.room_send('x', 'one', 'x') end)
        kaos.register_rpc('ok', function() return 'fine' end)`,
      'room.lua': matchModule({ match_signal: 'function() error("cannot be signalled") end' }),
    })
    const ada = await connectPlayer(server)
    await expectRefused(ada.rpc('throws', 'sword'), 'RPC_FAILED', /main\.lua:2: no such item: sword/)
    await expectRefused(ada.rpc('table_error'), 'RPC_FAILED')
    await expectRefused(ada.rpc('function_result'), 'RPC_FAILED', /function/)
    await expectRefused(ada.rpc('huge'), 'SCRIPT_RESULT_INVALID', /at most 65535/)
    const room = await ada.joinRoom(await ada.createRoom('room'))
    await expectRefused(ada.rpc('signal', room.id), 'RPC_FAILED', /cannot be signalled/)
    await expectRefused(ada.rpc('wrong'), 'RPC_FAILED')
    await expectRefused(
      ada.rpc('wrong2'),
      'RPC_FAILED',
      /bad argument #2 'op' to 'room_send' \(integer expected, got string\)/,
    )
    await expectRefused(ada.rpc('nosuch'), 'RPC_NOT_FOUND', /nosuch/)
    expect(room.closed).toBeUndefined()
    expect(await ada.rpc('ok')).toBe('fine')
  })

  it('that runs for ever is stopped by its budget', async () => {
    const server = await startTestServer(
      {
        'main.lua': `kaos.register_rpc('spin', function() while true do pcall(function() while true do end end) end end)`,
        'room.lua': matchModule({
          match_loop:
            'function(ctx, state, tick, messages) if #messages > 0 then while true do end end return state end',
        }),
      },
      { scripts: { rpcInstructions: 1_000_000, tickInstructions: 1_000_000 } },
    )
    const ada = await connectPlayer(server)
    await expectRefused(ada.rpc('spin'), 'SCRIPT_BUDGET_EXCEEDED', /budget/)
    const log = await joinLogged(ada, await ada.createRoom('room'))
    log.room.send(1, 'x')
    expect(await log.next('closed')).toMatchObject({ message: expect.stringMatching(/budget/) })
    const metrics = await server.metrics()
    for (const kind of ['rpc', 'tick']) {
      expect(metrics).toMatch(
        new RegExp(`kaosnet_budget_exceeded_total\\{kind="${kind}",cause="instructions",host="0"\\} 1`),
      )
    }
  })

  it.each([
    ['instructions', 'while true do end', {}],
    ['memory', 'local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end', {}],
    ['time', 'while true do end', { tickInstructions: 1_000_000_000, tickBudgetMs: 20 }],
  ])(
    'a room may live on after it has used up its %s, if the configuration says so',
    async (cause, attack, budget) => {
      const server = await startTestServer(
        {
          'room.lua': matchModule({
            match_init: 'function() return { state = { ticks = 0 }, tick_rate = 50 } end',
            match_loop: `function(ctx, state, tick, messages)
            for _, message in ipairs(messages) do
              if message.data.attack then ${attack} end
              kaos.room_send(ctx.room_id, 1, { answer = message.data.n })
            end
            return state
          end`,
          }),
        },
        {
          rooms: { onBudgetExceeded: 'continue' },
          scripts: { tickInstructions: 1_000_000, memoryBytes: 1_000_000, ...budget },
        },
      )
      const ada = await connectPlayer(server)
      const log = await joinLogged(ada, await ada.createRoom('room'))
      log.room.send(1, { attack: true })
      await expect
        .poll(() => server.metrics())
        .toMatch(new RegExp(`kaosnet_budget_exceeded_total\\{kind="tick",cause="${cause}",host="0"\\} 1`))
      log.room.send(1, { n: 7 })
      expect(await log.next('data')).toMatchObject({ data: { answer: 7 } })
      expect(server.logs.find(({ callback }) => callback === 'match_loop')?.traceback).toMatch(
        /room\.lua:\d+/,
      )
    },
  )
})

describe('rooms share nothing', () => {
  it('what one room does to _G and the libraries is not seen by another, nor by the entry script', async () => {
    const server = await startTestServer({
      'main.lua': `kaos.register_rpc('entry', function() return { leak = leaked == nil, upper = ('a'):upper() } end)`,
      'vandal.lua': `leaked = true string.upper = function() return 'pwned' end getmetatable('').__index = nil
        kaos.broadcast = nil table.insert = nil math = nil
        ${matchModule()}`,
      'room.lua': matchModule({
        match_init: `function()
          return { state = {}, label = tostring(leaked) .. ' ' .. ('a'):upper() .. ' ' .. type(kaos.broadcast) .. ' ' .. type(math) }
        end`,
      }),
    })
    const ada = await connectPlayer(server)
    await ada.createRoom('vandal')
    expect((await ada.joinRoom(await ada.createRoom('room'))).label).toBe('nil A function table')
    expect(await ada.rpc('entry')).toEqual({ leak: true, upper: 'A' })
  })

  it('rooms cannot register hooks, nor publish another room’s state or label', async () => {
    const server = await startTestServer({
      'room.lua': matchModule({
        match_init: `function(ctx, params)
          local ok, message = pcall(kaos.register_rpc, 'x', function() end)
          local ok2, message2 = pcall(kaos.room_state, params.other, 'x')
          return { state = {}, label = message .. ' | ' .. message2 }
        end`,
      }),
    })
    const ada = await connectPlayer(server)
    const label = (await ada.joinRoom(await ada.createRoom('room', { other: 'some-id' }))).label
    expect(label).toMatch(/entry script \(main.lua\).*\|.*the room's own match handler/)
  })

  it('require sees the scripts folder and nothing else', async () => {
    const server = await startTestServer({
      'lib/deep.lua': `return { answer = 42 }`,
      'main.lua': `
        local deep = require('lib.deep')
        kaos.register_rpc('deep', function() return { deep.answer, require('lib/deep') == deep } end)
        kaos.register_rpc('escape', function(ctx, name) return { pcall(require, name) } end)
        kaos.register_rpc('globals', function()
          return { io = io == nil, debug = debug == nil, package = package == nil, dofile = dofile == nil,
            loadfile = loadfile == nil, execute = os.execute == nil, getenv = os.getenv == nil, time = type(os.time()),
            dump = string.dump == nil, bytecode = load('\\27Lua') == nil }
        end)`,
    })
    const ada = await connectPlayer(server)
    expect(await ada.rpc('deep')).toEqual([42, true])
    for (const name of ['../secret', '/etc/passwd', 'lib/../../x', 'lib..deep', 'c:\\x', 'nosuch', 'a\0b']) {
      expect(await ada.rpc('escape', name)).toMatchObject([false, expect.any(String)])
    }
    expect(await ada.rpc('globals')).toEqual({
      io: true,
      debug: true,
      package: true,
      dofile: true,
      loadfile: true,
      execute: true,
      getenv: true,
      time: 'number',
      dump: true,
      bytecode: true,
    })
  })
})
