import { beforeEach, describe, expect, test } from 'vitest'
import { LuaError } from '../errors.ts'
import { AMPLE, createFixture, failure, run, runTask, type VmFixture } from '../testing/vm-fixture.ts'
import type { LuaVm } from './vm.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

/** Shows that nothing in a VM is broken. */
function expectSound(vm: LuaVm): void {
  const source = `
    local n = 0
    for word in ('a b c'):gmatch('%a') do n = n + #word end
    local co = coroutine.wrap(function() coroutine.yield(1) return 2 end)
    local ok, why = pcall(error, 'x')
    return n + co() + co() + (ok and 100 or 0)`
  expect(run(vm, source)).toBe(6)
}

test('Lua calls without end overflow the stack', () => {
  const vm = fixture.createVm({ memoryLimitBytes: 256 * 1024 * 1024 })
  const error = failure(() => run(vm, 'local function f()\n return 1 + f()\nend\nf()'))
  expect(error.kind).toBe('runtime')
  expect(error.message).toMatch(/^test.lua:2: stack overflow/)
  expect(error.traceback).toContain('test.lua:4: in main chunk')
  expectSound(vm)
})

describe('recursion without end is an error that the script or the host can catch', () => {
  test.each([
    ['pcall', 'function f() local ok, e = pcall(f) error(e, 0) end', 'C stack overflow'],
    ['gsub', "function f() return (('a'):gsub('a', f)) end", 'C stack overflow'],
    ['sort', 'function f() table.sort({1, 2, 3}, f) end', 'C stack overflow'],
    [
      'tostring',
      'local t = setmetatable({}, {}) getmetatable(t).__tostring = function() return tostring(t) end function f() tostring(t) end',
      'C stack overflow',
    ],
    [
      'print',
      'local t = setmetatable({}, {}) getmetatable(t).__tostring = function() print(t) end function f() print(t) end',
      'C stack overflow',
    ],
    [
      'index',
      'local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) function f() return t[1] end',
      'C stack overflow',
    ],
    [
      'a chain of __index tables',
      'local t = {} for i = 1, 3000 do t = setmetatable({}, {__index = t}) end function f() return t.x end',
      "'__index' chain too long",
    ],
    [
      'concat',
      "local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return t .. b end function f() return t .. 'x' end",
      'C stack overflow',
    ],
    ['coroutine.wrap', 'function f() return coroutine.wrap(f)() end', 'C stack overflow'],
    [
      'coroutine.resume',
      'function f() local ok, e = coroutine.resume(coroutine.create(f)) error(e, 0) end',
      'C stack overflow',
    ],
    ['load', 'function f() local chunk, e = load(function() f() end) error(e, 0) end', 'C stack overflow'],
    [
      'a deep expression',
      "function f() error((select(2, load('x = ' .. ('('):rep(1000)))), 0) end",
      'C stack overflow',
    ],
    [
      'require',
      "package = nil function f() require('again') end",
      'modules require each other: again → again',
    ],
    ['a host function', 'function f() host(f) end', 'nested more than 16 deep'],
    [
      'host functions within coroutines',
      'function f() coroutine.wrap(function() host(f) end)() end',
      'nested more than 16 deep',
    ],
    [
      'all at once',
      "function f() ('a'):gsub('a', function() coroutine.wrap(function() table.sort({1, 2}, f) end)() end) end",
      'C stack overflow',
    ],
    [
      'host functions and gsub',
      "function f() ('a'):gsub('a', function() ('b'):gsub('b', function() host(f) end) end) end",
      'nested more than 16 deep',
    ],
  ])('%s', (_, source, message) => {
    const { vm, modules } = fixture
    modules.set('again', "require('again')")
    vm.defineFunction('host', (call) => {
      const fn = call.function(1)
      try {
        vm.call(fn, [], AMPLE)
      } finally {
        fn.release()
      }
    })
    run(vm, source)
    expect(() => run(vm, 'f()')).toThrow(message)
    expect(run(vm, 'return (select(2, pcall(f)))')).toContain(message)
    expectSound(vm)
    const inOneSlice = { sliceMs: 1e9 }
    expect(() => runTask(vm, 'f()', inOneSlice)).toThrow(message)
    expect(runTask(vm, 'return (select(2, pcall(f)))', inOneSlice).value).toContain(message)
    expectSound(vm)
  })
})

