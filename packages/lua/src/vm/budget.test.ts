import { beforeEach, describe, expect, test } from 'vitest'
import { AMPLE, createFixture, failure, type VmFixture } from '../testing/vm-fixture.ts'
import { type LuaBudget, SLICE_INSTRUCTIONS } from './budget.ts'

const SMALL: LuaBudget = { instructions: 100_000, wallMs: 1e9 }

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

const callWith = (budget: LuaBudget, source: string) => {
  const { vm } = fixture
  return vm.call(vm.load(source, 'test.lua'), [], budget)
}

describe('a script cannot get past its instructions', () => {
  test.each([
    ['a loop', 'while true do end'],
    ['a loop of gotos', '::a:: goto a'],
    ['endless recursion by tail calls', 'local function f() return f() end f()'],
    ['pcall', 'while true do pcall(function() while true do end end) end'],
    ['pcall in pcall', 'local function f() while true do pcall(f) end end f()'],
    [
      'xpcall with a looping handler',
      'xpcall(function() while true do end end, function() while true do end end)',
    ],
    [
      'xpcall whose handler calls xpcall',
      'local function h() xpcall(h, h) while true do end end xpcall(function() while true do end end, h) while true do end',
    ],
    ['error objects that loop', 'error(setmetatable({}, {__tostring = function() while true do end end}))'],
    ['a metamethod', 'local t = setmetatable({}, {__index = function() while true do end end}) return t.x'],
    ['comparison', 'table.sort({3, 2, 1}, function() while true do end end)'],
    ['a gsub callback', "('x'):gsub('x', function() while true do end end)"],
    ['a load reader', 'load(function() while true do end end)'],
    ['a tostring metamethod', 'print(setmetatable({}, {__tostring = function() while true do end end}))'],
    ['a close method', 'local x <close> = setmetatable({}, {__close = function() while true do end end})'],
    [
      'a close method after the budget',
      'local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end',
    ],
    [
      'many close methods',
      `local mt = {__close = function() while true do end end}
       local function f(n) local x <close> = setmetatable({}, mt) if n > 0 then f(n - 1) end while true do end end
       f(150)`,
    ],
    ['one coroutine', 'coroutine.wrap(function() while true do end end)()'],
    [
      'work spread over many coroutines',
      'while true do coroutine.wrap(function() for i = 1, 50 do end end)() end',
    ],
    [
      'work spread over coroutines within coroutines',
      `local function nest(n)
         for i = 1, 100 do coroutine.wrap(function() if n > 0 then nest(n - 1) end end)() end
       end
       nest(20)`,
    ],
    [
      'a coroutine that yields all the time',
      'local f = coroutine.wrap(function() while true do coroutine.yield() end end) while true do f() end',
    ],
    [
      'coroutines that catch',
      `while true do
         local co = coroutine.create(function() while true do pcall(function() while true do end end) end end)
         coroutine.resume(co)
       end`,
    ],
    [
      'closing a coroutine',
      `local co = coroutine.create(function()
         local x <close> = setmetatable({}, {__close = function() while true do end end})
         coroutine.yield()
       end)
       coroutine.resume(co) coroutine.close(co)`,
    ],
    [
      'the close method of a coroutine that the budget ended',
      `coroutine.wrap(function()
         local x <close> = setmetatable({}, {__close = function() while true do end end})
         while true do end
       end)()`,
    ],
    [
      'the same, closed by pcall',
      `local co = coroutine.create(function()
         local x <close> = setmetatable({}, {__close = function() while true do end end})
         while true do end
       end)
       pcall(pcall, coroutine.resume, co) pcall(coroutine.close, co)`,
    ],
    [
      'finding out and going on',
      'while true do local ok = pcall(function() while true do end end) if not ok then escaped = true end end',
    ],
    ['repeating nothing', "while true do (''):rep(1 << 50) end"],
    ['moving nothing', 'table.move({}, 1, 1 << 50, 2)'],
    ['inserting in the front', 'local t = {} while true do table.insert(t, 1, 0) end'],
    [
      'removing from the front',
      'local t = table.move({0}, 1, 1, 20000) while true do t[20000] = 0 table.remove(t, 1) end',
    ],
    ['sorting', 'local t = {} for i = 1, 9000 do t[i] = i end while true do table.sort(t) end'],
    ['compiling', "local text = ('x = 1 '):rep(10000) while true do load(text) end"],
    ['collecting text', "while true do local s = ('x'):rep(100000) end"],
    ['formatting dates', "os.date(('%c'):rep(100000))"],
    ['requiring', "pcall(require, 'loops') while true do end"],
  ])('by %s', (_, source) => {
    fixture.modules.set('loops', 'while true do pcall(require, "loops") end')
    const before = fixture.vm.usedInstructions
    const error = failure(() => callWith(SMALL, source))
    expect(error.kind).toBe('budget')
    expect(error.message).toContain('the budget of 100000 instructions is used up')
    expect(fixture.vm.usedInstructions - before).toBeLessThanOrEqual(SMALL.instructions)
    expect(fixture.run('return escaped')).toBe(undefined)
    expect(fixture.run('local n = 0 for i = 1, 1000 do n = n + i end return n')).toBe(500_500)
  })

  test('and is told where it was', () => {
    const error = failure(() => callWith(SMALL, 'local function spin()\n while true do end\nend\nspin()'))
    expect(error.message).toBe('test.lua:2: the budget of 100000 instructions is used up')
    expect(error.traceback).toContain("test.lua:2: in local 'spin'")
    expect(error.traceback).toContain('test.lua:4: in main chunk')
  })

  test('even if it returns before another instruction runs', () => {
    const error = failure(() => callWith(SMALL, 'return pcall(function() while true do end end)'))
    expect(error.kind).toBe('budget')
  })

  test('a budget ends a call after exactly so many instructions', () => {
    const { vm } = fixture
    const count = vm.load('local n = 0 while true do n = n + 1 reached = n end', 'test.lua')
    const reached = (instructions: number) => {
      expect(failure(() => vm.call(count, [], { instructions, wallMs: 1e9 })).kind).toBe('budget')
      return Number(fixture.run('return reached'))
    }
    const perRound = 3
    expect(reached(10 + perRound * SLICE_INSTRUCTIONS) - reached(10)).toBe(SLICE_INSTRUCTIONS)
    expect(failure(() => vm.call(count, [], { instructions: 0, wallMs: 1e9 })).kind).toBe('budget')
  })

  test('equal calls use equally many instructions', () => {
    const { vm } = fixture
    const chunk = vm.load('for i = 1, 1000 do coroutine.wrap(function() return i end)() end', 'test.lua')
    const used = () => {
      const before = vm.usedInstructions
      vm.call(chunk, [], AMPLE)
      return vm.usedInstructions - before
    }
    const first = used()
    expect(first).toBeGreaterThan(5000)
    expect(used()).toBe(first)
  })
})

