import { describe, expect, it } from 'vitest'
import type { MatchHandler } from '../room/match-handler.ts'
import { type LuaWorld, luaWorld } from '../testing/lua-world.ts'
import { handedOver, member, tick, value } from '../testing/match-world.ts'
import { ROOM_ID, type Sources } from '../testing/module-world.ts'

/** A match module; `extra` may replace its functions and add others. */
const game = (extra: string): Sources => ({
  'arena.lua': `
local M = {}
function M.match_init(ctx, params) return { state = { sum = 0, seen = {} } } end
function M.match_join(ctx, state, presences) return state end
function M.match_leave(ctx, state, presences) return state end
function M.match_loop(ctx, state, tick, messages) return state end
function M.match_terminate(ctx, state, grace) return nil end
function M.match_signal(ctx, state, data) return state, state end
${extra}
return M`,
})

async function match(world: LuaWorld, extra: string, version: string): Promise<MatchHandler> {
  const scripts = await world.load(game(extra), version)
  return scripts.createMatch(ROOM_ID, 'arena', () => {})
}

/** A room of the first version that has begun, and a handler of the second. */
async function twoVersions(first: string, second: string) {
  const world = luaWorld()
  const old = await match(world, first, 'v1')
  await old.init({ map: 'harbour' })
  return { world, old, fresh: await match(world, second, 'v2') }
}

describe('exportState', () => {
  it('copies the state as plain data', async () => {
    const { old } = await twoVersions(
      `function M.match_init()
        return { state = { deep = { list = { 1, 2, 3 }, text = 'x', on = true }, none = kaos.null } }
      end`,
      '',
    )
    const { state, presences } = old.exportState()
    expect(state).toEqual({ deep: { list: [1, 2, 3], text: 'x', on: true }, none: null })
    expect(presences).toBeUndefined()
    ;(state as { deep: { text: string } }).deep.text = 'changed'
    expect(old.signal(null)).toMatchObject({ deep: { text: 'x' } })
  })

  it('of a room without a state is undefined', async () => {
    const { old } = await twoVersions('function M.match_init() return {} end', '')
    expect(old.exportState()).toEqual({ state: undefined, presences: undefined })
  })

  it.each([
    ['a function', 'players = { { act = print } }', 'players[1].act: a function cannot leave Lua'],
    ['a coroutine', 'co = coroutine.create(print)', 'co: a coroutine cannot leave Lua'],
    ['a list with a hole', 'list = { [1] = 1, [3] = 3 }', /list.*(hole|array)/],
  ])('names the path to %s, and the room goes on', async (_what, field, message) => {
    const { old } = await twoVersions(
      `function M.match_init() return { state = { ${field} } } end
      function M.match_signal(ctx, state) return state, 'alive' end`,
      '',
    )
    expect(() => old.exportState()).toThrow(message)
    expect(old.loop(tick(1), [])).toBe(true)
    expect(old.signal(null)).toBe('alive')
  })
})

