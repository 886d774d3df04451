import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { AMPLE, failure } from '../../testing/vm-fixture.ts'
import { LuaVm } from '../../vm/vm.ts'
import type { LuaRef } from '../../vm/ref.ts'
import { RuntimeCore } from '../../vm/runtime-core.ts'
import { VmCore } from '../../vm/vm-core.ts'
import { LUA_GLOBALS, LUA_REGISTRY } from '../../wasm/lua-api.ts'
import { LuaWasm } from '../../wasm/lua-wasm.ts'
import { StandardLibrary } from '../standard-library.ts'

/** Runs one call with Lua's own function and with the sandbox's, and tells both outcomes as text. */
const COMPARE = `
local name, subject, pattern, a, b = ...
local function show(...)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = ('%q'):format(parts[i]) end
  return table.concat(parts, ' ')
end
local function collect(gmatch, s, p, init)
  local all = {}
  for x, y, z in gmatch(s, p, init) do
    all[#all + 1] = show(x, y, z)
    if #all > 100 then break end
  end
  return table.concat(all, ' | ')
end
local function outcome(library)
  local fn = library[name]
  if name == 'gmatch' then return show(pcall(collect, fn, subject, pattern, a)) end
  if a == 'table' then a = {a = 'A', b = false, ['1'] = 2, ab = 'XY'} end
  if a == 'function' then
    a = function(x, y) if x == 'b' then return nil end return ('%s<%s>'):format(x, y) end
  end
  return show(pcall(fn, subject, pattern, a, b))
end
return {outcome(native), outcome(string)}`

let vm: LuaVm
let compare: LuaRef

beforeAll(async () => {
  const runtime = new RuntimeCore(await LuaWasm.load(256 * 1024 * 1024))
  const core = new VmCore(runtime, {
    name: 'patterns',
    clock: { unixMs: () => 0, monotonicMs: () => 0 },
    randomSeed: 1,
    modules: () => undefined,
    onPrint: () => {},
  })
  vm = new LuaVm(core)
  vm.defineValue('native', {})
  const { wasm, text } = runtime
  const standard = new StandardLibrary(runtime)
  for (const name of ['find', 'match', 'gmatch', 'gsub']) {
    const original = wasm.addExport(standard.inScratch((find) => find(`string.${name}`)))
    wasm.api.lua_rawgeti(core.main, LUA_REGISTRY, LUA_GLOBALS)
    wasm.api.lua_getfield(core.main, -1, text.cString('native'))
    wasm.api.lua_pushcclosure(core.main, original, 0)
    wasm.api.lua_setfield(core.main, -2, text.cString(name))
    wasm.api.lua_settop(core.main, 0)
  }
  compare = vm.load(COMPARE, 'compare.lua')
})

type Argument = string | number | boolean | undefined

function expectAlike(
  ...args: [name: string, subject: string, pattern: string, a?: Argument, b?: Argument]
): void {
  const [native, ours] = vm.call(compare, args, AMPLE) as (string | Uint8Array)[]
  expect(asText(ours), JSON.stringify(args)).toBe(asText(native))
}

/** An outcome without the name of the function, by which alone Lua's own and the sandbox's may differ. */
function asText(outcome: string | Uint8Array | undefined): string {
  const text = typeof outcome === 'string' ? outcome : Buffer.from(outcome ?? []).toString('latin1')
  return text.replace(/to '(\?|string\.\w+)'/, 'to it')
}

