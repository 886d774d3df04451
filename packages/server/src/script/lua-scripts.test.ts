import { describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { HookName, ScriptOutcome } from '../room/room-host.ts'
import { caller, type LuaWorld, luaWorld, rpcCall } from '../testing/lua-world.ts'
import { ROOM_ID } from '../testing/module-world.ts'
import type { LoadedScripts } from './loaded-scripts.ts'

/**
 * `work` goes on for as many slices of a millisecond as it is told. Each signal it sends moves the clock by one, and the
 * turns of the loop after it let Lua look at the clock.
 */
const WORK = `
function step(text)
  kaos.room_signal('${ROOM_ID}', text)
  for i = 1, 400 do end
end
kaos.register_rpc('work', function(ctx, payload)
  for n = 1, payload.slices do step(payload.name .. n) end
  return payload.name .. ' is done'
end)
`

interface CallWorld extends LuaWorld {
  readonly scripts: LoadedScripts
  /** What \`work\` has signalled, e.g. `a1`, and what the test adds. */
  readonly story: string[]
}

async function callWorld(source = '', scriptsConfig: ServerConfigInput['scripts'] = {}): Promise<CallWorld> {
  const world = luaWorld({ scripts: { callSliceMs: 1, ...scriptsConfig } })
  const story: string[] = []
  world.services.onSignal = (_id, text) => {
    story.push(String(text))
    world.clock.stall(1)
  }
  return { ...world, story, scripts: await world.load({ 'main.lua': WORK + source }) }
}

const work = (name: string, slices: number) => rpcCall('work', { name, slices })
const hook = (kind: 'before' | 'after', name: HookName, message: unknown) =>
  ({ kind, name, caller, message }) as const
const done = (name: string): ScriptOutcome => ({ kind: 'value', value: `${name} is done` })

describe('RPCs in slices', () => {
  it('one that ends in its first slice has been run at once', async () => {
    const { scripts, story, clock } = await callWorld('', { callSliceMs: 2 })
    const outcome = scripts.invoke(work('a', 1))
    expect(story).toEqual(['a1'])
    expect(scripts.usage().busyVms).toBe(0)
    expect(await outcome).toEqual(done('a'))
    expect(clock.pendingTimers).toBe(0)
  })

  it('run side by side, each in a state of its own, a slice in all for each turn', async () => {
    const { scripts, story, clock } = await callWorld()
    const outcomes = [work('a', 4), work('b', 2), work('c', 3)].map((call) => scripts.invoke(call))
    expect(story).toEqual(['a1'])
    expect(scripts.usage()).toMatchObject({ vms: 3, busyVms: 3, queued: 0 })
    clock.turn()
    expect(story).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'c2', 'a4', 'c3'])
    expect(await Promise.all(outcomes)).toEqual([done('a'), done('b'), done('c')])
    expect(scripts.usage()).toMatchObject({ vms: 3, busyVms: 0, queued: 0 })
  })

  it('give the rest of the host a turn after each slice', async () => {
    const { scripts, story, services, clock } = await callWorld()
    const noted = services.onSignal
    services.onSignal = (id, text) => {
      clock.defer(() => story.push('tick'))
      return noted(id, text)
    }
    const outcome = scripts.invoke(work('a', 3))
    clock.turn()
    expect(story).toEqual(['a1', 'tick', 'a2', 'tick', 'a3', 'tick'])
    expect(await outcome).toEqual(done('a'))
  })

  it('a short one passes a long one', async () => {
    const { scripts, clock } = await callWorld(`kaos.register_rpc('now', function() return 'now' end)`)
    const settledFirst: unknown[] = []
    void scripts.invoke(work('a', 1_000)).then((outcome) => settledFirst.push(outcome))
    const now = scripts.invoke(rpcCall('now'))
    clock.turnOnce()
    clock.turnOnce()
    expect(await now).toEqual({ kind: 'value', value: 'now' })
    expect(settledFirst).toEqual([])
  })

  it('wait in order when all states are busy, and are refused beyond the bound', async () => {
    const { scripts, story, clock, stats, log } = await callWorld('', { callVmsMax: 2, callQueue: 2 })
    const outcomes = ['a', 'b', 'c', 'd'].map((name) => scripts.invoke(work(name, 2)))
    expect(scripts.usage()).toMatchObject({ vms: 2, busyVms: 2, queued: 2 })
    expect(await scripts.invoke(work('e', 2))).toEqual({
      kind: 'failed',
      error: 'too many RPCs and hooks wait to be run',
      code: 'TOO_MANY_REQUESTS',
    })
    clock.turn()
    expect(await Promise.all(outcomes)).toEqual(['a', 'b', 'c', 'd'].map(done))
    expect(story.filter((line) => line.endsWith('1'))).toEqual(['a1', 'b1', 'c1', 'd1'])
    expect(scripts.usage()).toMatchObject({ vms: 2, busyVms: 0, queued: 0 })
    expect(stats.budgetKills).toEqual({})
    expect([stats.scriptErrors, log.entries]).toEqual([{}, []])
  })

  it('states beyond the least number are closed after a time without work', async () => {
    const { scripts, clock } = await callWorld()
    const outcomes = ['a', 'b', 'c'].map((name) => scripts.invoke(work(name, 2)))
    clock.turn()
    await Promise.all(outcomes)
    expect(scripts.usage().vms).toBe(3)
    clock.advance(60_000)
    expect(scripts.usage().vms).toBe(1)
    expect(await scripts.invoke(work('d', 0))).toEqual(done('d'))
  })

  it('go on through a reload, in the version they began in', async () => {
    const { scripts, clock, load } = await callWorld()
    const outcome = scripts.invoke(work('a', 3))
    const waiting = scripts.invoke(work('b', 2))
    const next = await load({ 'main.lua': `kaos.register_rpc('work', function() return 'new' end)` }, 'v2')
    scripts.retire()
    expect(await next.invoke(work('c', 1))).toEqual({ kind: 'value', value: 'new' })
    clock.turn()
    expect(await outcome).toEqual(done('a'))
    expect(await waiting).toEqual(done('b'))
  })
})