describe('upgrade', () => {
  it('is known by whether the module has match_upgrade', async () => {
    const { old, fresh } = await twoVersions('', 'function M.match_upgrade(ctx, state) return state end')
    expect([old.canUpgrade, fresh.canUpgrade]).toEqual([false, true])
    expect(() => old.upgrade(handedOver(fresh))).toThrow('the match module "arena" has no match_upgrade')
  })

  it('gives the new module the state, the version it comes from, and the room as it is', async () => {
    const { old, fresh, world } = await twoVersions(
      `function M.match_loop(ctx, state) state.sum = state.sum + 1 return state end`,
      `function M.match_upgrade(ctx, state, from)
        return {
          total = state.sum, from = from, version = ctx.version, label = ctx.label, rate = ctx.tick_rate,
          map = ctx.params.map, room = ctx.room_id, module = ctx.module, time = ctx.time,
        }
      end
      function M.match_loop(ctx, state) state.total = state.total + 10 return state end`,
    )
    old.loop(tick(1), [])
    old.loop(tick(2), [])
    const room = { params: { map: 'harbour' }, label: 'round 2', tickHz: 30, tick: 2 }
    fresh.upgrade(handedOver(old, room))
    old.close()
    fresh.loop(tick(3), [])
    expect(fresh.signal(null)).toEqual({
      total: 12,
      from: 'v1',
      version: 'v2',
      label: 'round 2',
      rate: 30,
      map: 'harbour',
      room: ROOM_ID,
      module: 'arena',
      time: world.clock.unixMs(),
    })
    expect([old.version, fresh.version]).toEqual(['v1', 'v2'])
  })

  it('copies the state: what the new version changes, the old one never sees', async () => {
    const { old, fresh } = await twoVersions(
      '',
      `function M.match_upgrade(ctx, state) state.sum = 99 error('too old', 0) end`,
    )
    expect(() => fresh.upgrade(handedOver(old))).toThrow('too old')
    fresh.close()
    expect(old.loop(tick(1), [])).toBe(true)
    expect(old.signal(null)).toMatchObject({ sum: 0 })
  })

  it('keeps the state when match_upgrade returns nil', async () => {
    const { old, fresh } = await twoVersions(
      `function M.match_init() return { state = { sum = 7 } } end`,
      `function M.match_upgrade(ctx, state) state.sum = state.sum + 1 end`,
    )
    fresh.upgrade(handedOver(old))
    expect(fresh.signal(null)).toEqual({ sum: 8 })
  })

  it('begins a state where there was none', async () => {
    const { old, fresh } = await twoVersions(
      `function M.match_init() return {} end`,
      `function M.match_upgrade(ctx, state) return { was = type(state) } end`,
    )
    fresh.upgrade(handedOver(old))
    expect(fresh.signal(null)).toEqual({ was: 'nil' })
  })

  it('makes the presences anew: members send, and leave, as they did', async () => {
    const record = `
      function M.match_loop(ctx, state, tick, messages)
        for _, m in ipairs(messages) do
          table.insert(state.seen, m.sender.username .. ' of ' .. m.sender.metadata.team .. ' sent ' .. m.data)
        end
        return state
      end
      function M.match_leave(ctx, state, presences)
        for _, p in ipairs(presences) do table.insert(state.seen, p.session_id .. ' ' .. p.reason) end
        return state
      end`
    const { old, fresh } = await twoVersions(
      record,
      `${record}
      function M.match_upgrade(ctx, state) return state end`,
    )
    const members = [member(1, { team: 'red' }), member(2, { team: 'blue' })]
    for (const one of members) old.join(one)
    old.loop(tick(1), [value(1, 1, 'before')])
    fresh.upgrade(handedOver(old, { members }))
    fresh.loop(tick(2), [value(2, 1, 'after'), value(3, 1, 'nobody')])
    fresh.leave({ member: 1, reason: 'left' })
    fresh.loop(tick(3), [value(1, 1, 'gone')])
    expect(fresh.signal(null)).toMatchObject({
      seen: ['player 1 of red sent before', 'player 2 of blue sent after', '0000000000000001 left'],
    })
  })

  it('takes over from another language when its state is plain data, and says where it is not', async () => {
    const { old, fresh } = await twoVersions('', 'function M.match_upgrade(ctx, state) return state end')
    expect(() => fresh.upgrade(handedOver(old, { state: { players: [{ scores: new Map() }] } }))).toThrow(
      'players[0].scores: a Map cannot enter Lua, only plain objects and arrays',
    )
    const again = { state: { players: [{ name: 'Ada' }] } }
    fresh.upgrade(handedOver(old, again))
    expect(fresh.signal(null)).toEqual(again.state)
  })

  it('has the budget of match_init', async () => {
    const world = luaWorld({ scripts: { initInstructions: 20_000 } })
    const old = await match(world, '', 'v1')
    await old.init({})
    const fresh = await match(world, 'function M.match_upgrade() while true do end end', 'v2')
    expect(() => fresh.upgrade(handedOver(old))).toThrow('the budget of 20000 instructions is used up')
  })
})
