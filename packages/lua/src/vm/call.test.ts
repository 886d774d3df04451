import { beforeEach, describe, expect, test } from 'vitest'
import { LuaError } from '../errors.ts'
import { AMPLE, createFixture, failure, run, type VmFixture } from '../testing/vm-fixture.ts'
import type { LuaRef } from './ref.ts'
import { LuaRuntime } from './runtime.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

/** A function that answers with a description of its arguments. */
const describing = () =>
  fixture.vm.load(
    `local function show(v)
       if type(v) == 'table' then
         local keys = {}
         for k in pairs(v) do keys[#keys + 1] = k end
         table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
         for i, k in ipairs(keys) do keys[i] = tostring(k) .. '=' .. show(v[k]) end
         return '{' .. table.concat(keys, ',') .. '}'
       end
       return (math.type(v) or type(v)) .. ':' .. tostring(v)
     end
     local all = {}
     for i = 1, select('#', ...) do all[i] = show((select(i, ...))) end
     return table.concat(all, ' ')`,
    'show.lua',
  )

describe('a call', () => {
  test('passes each kind of value as what it is', () => {
    const call = fixture.vm.beginCall(describing())
    call.pushNil()
    call.pushBoolean(true)
    call.pushInteger(3)
    call.pushInteger(-(2 ** 53))
    call.pushNumber(3)
    call.pushString('héllo')
    call.pushBytes(Uint8Array.of(65, 0, 66))
    call.pushValue({ a: [1, null] })
    call.invoke(1, AMPLE)
    expect(call.string(1)).toBe(
      'nil:nil boolean:true integer:3 integer:-9007199254740992 float:3.0 string:héllo string:A\0B {a={1=integer:1,2=userdata:null}}',
    )
    call.end()
  })

  test('builds tables field by field', () => {
    const { runtime, vm } = fixture
    const call = vm.beginCall(describing())
    call.newTable(2, 0)
    for (let index = 1; index <= 2; index++) {
      call.newTable(0, 1)
      call.pushInteger(index * 10)
      call.setField(runtime.key('op'))
      call.setIndex(index)
    }
    call.invoke(1, AMPLE)
    expect(call.string(1)).toBe('{1={op=integer:10},2={op=integer:20}}')
    call.end()
  })

  test('takes more arguments than the stack holds at first', () => {
    const call = fixture.vm.beginCall(fixture.vm.load('return select("#", ...)', 'count.lua'))
    for (let index = 0; index < 5000; index++) call.pushInteger(index)
    call.invoke(1, AMPLE)
    expect(call.integer(1)).toBe(5000)
    call.end()
  })

  test('gives the results asked for, nil where there are fewer', () => {
    const call = fixture.vm.beginCall(fixture.vm.load("return 1, 'two', nil, {4}", 'results.lua'))
    call.invoke(6, AMPLE)
    expect(call.count).toBe(6)
    expect([1, 2, 3, 4, 5, 6, 7].map((position) => call.typeName(position))).toEqual([
      'number',
      'string',
      'nil',
      'table',
      'nil',
      'nil',
      'no value',
    ])
    expect(call.value(4)).toEqual([4])
    expect(() => call.integer(2, 'tick_rate')).toThrow(
      "bad result #2 'tick_rate' (integer expected, got string)",
    )
    call.end()
  })

  test('keeps a state inside Lua from one call to the next', () => {
    const { vm } = fixture
    const step = vm.load('local state = ... state.n = state.n + 1 return state', 'step.lua')
    const state = vm.ref({ n: 0 })
    for (let round = 0; round < 10; round++) {
      const call = vm.beginCall(step)
      call.pushRef(state)
      call.invoke(1, AMPLE)
      call.replaceRef(1, state)
      call.end()
    }
    expect(vm.toValue(state)).toEqual({ n: 10 })
  })

  test('can replace the state by another table', () => {
    const { vm } = fixture
    const state = vm.ref({ old: true })
    const call = vm.beginCall(vm.load('return {new = true}', 'new.lua'))
    call.invoke(1, AMPLE)
    call.replaceRef(1, state)
    call.end()
    expect(vm.toValue(state)).toEqual({ new: true })
  })

  test('that was begun and not ended is abandoned by the next one', () => {
    const { vm } = fixture
    const add = vm.load('local a, b = ... return a + b', 'add.lua')
    for (let round = 0; round < 1000; round++) vm.beginCall(add).pushInteger(1)
    expect(vm.call(add, [1, 2], AMPLE)).toBe(3)
  })

  test('has ended after an error', () => {
    const { vm } = fixture
    const call = vm.beginCall(vm.load("error('x')", 'fail.lua'))
    expect(failure(() => call.invoke(0, AMPLE)).kind).toBe('runtime')
    expect(failure(() => call.pushNil()).kind).toBe('closed')
    expect(failure(() => call.isNil(1)).kind).toBe('closed')
    call.end()
  })

  test('ends with its VM', () => {
    const { vm } = fixture
    const call = vm.beginCall(vm.load('return 1', 'one.lua'))
    call.invoke(1, AMPLE)
    vm.close()
    expect(failure(() => call.integer(1)).kind).toBe('closed')
    expect(failure(() => call.pushInteger(1)).kind).toBe('closed')
    call.end()
  })

  test('of something that is no function is a Lua error', () => {
    const { vm } = fixture
    expect(failure(() => vm.call(vm.ref({}), [], AMPLE)).message).toBe('attempt to call a table value')
  })

  test('sets fields past any metamethod', () => {
    const { runtime, vm } = fixture
    run(vm, 'ctx = setmetatable({}, {__newindex = function() while true do end end})')
    const ctx = global('ctx')
    const call = vm.beginCall(vm.load('local ctx = ... return rawget(ctx, "tick")', 'raw.lua'))
    call.pushRef(ctx)
    call.pushInteger(7)
    call.setField(runtime.key('tick'))
    call.invoke(1, AMPLE)
    expect(call.integer(1)).toBe(7)
    call.end()
  })

  test('refuses to set a field of what is no table', () => {
    const { runtime, vm } = fixture
    const call = vm.beginCall(describing())
    call.pushInteger(1)
    call.pushInteger(2)
    expect(failure(() => call.setField(runtime.key('x'))).kind).toBe('value')
    expect(failure(() => call.setIndex(1)).kind).toBe('value')
    call.end()
  })

  test('refuses keys and references of others', async () => {
    const other = await LuaRuntime.load()
    const call = fixture.vm.beginCall(describing())
    call.newTable(0, 1)
    call.pushNil()
    expect(() => call.setField(other.key('x'))).toThrow("the key 'x' is of another runtime")
    expect(() => call.pushRef(fixture.createVm().ref(1))).toThrow('the reference belongs to another VM')
    call.end()
    other.close()
  })
})