describe('a script cannot get past its time', () => {
  test.each([
    ['a loop', 'while true do end'],
    ['pcall', 'while true do pcall(function() while true do end end) end'],
    ['coroutines', 'while true do coroutine.wrap(function() for i = 1, 50 do end end)() end'],
    ['host functions', 'while true do slow() end'],
    ['the compiler', "load(('f = function() end '):rep(50000))"],
  ])('by %s', (_, source) => {
    const { vm, clock } = fixture
    vm.defineFunction('slow', () => {
      clock.nowMs += 1
    })
    clock.stepMs = 1
    const error = failure(() => callWith({ instructions: 1e9, wallMs: 50 }, source))
    expect(error.kind).toBe('budget')
    expect(error.message).toContain('the budget of 50 ms is used up')
    expect(clock.nowMs).toBeLessThan(80)
  })
})

describe('a call within a call', () => {
  test('is charged to the outer one', () => {
    const { vm } = fixture
    const spin = vm.load('for i = 1, 1000 do end', 'spin.lua')
    vm.defineFunction('spin', () => {
      vm.call(spin, [], AMPLE)
    })
    expect(failure(() => callWith(SMALL, 'while true do spin() rounds = (rounds or 0) + 1 end')).kind).toBe(
      'budget',
    )
    expect(Number(fixture.run('return rounds'))).toBeLessThan(100)
  })

  test('gets no more time than the outer one has left', () => {
    const { vm, clock } = fixture
    const spin = vm.load('while true do end', 'spin.lua')
    vm.defineFunction('spin', () => {
      vm.call(spin, [], { instructions: 1e9, wallMs: 1e9 })
    })
    clock.stepMs = 1
    expect(failure(() => callWith({ instructions: 1e9, wallMs: 20 }, 'spin()')).kind).toBe('budget')
    expect(clock.nowMs).toBeLessThan(40)
  })

  test('that uses up its own budget fails alone', () => {
    const { vm } = fixture
    const spin = vm.load('while true do end', 'spin.lua')
    vm.defineFunction('spin', () => {
      vm.call(spin, [], { instructions: 1000, wallMs: 1e9 })
    })
    expect(fixture.run('local ok, why = pcall(function() spin() end) return why')).toMatch(
      /^test\.lua:1: spin\.lua:1: the budget of 1000 instructions is used up$/,
    )
  })

  test('in another VM has its own budget, and the outer one pays too', () => {
    const { vm } = fixture
    const other = fixture.createVm({ name: 'other' })
    const spin = other.load('for i = 1, 1000 do end', 'spin.lua')
    vm.defineFunction('spin', () => {
      other.call(spin, [], SMALL)
    })
    expect(failure(() => callWith(SMALL, 'while true do spin() rounds = (rounds or 0) + 1 end')).kind).toBe(
      'budget',
    )
    expect(Number(fixture.run('return rounds'))).toBeLessThan(100)
    expect(other.usedInstructions).toBeGreaterThan(90_000)
  })
})
