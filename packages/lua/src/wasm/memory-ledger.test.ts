import { beforeEach, describe, expect, test } from 'vitest'
import { AMPLE, createFixture, failure, run, type VmFixture } from '../testing/vm-fixture.ts'

const MIB = 1024 * 1024
/** What error messages and the like, which are the host's, may take beyond the limit. */
const HOST_BYTES = 1024

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture({ memoryLimitBytes: 2 * MIB })
})

describe('a VM cannot hold more than its limit', () => {
  test.each([
    ['a table', 'local t = {} for i = 1, 1e9 do t[i] = i end'],
    ['a table of tables', 'local t = {} for i = 1, 1e9 do t[i] = {} end'],
    ['one string', "local s = 'x' while true do s = s .. s end"],
    ['string.rep', "return ('x'):rep(3000000)"],
    ['string.rep of 2 GiB', "return ('x'):rep(1 << 31)"],
    ['string.rep of 4 GiB and a bit', "return ('xx'):rep((1 << 31) + 8)"],
    [
      'table.concat',
      "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(2000) end return table.concat(t) .. table.concat(t)",
    ],
    ['gsub', "return (('x'):rep(100000):gsub('x', ('y'):rep(100)))"],
    ['closures', 'local t = {} for i = 1, 1e9 do t[i] = function() return i end end'],
    ['coroutines', 'local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) end'],
    ['source', "assert(load('return {' .. ('{},'):rep(200000) .. '}'))"],
    ['string.pack', "return string.pack('c30000000', 'x')"],
  ])('as %s', (_, source) => {
    const error = failure(() => fixture.run(source))
    expect(error.message).toMatch(/not enough memory|resulting string too large/)
    expect(fixture.vm.memoryBytes).toBeLessThanOrEqual(2 * MIB + HOST_BYTES)
    expect(fixture.run("return #('x'):rep(100000)")).toBe(100_000)
  })

  test('nor does a script that catches the error get more', () => {
    const source = `
      local kept = {}
      for attempt = 1, 50 do pcall(function() for i = 1, 1e9 do kept[#kept + 1] = ('x'):rep(1000) .. i end end) end
      return #kept`
    expect(fixture.run(source)).toBeLessThan(2000)
    expect(fixture.vm.memoryBytes).toBeLessThanOrEqual(2 * MIB + HOST_BYTES)
  })
})

describe('what the host gives counts, too', () => {
  test('as results of host functions', () => {
    const { vm } = fixture
    vm.defineFunction('give', () => 'x'.repeat(100_000))
    const error = failure(() =>
      fixture.run('local t = table.pack(table.unpack({}, 1, 100)) for i = 1, 100 do t[i] = give() end'),
    )
    expect(error).toMatchObject({ kind: 'memory', message: 'test.lua:1: not enough memory' })
    expect(fixture.run('for i = 1, 100 do give() end return 1')).toBe(1)
  })

  test('as arguments that a script keeps', () => {
    const { vm } = fixture
    run(vm, 'kept = table.pack(table.unpack({}, 1, 100)) n = 0')
    const keep = vm.load('n = n + 1 kept[n] = ...', 'keep.lua')
    const error = failure(() => {
      for (let round = 0; round < 100; round++) vm.call(keep, ['x'.repeat(100_000)], AMPLE)
    })
    expect(error.kind).toBe('memory')
    expect(vm.memoryBytes).toBeLessThan(3 * MIB)
  })

  test('and so does source', () => {
    const { vm } = fixture
    expect(failure(() => vm.load(`return {${'{},'.repeat(200_000)}}`, 'big.lua')).kind).toBe('memory')
    expect(fixture.run('return 1')).toBe(1)
  })
})

test('one VM at its limit takes nothing from another', () => {
  const other = fixture.createVm({ name: 'other', memoryLimitBytes: 4 * MIB })
  fixture.run('bomb = {} pcall(function() for i = 1, 1e9 do bomb[i] = {} end end)')
  expect(run(other, "return #('x'):rep(1500000)")).toBe(1_500_000)
})

test('garbage does not count against the limit', () => {
  expect(fixture.run("local n = 0 for i = 1, 200 do n = n + #('x'):rep(100000) end return n")).toBe(2e7)
})

test('garbage never makes a string function fail, however much of the limit is in use', () => {
  const source = `
    kept = {} for i = 1, 12 do kept[i] = ('x'):rep(100000) .. i end
    local n = 0
    for i = 1, 300 do n = n + #('%s%s'):format(('y'):rep(50000), i) end
    return n`
  expect(fixture.run(source)).toBe(300 * 50_000 + 9 + 90 * 2 + 201 * 3)
})

test('memory is measured as malloc takes it', () => {
  const before = fixture.vm.memoryBytes
  fixture.run("kept = ('x'):rep(1000000)")
  expect(fixture.vm.memoryBytes - before).toBeGreaterThan(1_000_000)
  expect(fixture.vm.memoryBytes - before).toBeLessThan(1_100_000)
})

test('a closed VM gives all its memory back', () => {
  const fill = (round: number) => {
    const vm = fixture.createVm({ name: `round ${round}`, memoryLimitBytes: 64 * MIB })
    run(vm, "kept = {} for i = 1, 10 do kept[i] = ('x'):rep(1000000) .. i end")
    expect(vm.memoryBytes).toBeGreaterThan(10_000_000)
    vm.close()
    expect(vm.memoryBytes).toBe(0)
  }
  for (let round = 0; round < 5; round++) fill(round)
  const { memoryBytes } = fixture.runtime
  for (let round = 5; round < 15; round++) fill(round)
  expect(fixture.runtime.memoryBytes).toBe(memoryBytes)
})

test('5,000 VMs can come and go without growth', () => {
  const use = (round: number) => {
    const vm = fixture.createVm({ name: `vm ${round}` })
    vm.defineFunction('host', (call) => call.integer(1, 'n') + 1)
    vm.ref({ state: [1, 2, 3] })
    expect(run(vm, 'return host(41)')).toBe(42)
    vm.close()
  }
  for (let round = 0; round < 100; round++) use(round)
  const { memoryBytes } = fixture.runtime
  for (let round = 0; round < 5000; round++) use(round)
  expect(fixture.runtime.memoryBytes).toBe(memoryBytes)
  expect(fixture.runtime.vmCount).toBe(1)
})
