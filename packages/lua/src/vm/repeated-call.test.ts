import { beforeEach, describe, expect, it } from 'vitest'
import { AMPLE, createFixture, failure, type VmFixture } from '../testing/vm-fixture.ts'
import type { LuaRef } from './ref.ts'
import type { LuaRepeatedCall } from './repeated-call.ts'

describe('LuaRepeatedCall', () => {
  let fixture: VmFixture
  let subject: LuaRef
  let state: LuaRef

  beforeEach(async () => {
    fixture = await createFixture()
    subject = fixture.vm.ref({ name: 'ctx' })
    state = fixture.vm.ref({ sum: 0 })
  })

  function repeat(body: string): LuaRepeatedCall {
    const { vm, runtime } = fixture
    const chunk = vm.load(`return function(subject, state, n, list) ${body} end`, 'test.lua')
    const call = vm.beginCall(chunk)
    call.invoke(1, AMPLE)
    const fn = call.function(1)
    call.end()
    return vm.repeat(fn, subject, [runtime.key('n'), runtime.key('dt')])
  }

  /** One call with the state as it is; whether the result was not nil. */
  function once(repeated: LuaRepeatedCall, n: number, budget = AMPLE): boolean {
    repeated.begin()
    repeated.setState(state)
    repeated.setInteger(0, n)
    repeated.setNumber(1, n / 2)
    repeated.pushFixed()
    repeated.pushInteger(n)
    repeated.pushEmptyTable()
    const isGoingOn = repeated.invoke(budget)
    if (isGoingOn && !repeated.isSameState) repeated.keepResult(state)
    repeated.end()
    return isGoingOn
  }

  it('sets fields, passes what it is given and keeps the state, time after time', () => {
    const repeated = repeat(`
      state.sum = state.sum + subject.n + n + #list
      state.dt = math.type(subject.dt)
      return state`)
    for (let n = 1; n <= 100; n++) expect(once(repeated, n)).toBe(true)
    expect(fixture.vm.toValue(state)).toEqual({ sum: 10_100, dt: 'float' })
    expect(fixture.vm.toValue(subject)).toEqual({ name: 'ctx', n: 100, dt: 50 })
  })

  it('takes another state when there is one, and leaves it at nil', () => {
    const repeated = repeat('if n == 3 then return nil end return { sum = state.sum + n }')
    expect([once(repeated, 1), once(repeated, 2), once(repeated, 3)]).toEqual([true, true, false])
    expect(fixture.vm.toValue(state)).toEqual({ sum: 3 })
  })

  it('sets fields raw, whatever the script has made of the table', () => {
    const repeated = repeat(`
      subject.n = nil
      setmetatable(subject, { __newindex = function() error('never') end, __index = function() return 0 end })
      state.seen = rawget(subject, 'dt')
      return state`)
    for (let n = 1; n <= 3; n++) once(repeated, n)
    expect(fixture.vm.toValue(state)).toMatchObject({ seen: 1.5 })
  })

  it.each([
    ['an item', 'list[1] = n'],
    ['a field', 'list.x = n'],
    ['a metatable', 'setmetatable(list, { __index = function() return 1 end })'],
  ])('passes an empty list also after a call that gave it %s', (_, body) => {
    const repeated = repeat(`
      state.sum = state.sum + #list
      if next(list) ~= nil or list.x ~= nil or getmetatable(list) ~= nil then state.sum = -1 end
      ${body}
      return state`)
    for (let n = 1; n <= 5; n++) once(repeated, n)
    expect(fixture.vm.toValue(state)).toEqual({ sum: 0 })
  })

  it('goes on after errors, exceeded budgets and calls of other functions', () => {
    const repeated = repeat(`
      if n == 1 then error('boom') end
      if n == 2 then while true do end end
      state.sum = state.sum + n
      return state`)
    expect(failure(() => once(repeated, 1))).toMatchObject({ kind: 'runtime', message: 'test.lua:2: boom' })
    const budget = { instructions: 10_000, wallMs: 1e9 }
    expect(failure(() => once(repeated, 2, budget))).toMatchObject({ kind: 'budget' })
    expect(fixture.run('return 7')).toBe(7)
    expect(fixture.run('error_free = coroutine.wrap(function() return 8 end) return error_free()')).toBe(8)
    fixture.vm.collectGarbage()
    expect(once(repeated, 5)).toBe(true)
    expect(fixture.vm.toValue(state)).toEqual({ sum: 5 })
  })

  it('begins within no other call, and not once the VM is closed', () => {
    const repeated = repeat('return state')
    let within: unknown
    fixture.vm.defineFunction('again', () => {
      within = failure(() => once(repeated, 1)).kind
    })
    fixture.run('again()')
    expect(within).toBe('busy')
    fixture.vm.close()
    expect(failure(() => once(repeated, 1)).kind).toBe('closed')
  })

  it('wants a table to set fields of', () => {
    const fn = fixture.vm.load('return 1', 'test.lua')
    const number = fixture.vm.ref(1)
    expect(failure(() => fixture.vm.repeat(fn, number, [])).kind).toBe('value')
    expect(fixture.run('return 1')).toBe(1)
  })
})