test('an error in a message handler within a message handler ends', () => {
  const { vm } = fixture
  expect(run(vm, "local function h() error('again') end return tostring(select(2, xpcall(error, h)))")).toBe(
    'error in error handling',
  )
  expectSound(vm)
})

test('Lua calls without end run out of memory where it is scarce, and say where', () => {
  const { vm } = fixture
  const error = failure(() => run(vm, 'local function f()\n return 1 + f()\nend\nf()'))
  expect(error.kind).toBe('memory')
  expect(error.message).toBe('test.lua:2: not enough memory')
  expect(error.traceback).toMatch(/^stack traceback:\n\ttest.lua:2: in upvalue 'f'\n/)
  expect(error.traceback).toContain('test.lua:4: in main chunk')
  expect(error.traceback).toMatch(/\(skipping \d{5,} levels\)/)
  expect(error.traceback.length).toBeLessThan(2000)
  expectSound(vm)
})

test('VMs that call each other through the host share one bound on depth', () => {
  const { vm } = fixture
  const other = fixture.createVm({ name: 'other' })
  const cross = (from: LuaVm, to: LuaVm) =>
    from.defineFunction('cross', () => {
      run(to, 'deeper()')
    })
  cross(vm, other)
  cross(other, vm)
  const deeper = `
    local function dig(n) if n > 0 then ('a'):gsub('a', function() dig(n - 1) end) else cross() end end
    function deeper() dig(60) end`
  run(vm, deeper)
  run(other, deeper)
  expect(() => run(vm, 'deeper()')).toThrow('C stack overflow')
  expectSound(vm)
  expectSound(other)
})

test('what is set aside takes no native stack, so that pcall nests as deep as the memory allows', () => {
  const vm = fixture.createVm({ memoryLimitBytes: 1024 * 1024 })
  run(vm, 'depth = 0 function f() depth = depth + 1 local ok, e = pcall(f) error(e, 0) end')
  const error = failure(() => runTask(vm, 'f()'))
  expect(error.kind).toBe('memory')
  expect(run(vm, 'return depth')).toBeGreaterThan(1000)
  expectSound(vm)
})

test('tasks of VMs that run each other share it too', () => {
  const vms = Array.from({ length: 8 }, (_, index) => fixture.createVm({ name: `${index}` }))
  const deeper = `
    local function dig(n) if n > 0 then ('a'):gsub('a', function() dig(n - 1) end) else cross() end end
    function deeper() dig(60) end`
  vms.forEach((vm, index) => {
    run(vm, deeper)
    vm.defineFunction('cross', () => {
      const next = vms[index + 1]
      if (next !== undefined) runTask(next, 'deeper()')
    })
  })
  const [first = fixture.vm] = vms
  expect(() => runTask(first, 'deeper()')).toThrow('C stack overflow')
  for (const vm of vms) expectSound(vm)
})

test('a host function that recurses in JavaScript fails as an internal error and harms nothing', () => {
  const { vm, internalErrors } = fixture
  const recurse = (): number => recurse() + 1
  vm.defineFunction('recurse', () => recurse())
  expect(() => run(vm, 'recurse()')).toThrow(LuaError)
  expect(internalErrors).toHaveLength(1)
  expectSound(vm)
})

test('a deep recursion that uses up its budget unwinds', () => {
  const { vm } = fixture
  const deep = vm.load(
    'local mt = {__close = function() end} local function f() local x <close> = setmetatable({}, mt) return 1 + f() end f()',
    'deep.lua',
  )
  expect(() => vm.call(deep, [], { instructions: 200_000, wallMs: 1e9 })).toThrow('200000 instructions')
  expectSound(vm)
})
