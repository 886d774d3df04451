import { beforeEach, describe, expect, test } from 'vitest'
import type { LuaError } from '../errors.ts'
import { AMPLE, createFixture, failure, run, runTask, type VmFixture } from '../testing/vm-fixture.ts'
import type { LuaBudget } from './budget.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

const details = ({ kind, message, traceback, value, budget }: LuaError) => ({
  kind,
  message: message.replaceAll(/0x[0-9a-f]+/g, '0x'),
  // A coroutine's stack grows from another size, and a level of C calls is taken already.
  traceback: traceback.replaceAll(/skipping \d+ levels/g, 'skipping levels'),
  value,
  budget,
})

describe('a task fails as a call does, with the same message, value and traceback', () => {
  test.each([
    ['an error', "local function f() error('x') end local function g() f() return 1 end g()"],
    ['an error at once', "error('x')"],
    ['a Lua error', 'local t = nil return t.x'],
    ['an error without position', "error('x', 0)"],
    ['an error object', "error({code = 7, text = 'full'})"],
    ['an error object that speaks', "error(setmetatable({}, {__tostring = function() return 'spoken' end}))"],
    ['one that fails to', "error(setmetatable({}, {__tostring = function() error('no') end}))"],
    ['one that loops', 'error(setmetatable({}, {__tostring = function() while true do end end}))'],
    ['nil', 'error(nil)'],
    [
      'an error in a close method',
      "local x <close> = setmetatable({}, {__close = function() error('late') end})",
    ],
    [
      'an error in a close method after an error',
      "local x <close> = setmetatable({}, {__close = function(_, e) error('late ' .. e, 0) end}) error('early', 0)",
    ],
    [
      'an error in a coroutine',
      "coroutine.wrap(function() coroutine.wrap(function() error('deep') end)() end)()",
    ],
    ['an error in a sort', "table.sort({3, 2, 1}, function() error('odd') end)"],
    ['an error of a host function', 'local x = refuse() return x'],
    ['an error through pcall', "local ok, e = pcall(error, 'x') error(e)"],
    ['a handler that fails', "error(select(2, xpcall(error, function() error('again') end)))"],
    ['endless recursion', 'local function f() return 1 + f() end return f()'],
    ['endless C recursion', "local function f() return (('a'):gsub('a', f)) end f()"],
    ['a module that does not compile', "require('broken')"],
    ['a module that fails', "require('failing')"],
    ['yield at its top level', 'coroutine.yield(1)'],
    ['too much memory', "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end"],
    ['memory in one piece', "local s = ('x'):rep(1 << 30)"],
    ['the memory error of the script itself', "error('not enough memory', 0)"],
    ['too many instructions', 'local function f() while true do end end f()'],
    ['too many instructions, caught', 'while true do pcall(function() while true do end end) end'],
    ['too many in a coroutine', 'coroutine.wrap(function() while true do end end)()'],
    ['too many in a sort', 'table.sort({3, 2, 1}, function() while true do end end)'],
    ['too many in one C function', "(('a'):rep(100000)):find('.-.-.-b')"],
  ])('%s', (_, source) => {
    const budget: LuaBudget = { instructions: 600_000, wallMs: 1e9 }
    fixture.modules.set('broken', 'x = = 1')
    fixture.modules.set('failing', "error('at load')")
    const vms = [fixture.vm, fixture.createVm(), fixture.createVm()] as const
    for (const vm of vms) {
      vm.defineFunction('refuse', () => {
        throw new Error('refused')
      })
    }
    const expected = details(failure(() => vms[0].call(vms[0].load(source, 'test.lua'), [], budget)))
    expect(details(failure(() => runTask(vms[1], source, { budget, sliceMs: 1e9 })))).toEqual(expected)
    expect(details(failure(() => runTask(vms[2], source, { budget })))).toEqual(expected)
    for (const vm of vms) {
      expect(vm.isBusy).toBe(false)
      expect(run(vm, 'local n = 0 for i = 1, 1000 do n = n + i end return n')).toBe(500_500)
      expect(runTask(vm, 'return 1').value).toBe(1)
    }
  })
})

test('close methods run when a task fails, and may be set aside too', () => {
  const source = `
    log = {}
    local function make(name)
      return setmetatable({}, {__close = function() for i = 1, 50 do end log[#log + 1] = name end})
    end
    local a <close> = make('a')
    pcall(function() local b <close> = make('b') error('inner') end)
    local c <close> = make('c')
    error('outer')`
  expect(failure(() => runTask(fixture.vm, source)).message).toBe('test.lua:9: outer')
  expect(fixture.run('return log')).toEqual(['b', 'c', 'a'])
})

