import { beforeEach, describe, expect, test } from 'vitest'
import { createFixture, failure, run, type VmFixture } from '../testing/vm-fixture.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

const evaluate = (expression: string) => fixture.run(`return ${expression}`)
const message = (source: string) => failure(() => fixture.run(source)).message

describe('scripts see', () => {
  const names = (table: string) =>
    fixture.run(
      `local names = {} for name in pairs(${table}) do names[#names + 1] = name end table.sort(names) return names`,
    )

  test('these globals and no others', () => {
    expect(names('_G')).toEqual(
      [
        '_G',
        '_VERSION',
        'assert',
        'collectgarbage',
        'coroutine',
        'error',
        'getmetatable',
        'ipairs',
        'load',
        'math',
        'next',
        'os',
        'pairs',
        'pcall',
        'print',
        'rawequal',
        'rawget',
        'rawlen',
        'rawset',
        'require',
        'select',
        'setmetatable',
        'string',
        'table',
        'tonumber',
        'tostring',
        'type',
        'utf8',
        'xpcall',
      ].sort(),
    )
    expect(evaluate('_VERSION')).toBe('Lua 5.4')
  })

  test.each([
    ['os', ['clock', 'date', 'difftime', 'time']],
    ['coroutine', ['close', 'create', 'isyieldable', 'resume', 'running', 'status', 'wrap', 'yield']],
    [
      'string',
      [
        'byte',
        'char',
        'find',
        'format',
        'gmatch',
        'gsub',
        'len',
        'lower',
        'match',
        'pack',
        'packsize',
        'rep',
        'reverse',
        'sub',
        'unpack',
        'upper',
      ],
    ],
    ['table', ['concat', 'insert', 'move', 'pack', 'remove', 'sort', 'unpack']],
    ['utf8', ['char', 'charpattern', 'codepoint', 'codes', 'len', 'offset']],
    [
      'math',
      [
        'abs',
        'acos',
        'asin',
        'atan',
        'ceil',
        'cos',
        'deg',
        'exp',
        'floor',
        'fmod',
        'huge',
        'log',
        'max',
        'maxinteger',
        'min',
        'mininteger',
        'modf',
        'pi',
        'rad',
        'random',
        'randomseed',
        'sin',
        'sqrt',
        'tan',
        'tointeger',
        'type',
        'ult',
      ],
    ],
  ])('these functions in %s and no others', (library, expected) => {
    expect(names(library)).toEqual(expected)
  })

  test('no way to the registry or to what the sandbox replaced', () => {
    expect(evaluate("getmetatable('').__index == string and getmetatable('').__gc")).toBeUndefined()
    expect(evaluate('getmetatable(print)')).toBeUndefined()
    expect(evaluate('getmetatable(coroutine.create(print))')).toBeUndefined()
    expect(evaluate("pcall(require, 'io')")).toBe(false)
    expect(evaluate("require('string') == string")).toBe(true)
  })
})

describe('load', () => {
  test('compiles text, with a name and an environment', () => {
    expect(evaluate("load('return 1 + 1')()")).toBe(2)
    expect(evaluate("load('return x', 'named', 't', {x = 5})()")).toBe(5)
    expect(evaluate("select(2, pcall(load('return x', 'named', 't', nil)))")).toContain(
      'attempt to index a nil value',
    )
    expect(evaluate("select(2, load('x =', '=named'))")).toBe('named:1: unexpected symbol near <eof>')
  })

  test('compiles what a function hands out', () => {
    expect(
      fixture.run(
        "local parts = {'return', ' 4', '2'} local i = 0 return load(function() i = i + 1 return parts[i] end)()",
      ),
    ).toBe(42)
  })

  test('never accepts bytecode, whatever mode is asked for', () => {
    for (const mode of ["'b'", "'bt'", 'nil']) {
      expect(evaluate(`select(2, load('\\27LuaT', 'x', ${mode}))`)).toBe(
        "attempt to load a binary chunk (mode is 't')",
      )
    }
    expect(evaluate("select(2, load(function() return '\\27LuaT' end))")).toContain(
      'attempt to load a binary chunk',
    )
  })

  test('says what is wrong with its arguments', () => {
    expect(message('load()')).toContain("bad argument #1 to 'load'")
  })
})

describe('setmetatable', () => {
  test('refuses finalizers, which would run without a budget', () => {
    expect(message('setmetatable({}, {__gc = function() end})')).toBe(
      "test.lua:1: finalizers ('__gc') are not available",
    )
    expect(message('setmetatable({}, {__gc = true})')).toContain('finalizers')
  })

  test('runs no finalizer that was added later', () => {
    fixture.run(
      "local mt = {} for i = 1, 100 do setmetatable({}, mt) end mt.__gc = function() print('gone') end",
    )
    fixture.vm.collectGarbage()
    fixture.vm.close()
    expect(fixture.printed).toEqual([])
  })

  test('is otherwise that of Lua', () => {
    expect(evaluate('getmetatable(setmetatable({}, {__metatable = 7}))')).toBe(7)
    expect(evaluate('getmetatable(setmetatable({}, nil))')).toBeUndefined()
    expect(
      evaluate("setmetatable({}, setmetatable({}, {__index = function() return 'inherited' end})) ~= nil"),
    ).toBe(true)
    expect(message('setmetatable(1, {})')).toBe(
      "test.lua:1: bad argument #1 to 'setmetatable' (table expected, got number)",
    )
    expect(message('setmetatable({}, 1)')).toContain(
      "bad argument #2 to 'setmetatable' (nil or table expected, got number)",
    )
  })
})

