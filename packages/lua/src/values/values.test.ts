import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { AMPLE, createFixture, failure, type VmFixture } from '../testing/vm-fixture.ts'
import type { LuaRef } from '../vm/ref.ts'
import type { LuaValue } from './lua-value.ts'

let fixture: VmFixture
let identity: LuaRef
beforeAll(async () => {
  fixture = await createFixture()
  fixture.vm.defineArray('array')
  fixture.vm.defineValue('null', null)
  identity = fixture.vm.load('return ...', 'identity.lua')
})

const roundTrip = (value: LuaValue) => fixture.vm.call(identity, [value], AMPLE)
const luaTypeOf = (value: LuaValue) => fixture.run('local v = ... return math.type(v) or type(v)', value)
const evaluate = (expression: string) => fixture.run(`return ${expression}`)
const refusal = (expression: string) => failure(() => evaluate(expression)).message

describe('JavaScript values enter Lua', () => {
  test.each<[LuaValue, string]>([
    [undefined, 'nil'],
    [null, 'userdata'],
    [true, 'boolean'],
    [0, 'integer'],
    [-0, 'float'],
    [1.5, 'float'],
    [2 ** 53 - 1, 'integer'],
    [2 ** 53, 'float'],
    [Number.NaN, 'float'],
    [Number.POSITIVE_INFINITY, 'float'],
    [5n, 'integer'],
    [2n ** 63n - 1n, 'integer'],
    ['text', 'string'],
    [Uint8Array.of(1, 2), 'string'],
    [[], 'table'],
    [{}, 'table'],
  ])('%s as %s', (value, type) => {
    expect(luaTypeOf(value)).toBe(type)
  })

  test('and come back as they were', () => {
    const values: LuaValue[] = [
      undefined,
      null,
      false,
      -7,
      -0,
      0.1,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      2n ** 62n,
      -(2n ** 63n),
      '',
      'naïve 😀 \0',
      Uint8Array.of(0xff, 0x00, 0xc3),
      [],
      {},
      [null, [1, [2]], { a: [] }],
      { list: [{ id: 1 }], none: null, 'odd key!': 'x', '': 0 },
    ]
    for (const value of values) expect(roundTrip(value)).toEqual(value)
  })

  test('without members that are undefined', () => {
    expect(roundTrip({ a: undefined, b: 1 })).toEqual({ b: 1 })
  })

  test('from any Uint8Array, a Buffer for one', () => {
    expect(roundTrip(Buffer.from([0xff, 1]))).toEqual(Uint8Array.of(0xff, 1))
  })

  test('a lone surrogate as the replacement character', () => {
    expect(roundTrip('a\ud800b')).toBe('a\ufffdb')
  })

  test.each<[string, unknown, string]>([
    ['a function', () => 1, 'a function cannot enter Lua'],
    ['a symbol', Symbol('x'), 'a symbol cannot enter Lua'],
    ['a Date', { at: [new Date(0)] }, 'at[0]: a Date cannot enter Lua, only plain objects and arrays'],
    ['a Map', new Map(), 'a Map cannot enter Lua'],
    ['a hole', { list: [1, undefined, 2] }, 'list[1]: an array cannot hold undefined; null can stand in'],
    ['a bigint over 64 bits', { n: 2n ** 63n }, 'n: the bigint does not fit 64 bits'],
    ['a bigint under 64 bits', [-(2n ** 63n) - 1n], '[0]: the bigint does not fit 64 bits'],
  ])('but not %s', (_, value, message) => {
    const error = failure(() => roundTrip(value as LuaValue))
    expect(error.kind).toBe('value')
    expect(error.message).toContain(message)
    expect(roundTrip(1)).toBe(1)
  })

  test('but not a cycle', () => {
    const cycle: { self?: LuaValue } = {}
    cycle.self = cycle as LuaValue
    expect(failure(() => roundTrip(cycle as LuaValue)).message).toMatch(
      /^self\.self.*objects nest more than 32 deep$/,
    )
  })
})