describe('the budget of a task', () => {
  const small: LuaBudget = { instructions: 10_000, wallMs: 1e9 }

  test('in instructions holds over all its slices', () => {
    let slices = 0
    const error = failure(() =>
      runTask(fixture.vm, 'while true do end', { budget: small, between: () => slices++ }),
    )
    expect(error).toMatchObject({
      kind: 'budget',
      budget: 'instructions',
      message: 'test.lua:1: the budget of 10000 instructions is used up',
    })
    expect(slices).toBe(9_999)
    expect(fixture.vm.usedInstructions).toBe(9_999)
  })

  test.each([
    ['pcall', 'while true do pcall(function() while true do end end) end'],
    ['pcall within pcall', 'local function f() while true do pcall(f) end end f()'],
    ['a looping handler', 'xpcall(function() while true do end end, function() while true do end end)'],
    ['coroutines', 'while true do coroutine.wrap(function() for i = 1, 50 do end end)() end'],
    [
      'coroutines that catch',
      'while true do coroutine.resume(coroutine.create(function() while true do end end)) end',
    ],
    [
      'close methods',
      `local mt = {__close = function() while true do end end}
       local function f(n) local x <close> = setmetatable({}, mt) if n > 0 then f(n - 1) end while true do end end
       f(50)`,
    ],
    [
      'finding out',
      'while true do if not pcall(function() while true do end end) then escaped = true end end',
    ],
  ])('cannot be escaped by %s', (_, source) => {
    for (const sliceMs of [0, 1e9]) {
      const before = fixture.vm.usedInstructions
      const error = failure(() => runTask(fixture.vm, source, { budget: small, sliceMs }))
      expect(error.kind).toBe('budget')
      expect(fixture.vm.usedInstructions - before).toBeLessThanOrEqual(small.instructions)
      expect(fixture.run('return escaped')).toBe(undefined)
    }
  })

  test('ends it where it is, however deep, and runs nothing more of it', () => {
    const source = `
      depth = 0
      local function f()
        depth = depth + 1
        local x <close> = setmetatable({}, {__close = print})
        pcall(f)
      end
      f()`
    expect(failure(() => runTask(fixture.vm, source, { budget: small })).budget).toBe('instructions')
    expect(fixture.run('return depth')).toBeGreaterThan(300)
    expect(fixture.printed).toEqual([])
  })

  test('in time counts while it runs', () => {
    const { clock, vm } = fixture
    clock.stepMs = 1
    let slices = 0
    const budget: LuaBudget = { instructions: 1e9, wallMs: 100 }
    const error = failure(() =>
      runTask(vm, 'while true do end', { budget, sliceMs: 10, between: () => slices++ }),
    )
    expect(error).toMatchObject({
      kind: 'budget',
      budget: 'time',
      message: 'test.lua:1: the budget of 100 ms is used up',
    })
    expect(slices).toBeGreaterThanOrEqual(7)
    expect(slices).toBeLessThanOrEqual(10)
  })

  test('in time does not count while it is set aside', () => {
    const { clock, vm } = fixture
    const { value, slices } = runTask(vm, 'local n = 0 for i = 1, 100 do n = n + i end return n', {
      budget: { instructions: 1e9, wallMs: 1 },
      between: () => {
        clock.nowMs += 1000
      },
    })
    expect(value).toBe(5050)
    expect(clock.nowMs).toBe(1000 * (slices - 1))
  })

  test('is gone over by a call within the task', () => {
    const { vm } = fixture
    const spin = vm.load('for i = 1, 1000 do end', 'spin.lua')
    vm.defineFunction('spin', () => {
      vm.call(spin, [], AMPLE)
    })
    const source = 'while true do spin() rounds = (rounds or 0) + 1 end'
    expect(failure(() => runTask(vm, source, { budget: small })).budget).toBe('instructions')
    expect(fixture.run('return rounds')).toBe(9)
  })
})

test('the budget of a call says which part of it was used up', () => {
  const { clock, vm } = fixture
  const spin = vm.load('while true do end', 'spin.lua')
  expect(failure(() => vm.call(spin, [], { instructions: 1000, wallMs: 1e9 })).budget).toBe('instructions')
  clock.stepMs = 1
  expect(failure(() => vm.call(spin, [], { instructions: 1e9, wallMs: 10 })).budget).toBe('time')
  expect(failure(() => fixture.run("error('x')")).budget).toBe(undefined)
})

test('memory that a host adds while a task is set aside counts against it', () => {
  const { vm } = fixture
  const held = vm.ref([])
  const task = vm.beginTask(vm.load('while true do end', 'test.lua'))
  task.run(0, AMPLE, 0)
  for (let index = 0; index < 20; index++) vm.setField(held, `${index}`, 'x'.repeat(1 << 20))
  expect(failure(() => task.resume(1)).kind).toBe('memory')
  expect(vm.isBusy).toBe(false)
  held.release()
  expect(fixture.run('return 1')).toBe(1)
})