describe('budgets', () => {
  it('instructions are counted over all slices', async () => {
    const { scripts, clock, stats, story, log } = await callWorld('', { rpcInstructions: 5_000 })
    const outcome = scripts.invoke(work('a', 100))
    expect(scripts.usage().busyVms).toBe(1)
    clock.turn()
    expect(story.length).toBeGreaterThan(3)
    expect(story.length).toBeLessThan(20)
    expect(await outcome).toMatchObject({
      kind: 'failed',
      error: expect.stringContaining('the budget of 5000 instructions is used up'),
      code: 'SCRIPT_BUDGET_EXCEEDED',
    })
    expect(stats.budgetKills).toEqual({ 'rpc instructions': 1 })
    expect(stats.scriptErrors).toEqual({ rpc: 1 })
    expect(log.messages('error')).toEqual(['script error'])
    expect(log.entries[0]?.fields).toEqual({
      rpc: 'work',
      callback: 'rpc',
      error: expect.stringContaining('5000 instructions'),
      traceback: expect.stringContaining('main.lua'),
    })
  })

  it('time counts while a call runs, not while it is set aside', async () => {
    const { scripts, clock, stats, story } = await callWorld('', { rpcBudgetMs: 10 })
    const outcome = scripts.invoke(work('a', 100))
    clock.stall(60_000)
    clock.turn()
    expect(story).toHaveLength(10)
    expect(await outcome).toMatchObject({
      kind: 'failed',
      error: expect.stringContaining('the budget of 10 ms is used up'),
      code: 'SCRIPT_BUDGET_EXCEEDED',
    })
    expect(stats.budgetKills).toEqual({ 'rpc time': 1 })
  })

  it('memory is that of one state', async () => {
    const { scripts, stats, story, clock } = await callWorld(
      `kaos.register_rpc('bomb', function()
        step('first')
        local all = {}
        while true do all[#all + 1] = string.rep('x', 10000) .. #all end
      end)`,
      { memoryBytes: 1_048_576, callVmsMin: 2 },
    )
    const outcome = scripts.invoke(rpcCall('bomb'))
    const other = scripts.invoke(work('a', 3))
    clock.turn()
    expect(story).toEqual(['first', 'a1', 'a2', 'a3'])
    expect(await outcome).toMatchObject({ kind: 'failed', code: 'SCRIPT_BUDGET_EXCEEDED' })
    expect(await other).toEqual(done('a'))
    expect(stats.budgetKills).toEqual({ 'rpc memory': 1 })
  })

  it('hooks have their own', async () => {
    const { scripts, clock, stats } = await callWorld(
      `kaos.register_before('room_join', function(ctx, message) while true do step('hook') end end)`,
      { hookBudgetMs: 5 },
    )
    const outcome = scripts.invoke(hook('before', 'room_join', { room_id: 'r' }))
    clock.turn()
    expect(await outcome).toMatchObject({ kind: 'failed', code: 'SCRIPT_BUDGET_EXCEEDED' })
    expect(stats.budgetKills).toEqual({ 'hook time': 1 })
    expect(stats.scriptErrors).toEqual({ before: 1 })
  })

  it.each([
    ['instructions', { rpcInstructions: 20_000 }],
    ['time', { rpcBudgetMs: 5 }],
    ['memory', { memoryBytes: 1_048_576 }],
  ])('a call that is over its %s leaves its state usable', async (cause, limits) => {
    const { scripts, clock, stats } = await callWorld(
      `local calls = 0
      kaos.register_rpc('spend', function(ctx, cause)
        calls = calls + 1
        local all = {}
        while true do
          if cause == 'time' then step('more') end
          if cause == 'memory' then all[#all + 1] = string.rep('x', 10000) .. #all end
        end
      end)
      kaos.register_rpc('calls', function() return calls end)`,
      { callVmsMax: 1, ...limits },
    )
    for (let round = 1; round <= 3; round++) {
      const outcome = scripts.invoke(rpcCall('spend', cause))
      clock.turn()
      expect(await outcome).toMatchObject({ code: 'SCRIPT_BUDGET_EXCEEDED' })
      const calls = scripts.invoke(rpcCall('calls'))
      clock.turn()
      expect(await calls).toEqual({ kind: 'value', value: round })
    }
    expect(stats.budgetKills).toEqual({ [`rpc ${cause}`]: 3 })
    expect(scripts.usage()).toMatchObject({ vms: 1, busyVms: 0 })
  })

  it('an error that is over no budget counts as an error alone', async () => {
    const { scripts, stats } = await callWorld(`kaos.register_rpc('buy', function() error('no gold', 0) end)`)
    expect(await scripts.invoke(rpcCall('buy'))).toMatchObject({ error: 'no gold', code: 'RPC_FAILED' })
    expect(stats.scriptErrors).toEqual({ rpc: 1 })
    expect(stats.budgetKills).toEqual({})
  })
})