describe('Lua values leave Lua', () => {
  test.each<[string, LuaValue]>([
    ['nil', undefined],
    ['null', null],
    ['3', 3],
    ['3.0', 3],
    ['-0.0', -0],
    ['math.maxinteger', 2n ** 63n - 1n],
    ['math.mininteger', -(2n ** 63n)],
    ['(1 << 53) - 1', 2 ** 53 - 1],
    ['1 << 53', 2n ** 53n],
    ['-(1 << 53)', -(2n ** 53n)],
    ['2^53', 2 ** 53],
    ['1/0', Number.POSITIVE_INFINITY],
    ["'\\xc3\\xa9'", 'é'],
    ["'\\xc3'", Uint8Array.of(0xc3)],
    ["'\\xef\\xbb\\xbfx'", '\ufeffx'],
    ["('é'):rep(100)", 'é'.repeat(100)],
    ["('\\xff'):rep(30)", new Uint8Array(30).fill(0xff)],
    ['{}', {}],
    ['array()', []],
    ['array({})', []],
    ['array({1, 2})', [1, 2]],
    ['{1, 2, {3}}', [1, 2, [3]]],
    ['{[1] = 1, [2.0] = 2}', [1, 2]],
    ['{n = 1, [""] = {}}', { n: 1, '': {} }],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toEqual(value)
  })

  test.each([
    ['{players = {{}, {}, {pos = print}}}', 'players[3].pos: a function cannot leave Lua'],
    ['{["odd key"] = {coroutine.create(print)}}', '["odd key"][1]: a coroutine cannot leave Lua'],
    ['{1, 2, x = 3}', "an array has the key 'x'"],
    ['{a = {1, nil, 3}}', 'a: an array has holes'],
    ['{a = {[2] = 1}}', 'a: an array has holes'],
    ['{[0] = 1}', 'the key 0 makes it neither an array nor an object'],
    ['{[1 << 40] = 1}', 'the key 1099511627776 makes it neither an array nor an object'],
    ['{[0.5] = 1}', 'an array has the key 0.5'],
    ['{[true] = 1}', 'an object has a boolean as a key'],
    ['{[{}] = 1}', 'an object has a key that is neither a string nor a number'],
    ['array({x = 1})', "an array has the key 'x'"],
    ["{['\\xff'] = 1}", 'a key is not valid UTF-8'],
  ])('but not %s', (expression, message) => {
    expect(refusal(expression)).toContain(message)
    expect(evaluate('1')).toBe(1)
  })

  test('but not a cycle', () => {
    expect(failure(() => fixture.run('local t = {} t.t = t return t')).message).toMatch(
      /^bad result #1 \(t\.t.*tables nest more than 32 deep\)$/,
    )
  })

  test('without asking metamethods', () => {
    const source = `return setmetatable({own = 1}, {
      __index = function() error('index') end, __pairs = function() error('pairs') end,
      __len = function() error('len') end, __tostring = function() error('tostring') end, __name = 'X'})`
    expect(fixture.run(source)).toEqual({ own: 1 })
  })

  test('names like __proto__ are members and nothing more', () => {
    const value = evaluate('{__proto__ = {polluted = true}, constructor = 1, toString = 2}') as Record<
      string,
      LuaValue
    >
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value).sort()).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getOwnPropertyDescriptor(value, '__proto__')?.value).toEqual({ polluted: true })
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(roundTrip(JSON.parse('{"__proto__": {"x": 1}}'))).toEqual(JSON.parse('{"__proto__": {"x": 1}}'))
  })
})

describe('arrays', () => {
  test('stay arrays when scripts empty them', () => {
    expect(fixture.run('local t = ... table.remove(t) return t', [1])).toEqual([])
  })

  test('show that they are arrays and cannot be made to be something else', () => {
    expect(fixture.run('return getmetatable(...)', [1])).toBe('array')
    expect(failure(() => fixture.run('setmetatable(..., {})', [1])).message).toContain(
      'cannot change a protected metatable',
    )
  })

  test('are made of plain tables only', () => {
    expect(refusal('array(setmetatable({}, {}))')).toContain(
      'a table with a metatable cannot be marked as an array',
    )
    expect(refusal('array(1)')).toContain('only a table can be an array')
    expect(evaluate('array(array({1}))')).toEqual([1])
  })
})

test('null is equal to itself, prints as null and is true', () => {
  expect(fixture.run('return {null == ..., tostring(null), null and 1, getmetatable(null)}', null)).toEqual([
    true,
    'null',
    1,
    'null',
  ])
})

describe('limits', () => {
  test.each<[string, LuaValue, string]>([
    ['depth', [[[[1]]]], 'nest more than 3 deep'],
    ['values', Array.from({ length: 20 }, () => 1), 'more than 20 values'],
    ['bytes', ['x'.repeat(101)], 'more than 100 bytes of strings'],
    ['bytes', { ['k'.repeat(101)]: 1 }, 'more than 100 bytes of strings'],
    ['bytes', Array.from({ length: 11 }, () => new Uint8Array(10)), 'more than 100 bytes of strings'],
  ])('bound the %s of what crosses, both ways', async (_, value, message) => {
    const limited = await createFixture({ valueLimits: { maxDepth: 3, maxNodes: 20, maxBytes: 100 } })
    expect(failure(() => limited.vm.ref(value)).message).toContain(message)
    const whole = await createFixture()
    const source = `${whole.run(
      `local function show(v)
         if type(v) ~= 'table' then return ('%q'):format(v) end
         local parts = {}
         for k, item in pairs(v) do parts[#parts + 1] = '[' .. show(k) .. ']=' .. show(item) end
         return '{' .. table.concat(parts, ',') .. '}'
       end
       return 'return ' .. show(...)`,
      value,
    )}`
    expect(failure(() => limited.run(source)).message).toContain(message)
  })
})

const luaValue = fc.letrec<{ value: LuaValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<LuaValue>(null, true, false, Number.NaN, -0, Number.POSITIVE_INFINITY),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
    fc.string({ unit: 'binary' }),
    fc
      .uint8Array({ min: 0x80, minLength: 1 })
      .filter((bytes) => Buffer.from(bytes).toString().includes('\ufffd')),
    fc.array(tie('value')),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { noNullPrototype: true }),
  ),
})).value

test('any plain value survives the way into Lua and back', () => {
  fc.assert(
    fc.property(luaValue, (value) => {
      expect(roundTrip(value)).toEqual(value)
    }),
    { seed: 21, numRuns: 3000 },
  )
})