function global(name: string): LuaRef {
  const { vm } = fixture
  const call = vm.beginCall(vm.load(`return ${name}`, 'global.lua'))
  call.invoke(1, AMPLE)
  const ref = call.ref(1)
  call.end()
  return ref
}

describe('a reference', () => {
  test('keeps its value alive', () => {
    const { vm } = fixture
    const ref = vm.ref({ kept: true })
    run(vm, "for i = 1, 1000 do local t = ('x'):rep(10000) end")
    vm.collectGarbage()
    expect(vm.toValue(ref)).toEqual({ kept: true })
  })

  test('lets its value go when it is released', () => {
    const { vm } = fixture
    vm.collectGarbage()
    const before = vm.memoryBytes
    const ref = vm.ref('x'.repeat(1_000_000))
    expect(vm.memoryBytes - before).toBeGreaterThan(1_000_000)
    ref.release()
    ref.release()
    vm.collectGarbage()
    expect(vm.memoryBytes - before).toBeLessThan(10_000)
    expect(ref.released).toBe(true)
    expect(failure(() => vm.toValue(ref)).kind).toBe('closed')
  })

  test('to nil can be made and read', () => {
    const { vm } = fixture
    expect(vm.toValue(vm.ref(undefined))).toBeUndefined()
  })

  test('that is no reference is refused', () => {
    const { vm } = fixture
    expect(() => vm.toValue({ released: false, release() {} })).toThrow('not a reference of this package')
  })
})

