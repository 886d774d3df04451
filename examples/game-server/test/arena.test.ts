import type { LuaValue } from '@kaosnet/lua'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ArenaOp, parseEvents, parseWelcome } from '../web/messages.ts'
import { encodeInputs } from '../web/player-input.ts'
import { decodeSnapshot } from '../web/snapshot.ts'
import { ArenaVm } from './arena-vm.ts'

interface Sent {
  readonly op: number
  readonly data: LuaValue
  /** Member numbers; undefined = everybody. */
  readonly to: readonly number[] | undefined
  readonly isReliable: boolean
}

let lua: ArenaVm
let sent: Sent[]

beforeEach(async () => {
  lua = await ArenaVm.open()
  sent = []
  lua.vm.defineFunction('kaos.time_now', () => 1_700_000_000_000)
  lua.vm.defineFunction('kaos.array', (call) => call.value(1, 't'))
  lua.vm.defineFunction('kaos.room_send', (call) => {
    const data = call.typeName(3) === 'string' ? call.bytes(3, 'data') : call.value(3, 'data')
    const to = call.isNil(4) ? undefined : (call.value(4, 'presences') as { member: number }[])
    sent.push({
      op: call.integer(2, 'op'),
      data,
      to: to?.map(({ member }) => member),
      isReliable: call.count < 5 || call.boolean(5, 'reliable'),
    })
  })
  lua.run(`
    arena = require("arena")
    ctx = { room_id = "room", env = {}, skipped = 0 }
    function presence(member, username, metadata)
      return { member = member, session_id = "s" .. member, user_id = "u" .. member, username = username, metadata = metadata }
    end
    function start(params)
      init = arena.match_init(ctx, params)
      state = init.state
      return { tick_rate = init.tick_rate, max_players = init.max_players, label = init.label }
    end
    function tick(messages)
      state = arena.match_loop(ctx, state, 1, messages or {})
    end
    function count()
      return #state.world.players
    end
  `)
})

afterEach(() => lua.close())

function sentWith(op: number): Sent[] {
  return sent.filter((message) => message.op === op)
}

