import { describe, expect, it } from 'vitest'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

/** Answers each message, and says what signals it got; a signal `{ to, depth }` is passed on to another room. */
const RELAY = matchModule({
  match_init: 'function() return { state = { signals = 0 }, tick_rate = 60 } end',
  match_loop: `function(ctx, state, tick, messages)
    for _, message in ipairs(messages) do
      local request = message.data
      local reply
      if request.signal then
        local ok, answer = pcall(kaos.room_signal, request.signal, request.data)
        reply = { ok = ok, answer = answer }
      elseif request.send then
        kaos.room_send(request.send, 5, 'from another room')
        reply = { sent = true }
      elseif request.get then
        local room = kaos.room_get(request.get)
        reply = { size = room.size, module = room.module, state = room.state }
      elseif request.kick then
        reply = { kicked = kaos.room_kick(request.kick, request.session, 'out') }
      else
        reply = request
      end
      kaos.room_send(ctx.room_id, 1, reply, { message.sender })
    end
    return state
  end`,
  match_signal: `function(ctx, state, data)
    state.signals = state.signals + 1
    if data.throw then error('cannot: ' .. data.throw) end
    if data.to and data.depth > 0 then
      local ok, answer = pcall(kaos.room_signal, data.to, { to = ctx.room_id, depth = data.depth - 1 })
      return state, { ok = ok, answer = answer }
    end
    return state, { signals = state.signals, room = ctx.room_id }
  end`,
})

