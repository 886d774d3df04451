import { beforeEach, describe, expect, test } from 'vitest'
import { AMPLE, createFixture, failure, type VmFixture } from '../testing/vm-fixture.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

const LONG = "local s = ('1'):rep(513)"

describe('one long text as a number many times over', () => {
  test.each([
    ['max', 'math.max', ''],
    ['min', 'math.min', ''],
    ['char', 'string.char', ''],
    ['char', 'utf8.char', ''],
    ['format', 'string.format', "('%d'):rep(9),"],
    ['pack', 'string.pack', "('b'):rep(9),"],
  ])('is refused by %s (%s)', (name, fn, first) => {
    const source = `${LONG} return ${fn}(${first} 1, 2, 3, 4, 5, 6, 7, 8, s)`
    const position = first === '' ? 9 : 10
    expect(failure(() => fixture.run(source)).message).toBe(
      `test.lua:1: bad argument #${position} to '${name}' (number expected, got a string of 513 bytes)`,
    )
  })

  test('is no matter where it stays a text', () => {
    const source = `${LONG} local all = {} for i = 1, 20 do all[i] = s end
      local packed = string.pack(('!4i1Xi4s4'):rep(9), 1, s, 2, s, 3, s, 4, s, 5, s, 6, s, 7, s, 8, s, 9, s)
      return {#(('%%%s%5.2s%-3d'):format(s, s, 7)), #('%s'):rep(20):format(table.unpack(all)), #packed > 4500}`
    expect(fixture.run(source)).toEqual([522, 10_260, true])
  })
})

test('short texts are numbers as in Lua', () => {
  const source = `return {math.max(3, 2.5, 1, 1, 1, 1, 1, 1, 1, 10), string.char('65', 66), utf8.char(8364, '97'),
    ('%d %5.1f %x'):format('12', '3', 255), string.pack('b', '7'), tonumber('0x10'), tonumber('zz', 36), tonumber('x') == nil}`
  expect(fixture.run(source)).toEqual([10, 'AB', '€a', '12   3.0 ff', '\x07', 16, 1295, true])
})

test('tonumber takes a text of more than 512 bytes for no number', () => {
  expect(
    fixture.run(`${LONG} return {tonumber(s) == nil, tonumber(s, 36) == nil, tonumber(s:sub(2), 16) ~= nil}`),
  ).toEqual([true, true, true])
})

test('what would take long in one go is refused by its size', () => {
  const message = (source: string) => failure(() => fixture.run(source)).message
  const format = "local f = (' '):rep(262145)"
  expect(message(`${format} return string.packsize(f)`)).toContain('a shorter format expected')
  expect(message(`${format} return string.pack(f)`)).toContain('a shorter format expected')
  expect(message(`${format} return string.unpack(f, '')`)).toContain('a shorter format expected')
  expect(message(`${format} return ('%q'):format(f)`)).toContain('a shorter text to quote expected')
  expect(fixture.run("return #(('%q'):format(('x'):rep(262144)))")).toBe(262_146)
})

test.each(['utf8.len(s)', 'utf8.offset(s, 5)', 'utf8.codepoint(s)', "string.packsize(s:gsub('a', ' '))"])(
  '%s is charged by the size of its text',
  (expression) => {
    const used = (size: number) => {
      const before = fixture.vm.usedInstructions
      fixture.run(`local s = ('a'):rep(${size}) local _ = ${expression}`)
      return fixture.vm.usedInstructions - before
    }
    expect(used(200_000) - used(10_000)).toBeGreaterThan(190_000 / 8)
  },
)

describe('load', () => {
  test('takes a mebibyte of source and no more, in one piece or in many', () => {
    const source = `
      local function reader(count) local n = 0 return function() n = n + 1 if n <= count then return (' '):rep(65536) end end end
      return {load((' '):rep(1048576)) ~= nil, (select(2, load((' '):rep(1048577)))),
        load(reader(16)) ~= nil, (select(2, load(reader(17))))}`
    const problem = 'a source for load can have 1048576 bytes at most'
    expect(fixture.run(source)).toEqual([true, problem, true, problem])
  })

  test('charges each piece as it arrives', () => {
    const spin = fixture.vm.load("local s = (' '):rep(1000) load(function() return s end)", 'spin.lua')
    const error = failure(() => fixture.vm.call(spin, [], { ...AMPLE, instructions: 100_000 }))
    expect(error.budget).toBe('instructions')
  })

  test('passes on what a reader raises, and what it gives that is no text', () => {
    expect(
      fixture.run(
        "return {(select(2, load(function() error('odd', 0) end))), (select(2, load(function() return {} end)))}",
      ),
    ).toEqual(['odd', 'test.lua:1: reader function must return a string'])
  })
})
