import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createFixture, failure, type VmFixture } from '../testing/vm-fixture.ts'

let fixture: VmFixture
beforeAll(async () => {
  fixture = await createFixture()
  fixture.vm.defineJson('encode', 'decode')
  fixture.vm.defineArray('array')
  fixture.vm.defineValue('null', null)
})
const run: VmFixture['run'] = (...args) => fixture.run(...args)
const encode = (expression: string) => run(`return encode(${expression})`)

describe('json encode', () => {
  test.each([
    ['nil', 'null'],
    ['null', 'null'],
    ['true', 'true'],
    ['3', '3'],
    ['3.0', '3.0'],
    ['-0.0', '-0.0'],
    ['0.1', '0.1'],
    ['1e300', '1e+300'],
    ['2^53', '9007199254740992.0'],
    ['math.maxinteger', '9223372036854775807'],
    ['math.mininteger', '-9223372036854775808'],
    ['{}', '{}'],
    ['array()', '[]'],
    ['array{1, 2}', '[1,2]'],
    ['{1, {2}, null}', '[1,[2],null]'],
    ['{b=1, a={}, ["é"]=2}', '{"a":{},"b":1,"é":2}'],
    ['{a=nil}', '{}'],
    ['"\\"\\\\/\\8\\12\\n\\r\\t\\0\\31\\127"', '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f"'],
    ['"€😀"', '"€😀"'],
  ])('writes %s as %s', (expression, json) => {
    expect(encode(expression)).toBe(json)
  })

  test.each([
    ['{players={{pos=print}}}', 'cannot encode JSON: players[1].pos: a function has no JSON form'],
    ['coroutine.create(print)', 'a coroutine or userdata has no JSON form'],
    ['{0/0}', '[1]: the number NaN has no JSON form'],
    ['1/0', 'the number Infinity has no JSON form'],
    ['-1/0', 'the number -Infinity has no JSON form'],
    ['{name="\\xff"}', 'name: the string is not valid UTF-8'],
    ['{["\\xff"]=1}', 'a key is not valid UTF-8'],
    ['{1, nil, 3}', 'an array has holes'],
    ['{[1]=1, [3]=3}', 'an array has holes'],
    ['{1, x=2}', 'an array has a key that is no position in it'],
    ['{[2.5]=1}', 'an array has a key that is no position in it'],
    ['{x=1, [true]=2}', 'that is no string'],
    ['{[{}]=2}', 'that is no string'],
    ['string.rep("x", 1024 * 1024)', 'the text is over 1048576 bytes'],
  ])('refuses %s and says why', (expression, message) => {
    expect(() => encode(expression)).toThrow(message)
  })

  test('ends a cycle with an error', () => {
    expect(() => run('local t = {} t.self = t return encode(t)')).toThrow('tables nest more than 32 deep')
  })

  test('reads tables raw, whatever their metatables say', () => {
    const source = `return encode(setmetatable({a = 1}, {
      __index = function() error('index') end, __pairs = function() error('pairs') end,
      __len = function() error('len') end, __tostring = function() error('tostring') end}))`
    expect(run(source)).toBe('{"a":1}')
  })

  test('wants a value', () => {
    expect(() => run('encode()')).toThrow("test.lua:1: bad argument #1 to 'json_encode' (value expected)")
  })
})