describe.each([0, 1, 2])('rooms in %i workers', (workers) => {
  const start = (scripts: Record<string, string>, scriptConfig = {}) =>
    startTestServer(scripts, { rooms: { workers }, scripts: scriptConfig })

  /** Two rooms, in two hosts where there are two, each with a player. */
  async function twoRooms() {
    const server = await start({
      'relay.lua': RELAY,
      'main.lua': `
        kaos.register_rpc('signal', function(ctx, p) return kaos.room_signal(p.room, p.data) end)
        kaos.register_rpc('me', function(ctx) return kaos.session_get(ctx.session_id) end)
        kaos.register_rpc('list', function() return #kaos.room_list({ module = 'relay' }) end)
        kaos.register_rpc('create', function(ctx, module) return kaos.room_create(module) end)`,
    })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const one = await joinLogged(ada, await ada.createRoom('relay'))
    const two = await joinLogged(bob, await ada.createRoom('relay'))
    const ask = async (log: typeof one, request: unknown) => {
      log.room.send(1, request)
      return (await log.next<{ data: unknown }>('data')).data
    }
    return { server, ada, bob, one, two, ask }
  }

  it('signal, look at, write to and kick from each other, wherever they run', async () => {
    const { bob, one, two, ask } = await twoRooms()
    const session = bob.session?.sessionId
    expect(await ask(one, { signal: two.room.id, data: { a: 1 } })).toEqual({
      ok: true,
      answer: { signals: 1, room: two.room.id },
    })
    expect(await ask(one, { get: two.room.id })).toEqual({ size: 1, module: 'relay', state: 'running' })
    expect(await ask(one, { send: two.room.id })).toEqual({ sent: true })
    expect(await two.next('data')).toMatchObject({ op: 5 })
    expect(await ask(one, { kick: two.room.id, session })).toEqual({ kicked: true })
    expect(await two.next('closed')).toMatchObject({ reason: 'kicked', message: 'out' })
    expect(await ask(one, { kick: two.room.id, session })).toEqual({ kicked: false })
  })

  it('tell how long inputs and outputs were on their way', async () => {
    const { server, one, two, ask } = await twoRooms()
    for (const player of [one, two]) expect(await ask(player, { n: 1 })).toEqual({ n: 1 })
    const metrics = await server.metrics()
    for (const name of ['kaosnet_input_routing_seconds', 'kaosnet_output_routing_seconds']) {
      const sumOf = (part: string): number =>
        [...metrics.matchAll(new RegExp(`^${name}_${part}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))]
          .map((match) => Number(match[1]))
          .reduce((sum, value) => sum + value, 0)
      expect(sumOf('count'), name).toBe(2)
      // In seconds, by one clock in all threads.
      expect(sumOf('sum'), name).toBeGreaterThan(0)
      expect(sumOf('sum'), name).toBeLessThan(5)
    }
  })

  it('pass on what a signal raises, and what is wrong with the room', async () => {
    const { one, two, ask } = await twoRooms()
    expect(await ask(one, { signal: two.room.id, data: { throw: 'no' } })).toEqual({
      ok: false,
      answer: expect.stringContaining('cannot: no'),
    })
    expect(await ask(one, { signal: one.room.id, data: {} })).toEqual({
      ok: false,
      answer: expect.stringContaining('within its own callback'),
    })
    const nowhere = '00000000-0000-4000-8000-000000000000'
    expect(await ask(one, { signal: nowhere, data: {} })).toMatchObject({ ok: false })
  })

  it('that signal each other at the same time do not wait for ever', async () => {
    const { one, two, ask } = await twoRooms()
    for (let round = 0; round < 20; round++) {
      const [first, second] = await Promise.all([
        ask(one, { signal: two.room.id, data: { to: one.room.id, depth: 3 } }),
        ask(two, { signal: one.room.id, data: { to: two.room.id, depth: 3 } }),
      ])
      // Each answer is a reply, or the refusal of a room that was in a callback of its own.
      for (const answer of [first, second]) expect(answer).toHaveProperty('ok')
    }
    expect(await ask(one, { n: 1 })).toEqual({ n: 1 })
    expect(await ask(two, { n: 2 })).toEqual({ n: 2 })
  })

  it('and RPCs ask the node, which answers for all threads', async () => {
    const { ada, one, two } = await twoRooms()
    expect(await ada.rpc('me')).toMatchObject({ username: 'Ada', rooms: [one.room.id] })
    expect(await ada.rpc('list')).toBe(2)
    expect(await ada.rpc('signal', { room: two.room.id, data: {} })).toMatchObject({ room: two.room.id })
    const made = await ada.rpc<string>('create', 'relay')
    expect((await ada.joinRoom(made)).id).toBe(made)
    await expectRefused(ada.rpc('create', 'nothing'), 'RPC_FAILED', /there is no match module "nothing"/)
  })

  it('are not held up by a slow RPC or hook; nor are other RPCs, heartbeats or the same session', async () => {
    const server = await start(
      {
        'main.lua': `
          kaos.register_rpc('slow', function() for i = 1, 1e8 do end return 'done' end)
          kaos.register_rpc('fast', function(ctx, n) return n end)
          kaos.register_before('room_create', function(ctx, msg)
            if ctx.username == 'Slow' then for i = 1, 1e8 do end end
            return msg
          end)`,
        'relay.lua': RELAY,
      },
      {
        rpcInstructions: 1_000_000_000,
        hookInstructions: 1_000_000_000,
        rpcBudgetMs: 60_000,
        hookBudgetMs: 60_000,
      },
    )
    const ada = await connectPlayer(server, 'Ada')
    const log = await joinLogged(ada, await ada.createRoom('relay'))
    const slowest = await connectPlayer(server, 'Slow')
    const done: string[] = []
    const slow = ada.rpc('slow').then(() => done.push('rpc'))
    const hooked = slowest.createRoom('relay').then(() => done.push('hook'))
    for (let n = 0; n < 10; n++) {
      expect(await ada.rpc('fast', n)).toBe(n)
      expect(await slowest.rpc('fast', n)).toBe(n)
      log.room.send(1, { n })
      expect((await log.next<{ data: unknown }>('data')).data).toEqual({ n })
    }
    // All that while the slow ones still ran: they take ten times as long as this loop on any machine.
    expect(done).toEqual([])
    await Promise.all([slow, hooked])
    expect(done).toHaveLength(2)
  })

  it('tell who asks when too many RPCs wait', async () => {
    const server = await start(
      { 'main.lua': `kaos.register_rpc('slow', function() for i = 1, 2e7 do end return 1 end)` },
      { callVmsMax: 1, callQueue: 1, rpcInstructions: 1_000_000_000, rpcBudgetMs: 60_000 },
    )
    const ada = await connectPlayer(server)
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => ada.rpc('slow')))
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    // One runs and one waits, in each host.
    expect(refused).toHaveLength(8 - 2 * Math.max(1, workers))
    for (const one of refused) expect(one).toMatchObject({ reason: { error: 'TOO_MANY_REQUESTS' } })
  })
})