describe('the arena', () => {
  test('runs at 30 Hz with 50 seats', () => {
    expect(lua.run('return start({})')).toEqual({ tick_rate: 30, max_players: 50, label: 'arena' })
  })

  test.each<[string, string, number]>([
    ['the default', 'start({})', 6],
    ['what the environment says, as text', 'ctx.env.bots = "9"; start({})', 9],
    ['what the params say, before the environment', 'ctx.env.bots = "9"; start({ bots = 3 })', 3],
    ['none for 0', 'start({ bots = 0 })', 0],
    ['no more than seats', 'start({ bots = 500 })', 50],
    ['the default for nonsense', 'start({ bots = "many" })', 6],
  ])('the number of bots: %s', (_, code, bots) => {
    lua.run(code)
    expect(lua.run('return count()')).toBe(bots)
  })

  test('the same seed gives the same arena', () => {
    const places = `
      start({ seed = 8 })
      local p = state.world.players[1]
      return { p.name, p.x, p.y }
    `
    expect(lua.run(places)).toEqual(lua.run(places))
  })

  test('a newcomer alone is welcomed with the whole world', () => {
    lua.run(
      'start({ bots = 4 }); state = arena.match_join(ctx, state, { presence(7, "Ada", { hue = 200 }) })',
    )
    const welcomes = sentWith(ArenaOp.Welcome)
    expect(welcomes).toHaveLength(1)
    expect(welcomes[0]).toMatchObject({ to: [7], isReliable: true })
    const welcome = parseWelcome(welcomes[0]?.data)
    expect(welcome.players).toHaveLength(5)
    expect(welcome.players.find(({ slot }) => slot === welcome.you)).toMatchObject({
      name: 'Ada',
      hue: 200,
      score: 0,
    })
    expect(welcome.orbs.length).toBeGreaterThan(50)
    expect(welcome.rules.tickRateHz).toBe(30)
  })

  test('the others hear of a newcomer by an event', () => {
    lua.run('start({ bots = 0 }); arena.match_join(ctx, state, { presence(1, "Ada") }); tick()')
    sent.length = 0
    lua.run('arena.match_join(ctx, state, { presence(2, "Bob") }); tick()')
    const kinds = sentWith(ArenaOp.Events).flatMap(({ data }) => parseEvents(data).events)
    expect(kinds).toContainEqual(
      expect.objectContaining({ kind: 'enter', player: expect.objectContaining({ name: 'Bob' }) }),
    )
  })

  test('names and colours of newcomers are made fit', () => {
    lua.run(`
      start({ bots = 0 })
      arena.match_join(ctx, state, { presence(1, "  ", { hue = "red" }), presence(2, "Bob\\n", { hue = 900 }) })
    `)
    const { players } = parseWelcome(sentWith(ArenaOp.Welcome)[0]?.data)
    expect(players[0]?.name).toMatch(/^Guest \d+$/)
    expect(players[1]).toMatchObject({ name: 'Bob', hue: 359 })
  })

  test('each tick sends everybody one unreliable snapshot', () => {
    lua.run('start({ bots = 2 }); arena.match_join(ctx, state, { presence(1, "Ada") }); tick(); tick()')
    const snapshots = sentWith(ArenaOp.Snapshot)
    expect(snapshots).toHaveLength(2)
    expect(snapshots[1]).toMatchObject({ to: undefined, isReliable: false })
    const decoded = decodeSnapshot(snapshots[1]?.data as Uint8Array)
    expect(decoded.step).toBe(2)
    expect(decoded.players).toHaveLength(3)
  })

  test('skipped ticks are simulated, but not without end', () => {
    lua.run('start({ bots = 0 }); arena.match_join(ctx, state, { presence(1, "Ada") })')
    lua.run('ctx.skipped = 2; tick()')
    expect(lua.run('return state.world.step_count')).toBe(3)
    lua.run('ctx.skipped = 1000; tick()')
    expect(lua.run('return state.world.step_count')).toBe(9)
  })

  test('an arena without people stands still and is silent', () => {
    lua.run('start({}); tick(); tick()')
    expect(sent).toEqual([])
    expect(lua.run('return state.world.step_count')).toBe(0)
  })

  test('an input moves its sender', () => {
    lua.run(`
      start({ bots = 0 })
      ada = presence(1, "Ada")
      arena.match_join(ctx, state, { ada })
      local player = state.world.players[1]
      player.x, player.y = 300, 0
    `)
    const right = encodeInputs([{ angle: 0, strength: 127, dash: false, number: 1 }])
    lua.run(
      'local input = ...; tick({ { sender = ada, op = 1, data = input, reliable = false } }); for _ = 1, 10 do tick() end',
      right,
    )
    expect(lua.run('return state.world.players[1].x > 360')).toBe(true)
  })

  test('what is no input, or comes from nobody, changes nothing', () => {
    lua.run(`
      start({ bots = 0 })
      ada = presence(1, "Ada")
      arena.match_join(ctx, state, { ada })
      tick({
        { sender = ada, op = 1, data = { 1, 2 } },
        { sender = ada, op = 1, data = "" },
        { sender = ada, op = 9, data = "abcd" },
        { sender = presence(2, "Eve"), op = 1, data = "abcd" },
      })
    `)
    expect(lua.run('return state.world.players[1].inputs.current.strength')).toBe(0)
  })

  test('who leaves is gone for the others, and a bot takes the seat', () => {
    lua.run(`
      start({ bots = 50 })
      ada, bob = presence(1, "Ada"), presence(2, "Bob")
      arena.match_join(ctx, state, { ada, bob })
    `)
    expect(lua.run('return count()')).toBe(50)
    lua.run('tick()')
    sent.length = 0
    lua.run('arena.match_leave(ctx, state, { bob }); tick()')
    expect(lua.run('return { count(), state.humans }')).toEqual([50, 1])
    const { events } = parseEvents(sentWith(ArenaOp.Events)[0]?.data)
    expect(events).toContainEqual(expect.objectContaining({ kind: 'leave' }))
  })

  test('50 people fit in, and every bot yields', () => {
    lua.run(`
      start({ bots = 20 })
      local people = {}
      for member = 1, 50 do people[member] = presence(member, "P" .. member) end
      arena.match_join(ctx, state, people)
      tick()
    `)
    expect(lua.run('return count()')).toBe(50)
    expect(sentWith(ArenaOp.Welcome)).toHaveLength(50)
    expect(decodeSnapshot(sentWith(ArenaOp.Snapshot)[0]?.data as Uint8Array).players).toHaveLength(50)
  })
})