describe('arguments and results', () => {
  it('hooks answer with the message, nothing with a reason, or nothing', async () => {
    const { scripts } = await callWorld(
      `kaos.register_before('room_join', function(ctx, message)
        if message.deny then return nil, message.deny end
        if message.drop then return nil end
        message.by = ctx.username
        return message
      end)
      kaos.register_after('room_join', function() return 'ignored' end)`,
    )
    const join = (message: unknown) => scripts.invoke(hook('before', 'room_join', message))
    expect(await join({ room_id: 'r' })).toEqual({ kind: 'value', value: { room_id: 'r', by: 'Ada' } })
    expect(await join({ deny: 'banned' })).toEqual({ kind: 'rejected', reason: 'banned' })
    expect(await join({ drop: true })).toEqual({ kind: 'rejected', reason: undefined })
    expect(await scripts.invoke(hook('after', 'room_join', {}))).toEqual({ kind: 'value', value: undefined })
    expect(scripts.before).toEqual(new Set(['room_join']))
    expect(scripts.after).toEqual(new Set(['room_join']))
  })

  it.each<[string, string, unknown, string]>([
    ['a result that cannot leave Lua', 'return { a = { print } }', null, 'a[1]: a function cannot leave Lua'],
    ['an argument that cannot enter it', 'return 1', { deep: new Map() }, 'deep: a Map cannot enter Lua'],
  ])('%s is an error of the call, and the state goes on', async (_what, body, payload, message) => {
    const { scripts } = await callWorld(
      `kaos.register_rpc('odd', function() ${body} end)
      kaos.register_rpc('sane', function() return 'sane' end)`,
      { callVmsMax: 1 },
    )
    expect(await scripts.invoke(rpcCall('odd', payload))).toMatchObject({
      kind: 'failed',
      error: expect.stringContaining(message),
      code: 'RPC_FAILED',
    })
    expect(await scripts.invoke(rpcCall('sane'))).toEqual({ kind: 'value', value: 'sane' })
  })

  it('what is not registered is an error', async () => {
    const { scripts } = await callWorld()
    expect(await scripts.invoke(rpcCall('none'))).toMatchObject({ error: 'no rpc "none" is registered' })
    expect(await scripts.invoke(work('a', 0))).toEqual(done('a'))
  })
})

