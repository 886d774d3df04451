import { beforeEach, expect, test } from 'vitest'
import { createFixture, runTask, type VmFixture } from '../testing/vm-fixture.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

/** What Lua 5.4's own coroutine library answers; the sandbox's must not differ. */
test.each<[string, string, unknown]>([
  [
    'values pass both ways',
    `local co = coroutine.create(function(a, b)
       local c = coroutine.yield(a + b) local d, e = coroutine.yield(c * 2) return d + e, 'end' end)
     return {select(2, coroutine.resume(co, 1, 2)), select(2, coroutine.resume(co, 10)), select(2, coroutine.resume(co, 3, 4))}`,
    [3, 20, 7, 'end'],
  ],
  [
    'a dead coroutine stays dead',
    'local co = coroutine.create(print) coroutine.resume(co) return {coroutine.resume(co)}',
    [false, 'cannot resume dead coroutine'],
  ],
  [
    'resume catches errors',
    "return {coroutine.resume(coroutine.create(function() error('x', 0) end))}",
    [false, 'x'],
  ],
  [
    'wrap raises errors with a position',
    "return select(2, pcall(function() coroutine.wrap(function() error('x', 0) end)() end))",
    'test.lua:1: x',
  ],
  [
    'wrap raises error objects',
    'local t = {} return select(2, pcall(coroutine.wrap(function() error(t) end))) == t',
    true,
  ],
  [
    'wrap works as an iterator',
    'local s = 0 for v in coroutine.wrap(function() for i = 1, 4 do coroutine.yield(i) end end) do s = s + v end return s',
    10,
  ],
  [
    'a coroutine cannot resume itself',
    'local co co = coroutine.wrap(function() return coroutine.resume(coroutine.running()) end) return {co()}',
    [false, 'cannot resume non-suspended coroutine'],
  ],
  [
    'status tells every state',
    `local log, outer = {}
     local inner = coroutine.create(function() log[#log + 1] = coroutine.status(outer) end)
     outer = coroutine.create(function() log[#log + 1] = coroutine.status(outer) coroutine.resume(inner) coroutine.yield() end)
     log[#log + 1] = coroutine.status(outer) coroutine.resume(outer) log[#log + 1] = coroutine.status(outer)
     coroutine.resume(outer) log[#log + 1] = coroutine.status(outer) return log`,
    ['suspended', 'running', 'normal', 'suspended', 'dead'],
  ],
  [
    'yield outside is an error',
    'return (select(2, pcall(coroutine.yield, 1)))',
    'attempt to yield from outside a coroutine',
  ],
  [
    'pcall can be yielded across',
    'local co = coroutine.wrap(function() return pcall(function() coroutine.yield(1) error("late", 0) end) end) co() return {co()}',
    [false, 'late'],
  ],
  [
    'close runs close methods and reports their errors',
    `local closed = {}
     local function make(fail) return coroutine.create(function()
       local x <close> = setmetatable({}, {__close = function() closed[#closed + 1] = 'x' if fail then error('in close', 0) end end})
       coroutine.yield() end) end
     local good, bad = make(false), make(true)
     coroutine.resume(good) coroutine.resume(bad)
     return {{coroutine.close(good)}, {coroutine.close(bad)}, closed, coroutine.status(good)}`,
    [[true], [false, 'in close'], ['x', 'x'], 'dead'],
  ],
  [
    'isyieldable and running tell where they are',
    'local co = coroutine.wrap(function() return coroutine.isyieldable(), select(2, coroutine.running()) end) return {coroutine.isyieldable(), co()}',
    [false, true, false],
  ],
  [
    'wrong arguments are named',
    'return select(2, pcall(coroutine.resume, 1))',
    "bad argument #1 to 'coroutine.resume' (thread expected, got number)",
  ],
  [
    'wrap wants a function',
    'return select(2, pcall(coroutine.wrap, 1))',
    "bad argument #1 to 'coroutine.wrap' (function expected, got number)",
  ],
  [
    'thousands can be alive',
    'local all = {} for i = 1, 3000 do all[i] = coroutine.wrap(function() coroutine.yield(i) return i end) all[i]() end local s = 0 for i = 1, 3000 do s = s + all[i]() end return s',
    4_501_500,
  ],
  [
    'the main thread is known to itself and to its coroutines',
    `local main, isMain = coroutine.running()
     same = same or main
     local function look() return {
       coroutine.status(main), coroutine.isyieldable(main), select('#', coroutine.resume(main)),
       select(2, coroutine.resume(main, 1, 2)), select(2, pcall(coroutine.close, main))} end
     return {isMain, same == main, look(), coroutine.wrap(look)(), coroutine.wrap(function() return coroutine.wrap(look)() end)()}`,
    [
      true,
      true,
      ['running', false, 2, 'cannot resume non-suspended coroutine', 'cannot close a running coroutine'],
      ['normal', false, 2, 'cannot resume non-suspended coroutine', 'cannot close a normal coroutine'],
      ['normal', false, 2, 'cannot resume non-suspended coroutine', 'cannot close a normal coroutine'],
    ],
  ],
  [
    'yield outside cannot be hidden by pcall, a metamethod or a close method',
    `local function try() return select(2, pcall(coroutine.yield, 1)) end
     local t = setmetatable({}, {__index = try, __close = function() closed = try() end})
     do local x <close> = t end
     return {t.x, closed, (select(2, pcall(pcall, coroutine.yield)))}`,
    ['attempt to yield from outside a coroutine', 'attempt to yield from outside a coroutine', false],
  ],
])('%s', (_, source, expected) => {
  expect(fixture.run(source)).toEqual(expected)
  // A script must not be able to tell a task from a call, nor where it is set aside.
  expect(runTask(fixture.vm, source, { sliceMs: 1e9 }).value).toEqual(expected)
  expect(runTask(fixture.vm, source).value).toEqual(expected)
})

test('a coroutine goes on in a later task, and one from a task in a later call', () => {
  const { vm } = fixture
  runTask(vm, 'co = coroutine.wrap(function() for i = 1, 10 do coroutine.yield(i) end end) co()')
  expect([fixture.run('return co()'), runTask(vm, 'return co()').value, fixture.run('return co()')]).toEqual([
    2, 3, 4,
  ])
})

test('a coroutine can be set aside wherever it is, with those that wait for it', () => {
  const source = `
    local function deep(n)
      if n > 0 then return coroutine.wrap(deep)(n - 1) end
      for i = 1, 1000 do end
      return 'bottom'
    end
    return deep(20)`
  const { value, slices } = runTask(fixture.vm, source)
  expect(value).toBe('bottom')
  expect(slices).toBeGreaterThan(1000)
})

test('host functions work in coroutines', () => {
  fixture.vm.defineFunction('double', (call) => call.integer(1) * 2)
  expect(
    fixture.run(
      'local co = coroutine.wrap(function(n) while true do n = coroutine.yield(double(n)) end end) return {co(1), co(2)}',
    ),
  ).toEqual([2, 4])
})

test('a coroutine can be resumed in a later call', () => {
  fixture.run('co = coroutine.wrap(function() for i = 1, 10 do coroutine.yield(i) end end)')
  expect([fixture.run('return co()'), fixture.run('return co()'), fixture.run('return co()')]).toEqual([
    1, 2, 3,
  ])
})