describe('patterns match as in Lua', () => {
  test.each<[string, string]>([
    ['hello world', 'o w'],
    ['hello world', '(o)( )(w)'],
    ['hello', '^h'],
    ['hello', 'o$'],
    ['a$b^c', '$b^'],
    ['  trim me  ', '^%s*(.-)%s*$'],
    ['key = value', '(%w+)%s*=%s*(%w+)'],
    ['2026-11-26', '(%d+)-(%d+)-(%d+)'],
    ['f(a(b)c)d', '%b()'],
    ['THE (quick) fox', '%f[%a]%a+%f[%A]'],
    ['"it\'s"', '(["\'])(.-)%1'],
    ['x^2', '%^'],
    ['[]]', '[]]+'],
    ['a-z', '[a%-z]+'],
    ['a-z', '[a-]+'],
    ['^', '[%^]'],
    ['abc', '[^%a]'],
    ['abc', '()b()'],
    ['', ''],
    ['', '.*'],
    ['aaa', 'a-b'],
    ['aaab', 'a-b'],
    ['aXb', '%u'],
    ['é', '[\x80-\xff]+'],
    ['a\0b', '%z'],
    ['a\0b', '[^\0]+'],
    ['aaa', 'a?a?a?a?'],
    ['abc', '(((b)))'],
    ['hello', '.-(l+)(.*)$'],
  ])('%j with %j', (subject, pattern) => {
    for (const init of [undefined, 1, 2, 3, 99, 0, -1, -3, -99]) {
      expectAlike('find', subject, pattern, init)
      expectAlike('find', subject, pattern, init, true)
      expectAlike('match', subject, pattern, init)
      expectAlike('gmatch', subject, pattern, init)
    }
    for (const replacement of ['<%0>', '%1', '%%', '', 'table', 'function']) {
      for (const limit of [undefined, 0, 1, 2, -1]) expectAlike('gsub', subject, pattern, replacement, limit)
    }
  })

  test.each([
    '%',
    'a%',
    '[',
    '[a',
    '[^',
    '[]',
    '[a%',
    '(',
    ')',
    '(a',
    'a)',
    '%1',
    '(a)%2',
    '(%1)',
    '%b',
    '%bx',
    '%f',
    '%fa',
    '(()',
    `${'('.repeat(33)}`,
    '()'.repeat(33),
    'a?'.repeat(250),
  ])('and refuse %j in the same words', (pattern) => {
    for (const subject of ['', 'a', 'aaaa'.repeat(80)]) {
      expectAlike('find', subject, pattern)
      expectAlike('match', subject, pattern)
      expectAlike('gmatch', subject, pattern)
      expectAlike('gsub', subject, pattern, 'x')
    }
  })

  test.each<[string, ...Argument[]]>([
    ['gsub', 'abc', 'b', '%'],
    ['gsub', 'abc', 'b', '%x'],
    ['gsub', 'abc', 'b', '%2'],
    ['gsub', 'abc', '(b)', '%2'],
    ['gsub', 'abc', '()b', '%1'],
    ['gsub', 'abc', 'b', true],
    ['gsub', 'abc', 'b', undefined],
    ['gsub', 'abc', 'b', 5],
    ['gsub', 'abc', 'b', 'x', 1.5],
    ['gsub', 'abc', 'b', 'x', 'y'],
    ['find', 'abc', 'b', 1.5],
    ['find', 'abc', 'b', '2'],
    ['find', 'abc', 'b', 'x'],
    ['find', 'abc', 'b', true],
    ['match', 12345, 34],
    ['gmatch', 11211, 1],
    ['gsub', 12321, 2, 0],
    ['find', true, 'b'],
    ['find', 'abc', undefined],
    ['match', undefined, 'x'],
    ['gmatch', 'x', true],
  ])('and treat odd arguments alike: %s %j %j %j', (name, subject, pattern, a, b) => {
    expectAlike(name, subject as string, pattern as string, a, b)
  })

  const item = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom('a', 'b', '1', ' ', '.', '%a', '%d', '%s', '%w', '%A', '%D', '%.'),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom('[ab]', '[^a]', '[a-c1]', '[%d%s]', '[%]]', '[^%s]', '[]a]', '[a-]'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '(',
        ')',
        '()',
        '%1',
        '%b()',
        '%bab',
        '%f[%a]',
        '%f[^a]',
        '^',
        '$',
        '%',
        '[',
        ']',
        '-',
      ),
    },
  )
  const suffix = fc.constantFrom('', '', '', '*', '+', '-', '?')
  const pattern = fc
    .tuple(
      fc.constantFrom('', '', '', '^'),
      fc.array(fc.tuple(item, suffix), { maxLength: 6 }),
      fc.constantFrom('', '', '$'),
    )
    .map(([start, items, end]) => start + items.flat().join('') + end)
  const subject = fc.string({
    unit: fc.constantFrom('a', 'b', 'c', '1', ' ', '(', ')', '.', '\0', 'é'),
    maxLength: 14,
  })
  const replacement = fc.constantFrom('', 'x', '%0%0', '<%1>', '%2', '%%', '%', 'table', 'function')

  test('whatever the pattern and the text', () => {
    fc.assert(
      fc.property(subject, pattern, fc.integer({ min: -16, max: 16 }), replacement, (text, p, number, r) => {
        expectAlike('find', text, p, number)
        expectAlike('match', text, p, number)
        expectAlike('gmatch', text, p, number)
        expectAlike('gsub', text, p, r, number < 0 ? undefined : number)
      }),
      { seed: 31, numRuns: 5000 },
    )
  })
})

describe('a match that would take for ever', () => {
  test.each([
    ["('a'):rep(40):find(('.-'):rep(40) .. 'b')", 'backtracking of lazy items'],
    ["('a'):rep(40):match(('a*'):rep(40) .. 'b')", 'backtracking of greedy items'],
    ["('a'):rep(100000):find('.-.-.-b')", 'a cubic search'],
    ["('('):rep(300000):find('%b()')", 'a quadratic search for balance'],
    ["('a'):rep(100000):gsub('a-b', '')", 'a quadratic replacement'],
    ["for _ in ('a'):rep(100000):gmatch('.-.-b') do end", 'a cubic iteration'],
    ["('a'):rep(100000):find('[' .. ('b'):rep(100000) .. ']')", 'a long set'],
    ["while true do ('a'):rep(100000):find(('a'):rep(5000) .. 'b', 1, true) end", 'plain searches'],
  ])('ends with its budget: %s', (source) => {
    const chunk = vm.load(
      source.startsWith('for') || source.startsWith('while') ? source : `return ${source}`,
      'slow.lua',
    )
    const error = failure(() => vm.call(chunk, [], { instructions: 300_000, wallMs: 1e9 }))
    expect(error.kind).toBe('budget')
    expect(error.message).toContain('slow.lua:1: the budget')
    chunk.release()
  })
})

test('gsub callbacks may match, fail and replace in turn', () => {
  const source = `
    local out = ('a1b2'):gsub('%a', function(c)
      local doubled = (c .. c):gsub('.', function(x) return x:upper():match('%u') end)
      return doubled .. #('x'):rep(70000)
    end)
    local ok = pcall(string.gsub, 'abc', '.', function() error('stop') end)
    local words = {}
    for word in ('one two'):gmatch('%a+') do
      for letter in word:gmatch('.') do words[#words + 1] = letter end
    end
    return {out, ok, table.concat(words)}`
  expect(vm.call(vm.load(source, 'nested.lua'), [], AMPLE)).toEqual(['AA700001BB700002', false, 'onetwo'])
})

test('the result of gsub counts as memory of the script', () => {
  const bomb = vm.load("return #(('x'):rep(1000000):gsub('.', ('y'):rep(100)))", 'bomb.lua')
  expect(failure(() => vm.call(bomb, [], AMPLE)).kind).toBe('memory')
})