describe('a VM', () => {
  test('finds fields with metamethods and sets them without', () => {
    const { vm } = fixture
    run(vm, 'object = setmetatable({}, {__index = {inherited = 2}, __newindex = error})')
    const object = global('object')
    vm.setField(object, 'own', 'mine')
    vm.setField(object, 'self', object)
    const inherited = vm.field(object, 'inherited', AMPLE)
    expect(inherited && vm.toValue(inherited)).toBe(2)
    expect(vm.field(object, 'missing', AMPLE)).toBeUndefined()
    expect(run(vm, 'return {object.own, object.self == object}')).toEqual(['mine', true])
    expect(() => vm.setField(vm.ref(1), 'x', 1)).toThrow('the reference holds no table')
  })

  test('defines functions and values at paths of globals', () => {
    const { vm } = fixture
    vm.defineFunction('a.b.f', () => 1)
    vm.defineValue('a.b.v', { x: [1] })
    vm.defineValue('a.n', null)
    vm.defineValue('top', 5)
    expect(run(vm, 'return {a.b.f(), a.b.v.x[1], tostring(a.n), top}')).toEqual([1, 1, 'null', 5])
  })

  test('defines past what a script did to its globals', () => {
    const { vm } = fixture
    run(vm, 'kaos = 5 setmetatable(_G, {__index = error, __newindex = error}) rawset(_G, "_G", 1)')
    vm.defineFunction('kaos.f', () => 'ok')
    vm.defineValue('fresh.v', 1)
    expect(run(vm, 'return kaos.f() .. fresh.v')).toBe('ok1')
  })

  test('keeps its globals and libraries from other VMs', () => {
    const other = fixture.createVm({ name: 'other' })
    run(fixture.vm, "string.rep = nil secret = 1 getmetatable('').__index = {x = 'taken'} math.pi = 3")
    expect(run(fixture.vm, "return ('').x")).toBe('taken')
    expect(run(other, "return {secret == nil, ('x'):rep(2), math.pi > 3.1}")).toEqual([true, 'xx', true])
  })

  test('is closed once, and says so ever after', () => {
    const { vm, runtime } = fixture
    const fn = vm.load('return 1', 'one.lua')
    vm.close()
    vm.close()
    expect(vm.closed).toBe(true)
    expect(runtime.vmCount).toBe(0)
    const uses = [
      () => vm.load('', 'x'),
      () => vm.require('x', AMPLE),
      () => vm.call(fn, [], AMPLE),
      () => vm.beginCall(fn),
      () => vm.ref(1),
      () => vm.toValue(fn),
      () => vm.setField(fn, 'x', 1),
      () => vm.defineFunction('f', () => 1),
      () => vm.defineValue('v', 1),
      () => vm.defineArray('a'),
      () => vm.collectGarbage(),
    ]
    for (const use of uses) {
      expect(failure(use)).toMatchObject({ kind: 'closed', message: "the VM 'test' is closed" })
    }
    fn.release()
  })

  test('is closed without running anything of the script', () => {
    const { vm, printed } = fixture
    run(
      vm,
      `co = coroutine.create(function()
         local x <close> = setmetatable({}, {__close = function() print('closed') end})
         coroutine.yield()
       end)
       coroutine.resume(co)`,
    )
    vm.close()
    expect(printed).toEqual([])
  })
})

describe('a runtime', () => {
  test('closes its VMs', () => {
    const { runtime, vm } = fixture
    const other = fixture.createVm()
    runtime.close()
    runtime.close()
    expect([vm.closed, other.closed, runtime.closed, runtime.vmCount]).toEqual([true, true, true, 0])
    expect(failure(() => fixture.createVm())).toMatchObject({
      kind: 'closed',
      message: 'the Lua runtime is closed',
    })
  })

  test('bounds the memory of all its VMs together', async () => {
    const small = await LuaRuntime.load({ memoryLimitBytes: 32 * 1024 * 1024 })
    const options = { clock: fixture.clock, randomSeed: 1, modules: () => undefined, onPrint: () => {} }
    const greedy = small.createVm({ ...options, name: 'greedy', memoryLimitBytes: 1e9 })
    const modest = small.createVm({ ...options, name: 'modest' })
    expect(failure(() => run(greedy, "t = {} for i = 1, 1e9 do t[i] = ('x'):rep(10000) .. i end")).kind).toBe(
      'memory',
    )
    expect(small.memoryBytes).toBeLessThanOrEqual(32 * 1024 * 1024)
    greedy.close()
    expect(run(modest, "return #('x'):rep(1000000)")).toBe(1_000_000)
    small.close()
  })

  test('makes a key once', () => {
    const { runtime } = fixture
    expect(runtime.key('op')).toBe(runtime.key('op'))
    expect(runtime.key('op').name).toBe('op')
  })

  test('that is lost says so ever after, and can still be closed', () => {
    const { runtime, vm } = fixture
    vm.defineFunction('lose', () => {
      throw new LuaError('fatal', 'the instance is gone')
    })
    const lost = { kind: 'fatal', message: 'the Lua runtime is lost: the instance is gone' }
    expect(failure(() => run(vm, 'pcall(lose)'))).toMatchObject(lost)
    expect(failure(() => run(vm, 'return 1'))).toMatchObject(lost)
    expect(failure(() => fixture.createVm())).toMatchObject(lost)
    runtime.close()
    expect(runtime.vmCount).toBe(0)
  })
})
