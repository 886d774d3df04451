import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { createFixture, failure, runTask, type VmFixture } from '../testing/vm-fixture.ts'
import { BudgetMeter, type LuaBudget } from './budget.ts'
import { LuaResults } from './host-functions.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

describe('the meter', () => {
  const limits: LuaBudget = { instructions: 1000, wallMs: 1e9 }
  const meter = () => {
    const wasm = { words: new Int32Array(1) } as unknown as ConstructorParameters<typeof BudgetMeter>[0]
    const meter = new BudgetMeter(wasm, 0, fixture.clock)
    meter.begin(0, limits, undefined)
    return meter
  }

  test.each([Number.NaN, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])(
    'takes a charge of %s for everything there is',
    (amount) => {
      const tripped = meter()
      expect(tripped.maySpend(0, amount)).toBe(false)
      expect(tripped.tripped?.part).toBe('instructions')
    },
  )

  test('never has more left after a charge, whatever the amount', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { maxLength: 20 }), (amounts) => {
        const charged = meter()
        let left = charged.left(0)
        for (const amount of amounts) {
          charged.charge(0, amount)
          expect(charged.left(0)).toBeLessThanOrEqual(left)
          left = charged.left(0)
        }
      }),
      { seed: 7, numRuns: 300 },
    )
  })
})

describe('values that cross are charged by their size', () => {
  const used = (source: string): number => {
    const before = fixture.vm.usedInstructions
    fixture.run(source)
    return fixture.vm.usedInstructions - before
  }

  test('as arguments', () => {
    const { vm } = fixture
    vm.defineFunction('ignore', () => {})
    vm.defineFunction('value', (call) => void call.value(1))
    vm.defineFunction('text', (call) => void call.string(1))
    vm.defineFunction('bytes', (call) => void call.bytes(1))
    const cost = (name: string, argument: string) =>
      used(`${name}(${argument})`) - used(`ignore(${argument})`)
    fixture.run("text64000 = ('x'):rep(64000)")
    const text = 'text64000'
    expect([cost('text', text), cost('bytes', text), cost('value', text)]).toEqual([1000, 1000, 1000])
    expect([cost('text', "'short'"), cost('value', '1')]).toEqual([0, 0])
    expect(cost('value', '{1, 2, {3}}')).toBe(40)
  })

  test('as results, and where they fail to cross', () => {
    const { vm } = fixture
    vm.defineFunction('none', () => {})
    vm.defineFunction('give', () => new LuaResults([1, 2, 3], 'x'.repeat(640)))
    vm.defineFunction('value', (call) => void call.value(1))
    expect(used('give()') - used('none()')).toBe(40)
    const odd = 'local x = {1, 2, 3, print}'
    expect(used(`${odd} pcall(value, x)`) - used(`${odd} pcall(none, x)`)).toBe(40)
  })

  test('so that a budget ends a loop of them', () => {
    const { vm } = fixture
    let calls = 0
    vm.defineFunction('value', (call) => {
      calls++
      call.value(1)
    })
    const chunk = vm.load("local s = ('x'):rep(640000) while true do value(s) end", 'spin.lua')
    expect(failure(() => vm.call(chunk, [], { instructions: 100_000, wallMs: 1e9 })).budget).toBe(
      'instructions',
    )
    expect(calls).toBeLessThanOrEqual(10)
  })

  test('even where no instruction runs between two of them', () => {
    const { vm, clock } = fixture
    let calls = 0
    vm.defineFunction('less', () => {
      calls++
      clock.nowMs += 10
      return false
    })
    const chunk = vm.load('local t = {} for i = 1, 5000 do t[i] = i end table.sort(t, less)', 'sort.lua')
    expect(failure(() => vm.call(chunk, [], { instructions: 1e9, wallMs: 100 })).budget).toBe('time')
    expect(calls).toBeLessThanOrEqual(20)
  })
})

describe('a coroutine in which a task was given up', () => {
  const source = `
    closed = 0
    inner = coroutine.create(function()
      local x <close> = setmetatable({}, {__close = function() closed = closed + 1 end})
      while true do end
    end)
    outer = coroutine.create(function() coroutine.resume(inner) end)
    coroutine.resume(outer)`
  const look = `return {coroutine.status(inner), coroutine.status(outer), select(2, coroutine.resume(inner)),
    select(2, coroutine.resume(outer)), closed, {coroutine.close(inner)}, closed, (coroutine.close(outer))}`
  const dead = 'cannot resume dead coroutine'
  const expected = ['dead', 'dead', dead, dead, 0, [false, 'not enough memory'], 1, false]

  test('over its budget is as dead as after a call', () => {
    const budget: LuaBudget = { instructions: 5000, wallMs: 1e9 }
    expect(failure(() => runTask(fixture.vm, source, { budget })).budget).toBe('instructions')
    expect(fixture.run(look)).toEqual(expected)
  })

  test('by the host is dead', () => {
    const { vm } = fixture
    const task = vm.beginTask(vm.load(source, 'test.lua'))
    let isDone = task.run(0, { instructions: 1e6, wallMs: 1e9 }, 0)
    for (let slice = 0; slice < 100 && !isDone; slice++) isDone = task.resume(0)
    task.end()
    vm.collectGarbage()
    expect(fixture.run(look)).toEqual(expected)
  })
})

test('coroutines as deep as they go can be set aside at their bottom and go on', () => {
  const source = `
    local function deep(n)
      local co = coroutine.create(deep)
      local ok, depth = coroutine.resume(co, n + 1)
      if ok then return depth end
      for i = 1, 50 do end
      return n
    end
    return deep(1)`
  const depth = fixture.run(source)
  expect(depth).toBeGreaterThan(150)
  expect(runTask(fixture.vm, source).value).toBe(depth)
})