describe('what ends', () => {
  it('retired scripts close their states', async () => {
    const { scripts } = await callWorld('', { callVmsMin: 3 })
    expect(scripts.usage()).toMatchObject({ vms: 3, busyVms: 0 })
    expect(scripts.usage().memoryBytes).toBeGreaterThan(0)
    scripts.retire()
    expect(scripts.usage()).toEqual({ vms: 0, busyVms: 0, queued: 0, memoryBytes: 0 })
  })

  it('those under way are closed when their call has ended', async () => {
    const { scripts, clock } = await callWorld('', { callVmsMax: 1 })
    const outcomes = [scripts.invoke(work('a', 2)), scripts.invoke(work('b', 2))]
    scripts.retire()
    expect(scripts.usage()).toMatchObject({ vms: 1, busyVms: 1, queued: 1 })
    clock.turn()
    expect(await Promise.all(outcomes)).toEqual([done('a'), done('b')])
    expect(scripts.usage()).toEqual({ vms: 0, busyVms: 0, queued: 0, memoryBytes: 0 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('no state is left over, whichever call ends first', async () => {
    const { scripts, clock } = await callWorld('', { callVmsMax: 2 })
    const outcomes = [2, 2, 0, 0].map((slices) => scripts.invoke(work('a', slices)))
    scripts.retire()
    clock.turn()
    await Promise.all(outcomes)
    expect(scripts.usage()).toEqual({ vms: 0, busyVms: 0, queued: 0, memoryBytes: 0 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('without an entry script no more than one state is made', async () => {
    const world = luaWorld({ scripts: { callVmsMin: 4 } })
    expect((await world.load({ 'arena.lua': 'return {}' })).usage().vms).toBe(1)
  })

  it('an entry script that fails leaves nothing behind, and the version before it runs on', async () => {
    const { scripts, load } = await callWorld()
    await expect(load({ 'main.lua': 'local x = 1\nerror("no map")' }, 'v2')).rejects.toThrow(
      'main.lua:2: no map',
    )
    expect(await scripts.invoke(work('a', 0))).toEqual(done('a'))
  })

  it('closing the language with calls under way ends them with an error', async () => {
    const { scripts, language, clock } = await callWorld()
    const outcome = scripts.invoke(work('a', 5))
    scripts.retire()
    language.close()
    clock.turn()
    expect(await outcome).toMatchObject({ kind: 'failed', code: 'RPC_FAILED' })
  })
})