describe('collectgarbage', () => {
  test('tells how much memory is in use, in KiB', () => {
    expect(evaluate("math.type(collectgarbage('count'))")).toBe('float')
    expect(evaluate("collectgarbage('count')")).toBeGreaterThan(5)
  })

  test.each(["'collect'", "'stop'", "'setpause', 1000", "'generational'", '', '1'])(
    'refuses (%s)',
    (args) => {
      expect(message(`collectgarbage(${args})`)).toBe("test.lua:1: collectgarbage offers 'count' only")
    },
  )
})

describe('print', () => {
  test('hands the host one line', () => {
    fixture.run("print(1, nil, 'x', 2.5, setmetatable({}, {__tostring = function() return 'T' end})) print()")
    expect(fixture.printed).toEqual(['1\tnil\tx\t2.5\tT', ''])
  })

  test('cuts a long line', () => {
    fixture.run("print(('x'):rep(100000), 'y')")
    expect(fixture.printed[0]).toMatch(/^x{16384}… \(100000 bytes\)$/)
  })
})

describe('math.random', () => {
  const rolls = (seed: number | bigint) =>
    run(
      fixture.createVm({ randomSeed: seed }),
      'local t = {} for i = 1, 10 do t[i] = math.random(1000) end return t',
    )

  test('depends on the seed of the VM and on nothing else', () => {
    expect(rolls(7)).toEqual(rolls(7))
    expect(rolls(7)).toEqual(rolls(7n))
    expect(rolls(7)).not.toEqual(rolls(8))
    expect(rolls(2n ** 64n + 7n)).toEqual(rolls(7))
  })

  test('can be seeded by the script, with a seed or without, deterministically', () => {
    const seeded = (call: string) =>
      run(fixture.createVm(), `math.randomseed(${call}) return math.random(1 << 30)`)
    expect(seeded('5')).toBe(seeded('5'))
    expect(seeded('5')).not.toBe(seeded('6'))
    expect(seeded('')).toBe(seeded(''))
    expect(seeded('')).not.toBe(run(fixture.createVm(), 'return math.random(1 << 30)'))
    const source =
      'math.randomseed() local a = math.random(1 << 30) math.randomseed() return a ~= math.random(1 << 30)'
    expect(evaluate(`(function() ${source} end)()`)).toBe(true)
  })
})

describe('table functions on tables that lie about their length', () => {
  test.each(['table.insert(t, 1, 0)', 'table.remove(t, 1)', 'table.sort(t)'])('%s refuses', (call) => {
    expect(message(`local t = setmetatable({}, {__len = function() return 1 << 40 end}) ${call}`)).toContain(
      "does not work on a table with '__len'",
    )
  })

  test('work as ever on honest ones', () => {
    const source = `
      local t = {3, 1, 2}
      table.insert(t, 1, 9) table.insert(t, 0) table.sort(t, function(a, b) return a > b end)
      local removed = table.remove(t, 2)
      table.move(t, 1, 2, 3)
      return {t, removed, table.remove(t), table.concat(t, '-'), #table.pack(table.unpack(t))}`
    expect(fixture.run(source)).toEqual([[9, 2, 9], 3, 2, '9-2-9', 3])
    expect(message('table.insert({}, 5, 1)')).toContain(
      "bad argument #2 to 'insert' (position out of bounds)",
    )
    expect(message('table.insert(nil, 5, 1)')).toContain(
      "bad argument #1 to 'insert' (table expected, got nil)",
    )
    expect(message('table.insert({}, 1, 2, 3)')).toContain("wrong number of arguments to 'insert'")
    expect(message("table.sort({1, 'x'})")).toContain('attempt to compare')
    expect(message('table.move({}, 1)')).toContain(
      "bad argument #3 to 'move' (number expected, got no value)",
    )
  })
})

test('string.rep is that of Lua', () => {
  expect(
    evaluate(
      "{('ab'):rep(3), ('ab'):rep(2, '-'), ('x'):rep(0), ('x'):rep(-1), (''):rep(1 << 60), (''):rep(3, ','), ('5'):rep(2)}",
    ),
  ).toEqual(['ababab', 'ab-ab', '', '', '', ',,', '55'])
  expect(message("(''):rep({})")).toContain("bad argument #1 to 'rep' (number expected, got table)")
})
