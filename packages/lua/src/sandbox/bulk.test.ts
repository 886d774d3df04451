import { beforeEach, describe, expect, test } from 'vitest'
import { createFixture, failure, type VmFixture } from '../testing/vm-fixture.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

const BUDGET = { instructions: 2_000_000, wallMs: 1e9 }

function failureUnderBudget(source: string) {
  const chunk = fixture.vm.load(source, 'test.lua')
  return failure(() => fixture.vm.call(chunk, [], BUDGET))
}

describe('a library function as a metamethod, in which no instruction runs,', () => {
  test.each([
    ['table.concat', 'table.concat(setmetatable({}, {__index = table.concat}), "", 1, 1000000000)'],
    [
      'table.concat in a smaller range',
      'table.concat(setmetatable({}, {__index = table.concat}), "", 1, 1000000)',
    ],
    ['table.move', 'table.move(setmetatable({}, {__index = table.concat}), 1, 1000000, 1, {})'],
    ['table.unpack', 'while true do table.unpack(setmetatable({}, {__index = table.concat}), 1, 10000) end'],
  ])('cannot keep %s going for ever', (_, source) => {
    expect(failureUnderBudget(source).kind).toBe('budget')
  })

  test('cannot keep a replacement of gsub going for ever', () => {
    const source = `local digits = ("1"):rep(1000000)
      local gsub, text = string.gsub, ("x"):rep(100000)
      getmetatable("").__index = math.sqrt
      gsub(text, "", setmetatable({}, {__index = digits}))`
    fixture.clock.stepMs = 1
    const chunk = fixture.vm.load(source, 'test.lua')
    expect(failure(() => fixture.vm.call(chunk, [], { instructions: 2_000_000, wallMs: 100 })).kind).toBe(
      'budget',
    )
  })

  test('cannot give table.sort, insert and remove the items that a table lacks', () => {
    for (const call of ['table.sort(t)', 'table.insert(t, 1, 0)', 'table.remove(t, 1)']) {
      const source = `local t = setmetatable({1, nil, nil, nil, 1}, {__index = rawlen}) ${call}`
      expect(failureUnderBudget(source).message).toContain(
        'does not work on a table with holes and a metatable',
      )
    }
  })
})

test('sorting is charged for the length of the texts it compares', () => {
  const source = 'local s, t = ("a"):rep(1000000), {} for i = 1, 10000 do t[i] = s end table.sort(t)'
  expect(failureUnderBudget(source).kind).toBe('budget')
})

test.each([
  'table.move({}, 0/0, 1, 1)',
  'table.insert({1, 2}, 0/0, 1)',
  'table.remove({1, 2}, 0/0)',
  'table.concat({}, "", 0/0)',
  'table.unpack({}, 0/0)',
])('a position that is no number does not upset the budget: %s', (call) => {
  expect(failureUnderBudget(`pcall(function() ${call} end) while true do end`).kind).toBe('budget')
})

/** Lua 5.4's own answers; with metamethods and without, the sandbox's must not differ. */
test.each<[string, unknown]>([
  ['return table.concat({1, 2, 3}, "-")', '1-2-3'],
  ['return table.concat({1, 2, 3}, "-", 2)', '2-3'],
  ['return table.concat({})', ''],
  ['return table.concat({"a", "b"}, nil, 1, 1)', 'a'],
  ['return table.concat(lazy, "-", 2, 4)', '4-6-8'],
  [
    'return select(2, pcall(table.concat, lazy, "", 1.5)):match("number.*")',
    'number has no integer representation)',
  ],
  ['return select(2, pcall(table.concat, {{}})):match("invalid value")', 'invalid value'],
])('%s', (source, expected) => {
  fixture.run(`
    lazy_meta = {__index = function(_, key) return key * 2 end}
    lazy, log = setmetatable({}, lazy_meta), {}
    noted = setmetatable({}, {__newindex = function(_, key, value) log[key] = value end})`)
  expect(fixture.run(source)).toEqual(expected)
})