describe('json decode', () => {
  test.each([
    ['3', 'integer'],
    ['-0', 'integer'],
    ['3.0', 'float'],
    ['3e0', 'float'],
    ['9223372036854775807', 'integer'],
    ['-9223372036854775808', 'integer'],
    ['9223372036854775808', 'float'],
  ])('reads %s as %s', (json, type) => {
    expect(run('return math.type(decode(...))', json)).toBe(type)
  })

  test('keeps all 64 bits of an integer', () => {
    expect(run('return encode(decode("[9223372036854775807,-9223372036854775808,9007199254740993]"))')).toBe(
      '[9223372036854775807,-9223372036854775808,9007199254740993]',
    )
  })

  test('tells the empty array, the empty object and null apart', () => {
    expect(run('return encode(decode(\'{"a":[],"o":{},"n":null}\'))')).toBe('{"a":[],"n":null,"o":{}}')
    expect(run("return decode('[null]')[1] == null")).toBe(true)
  })

  test('keeps an array an array when a script empties it', () => {
    expect(run("local t = decode('[1]') t[1] = nil return encode(t)")).toBe('[]')
  })

  test('takes the last of equal names', () => {
    expect(run('return decode(\'{"a":1,"a":2}\').a')).toBe(2)
  })

  test('reads every escape', () => {
    const text = run('return decode(...)', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00\\u0000"')
    expect(text).toBe('"\\/\b\f\n\r\té€😀\0')
  })

  test.each([
    ['', 'the text ends early (line 1, column 1, byte 1)'],
    ['  ', 'the text ends early (line 1, column 3, byte 3)'],
    ['{"a":1,\n "b":x}', 'a value is expected (line 2, column 6, byte 14)'],
    ['[1,]', 'a value is expected (line 1, column 4, byte 4)'],
    ['[1 2]', "',' or ']' is expected (line 1, column 4, byte 4)"],
    ['[', 'the text ends early'],
    ['{"a" 1}', "':' is expected"],
    ['{"a":1', "',' or '}' is expected"],
    ['{a:1}', 'a name in quotes is expected'],
    ['{"a":1,}', 'a name in quotes is expected'],
    ['1 2', 'there is more after the value (line 1, column 3, byte 3)'],
    ['01', 'the number is malformed (line 1, column 1, byte 1)'],
    ['+1', 'the number is malformed'],
    ['-', 'the number is malformed'],
    ['.5', 'the number is malformed'],
    ['1.', 'the number is malformed'],
    ['nul', 'a value is expected'],
    ['NaN', 'a value is expected'],
    ['1e999', 'the number is out of range'],
    ['"abc', 'the string does not end (line 1, column 5, byte 5)'],
    ['"a\nb"', 'a control character in a string must be escaped (line 1, column 3, byte 3)'],
    ['"\\x41"', 'the escape is unknown'],
    ['"\\u12"', 'the escape is unknown'],
    ['"\\', 'the escape is unknown'],
    ['"\\ud800"', 'half of a surrogate pair stands alone'],
    ['"\\ud800\\u0041"', 'half of a surrogate pair stands alone'],
    ['"\\udc00\\ud800"', 'half of a surrogate pair stands alone'],
    ['\ufeff1', 'a value is expected'],
    [`${'['.repeat(33)}${']'.repeat(33)}`, 'values nest more than 32 deep'],
  ])('refuses %j and says where', (json, message) => {
    expect(() => run('return decode(...)', json)).toThrow(`test.lua:1: invalid JSON: ${message}`)
  })

  test('refuses a text over the limit', () => {
    expect(() => run("return decode((' '):rep(1024 * 1024 + 1))")).toThrow('the text is over 1048576 bytes')
  })

  test('refuses bytes that are not UTF-8', () => {
    expect(() => run('return decode(\'["ok","a\\xffb"]\')')).toThrow(
      'the string that goes on here is not valid UTF-8 (line 1, column 8, byte 8)',
    )
    expect(() => run('return decode(\'"\\xed\\xa0\\x80"\')')).toThrow('not valid UTF-8') // a lone surrogate, raw
  })

  test('accepts 32 levels', () => {
    const json = `${'['.repeat(32)}${']'.repeat(32)}`
    expect(run('return encode(decode(...))', json)).toBe(json)
  })

  test('wants a string', () => {
    expect(() => run('decode(12)')).toThrow("test.lua:1: bad argument #1 to 'json_decode' (string expected)")
  })

  test('counts what it builds as the memory of the script', async () => {
    const { vm, run } = await createFixture({ memoryLimitBytes: 1024 * 1024 })
    vm.defineJson('encode', 'decode')
    const many = `[${Array(30_000).fill('[]').join(',')}]`
    expect(() => run('return #decode(...)', many)).toThrow('not enough memory')
    expect(run('return #decode("[1,2]")')).toBe(2)
  })
})

test('encoding is charged by the value, even when the text grows too long in the end', async () => {
  const { vm, run } = await createFixture()
  vm.defineJson('encode', 'decode')
  run('shared = {1} for _ = 1, 30 do shared = {shared, shared} end')
  const before = vm.usedInstructions
  expect(run('return (pcall(encode, shared))')).toBe(false)
  expect(vm.usedInstructions - before).toBeGreaterThan(1_000_000)
  const chunk = vm.load('while true do pcall(encode, shared) end', 'test.lua')
  expect(failure(() => vm.call(chunk, [], { instructions: 1_000_000, wallMs: 1e9 })).kind).toBe('budget')
})

test('limits can be set for each VM', async () => {
  const { vm, run } = await createFixture()
  vm.defineJson('json.encode', 'json.decode', { maxDepth: 1, maxBytes: 10 })
  expect(run('return json.encode({1})')).toBe('[1]')
  expect(() => run('return json.encode({{}})')).toThrow('[1]: tables nest more than 1 deep')
  expect(() => run('return json.encode("123456789")')).toThrow('the text is over 10 bytes')
  expect(() => run('return json.decode("[[]]")')).toThrow('values nest more than 1 deep')
  expect(() => run('return json.decode("            ")')).toThrow('the text is over 10 bytes')
})

/** Values that JavaScript and Lua see alike: no −0, and no integer that only 64 bits can hold. */
const jsonValue = fc
  .jsonValue({ maxDepth: 5 })
  .map((value) =>
    JSON.parse(JSON.stringify(value), (_, member) =>
      Number.isInteger(member) && !Number.isSafeInteger(member) ? 0.5 : member,
    ),
  )

describe('json agrees with JavaScript', () => {
  test('decoding what JSON.stringify wrote gives the same value', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(run('return decode(...)', JSON.stringify(value))).toEqual(value)
      }),
      { seed: 11, numRuns: 4000 },
    )
  })

  test('JSON.parse reads what encode wrote', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(JSON.parse(run('return encode(...)', value) as string)).toEqual(value)
      }),
      { seed: 12, numRuns: 4000 },
    )
  })

  test('encoding what was decoded from an encoding gives the same text', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const text = run('return encode(...)', value)
        expect(run('return encode(decode(...))', text)).toBe(text)
      }),
      { seed: 13, numRuns: 4000 },
    )
  })

  test('a damaged text is refused where JSON.parse refuses it', () => {
    const damaged = fc
      .tuple(
        jsonValue,
        fc.nat(),
        fc.constantFrom('', '"', '\\', ',', ']', '}', '0', '-', ' ', 'e', '.', '\u0001'),
      )
      .map(([value, at, inserted]) => {
        const text = JSON.stringify(value)
        const cut = at % (text.length + 1)
        return text.slice(0, cut) + inserted + text.slice(cut + 1)
      })
      .filter(
        (text) =>
          !/\d{400}|[eE]\+?\d{3}|\\u[dD][89a-fA-F]/.test(text) && Buffer.from(text).toString() === text,
      )
    fc.assert(
      fc.property(damaged, (text) => {
        expect(run('return (pcall(decode, ...))', text)).toBe(isJson(text))
      }),
      { seed: 14, numRuns: 4000 },
    )
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
