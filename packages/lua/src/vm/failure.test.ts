import { beforeEach, describe, expect, test } from 'vitest'
import { AMPLE, createFixture, failure, run, type VmFixture } from '../testing/vm-fixture.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

const failureOf = (source: string) => failure(() => fixture.run(source))

test('an error carries its message, its position and the whole Lua stack', () => {
  const error = failureOf(
    'local function aim(t)\n  return t.x\nend\nlocal function fire()\n  local x = aim(nil)\nend\nfire()',
  )
  expect(error.kind).toBe('runtime')
  expect(error.message).toBe("test.lua:2: attempt to index a nil value (local 't')")
  expect(error.traceback).toBe(
    [
      'stack traceback:',
      "\ttest.lua:2: in upvalue 'aim'",
      "\ttest.lua:5: in local 'fire'",
      '\ttest.lua:7: in main chunk',
    ].join('\n'),
  )
})

test('a traceback marks tail calls, unnamed functions and C functions', () => {
  const error = failureOf(
    "local f = function() error('x') end\nlocal function tail() return f() end\n(function() tail() end)()",
  )
  expect(error.traceback).toBe(
    [
      'stack traceback:',
      "\t[C]: in function 'error'",
      '\ttest.lua:1: in function <test.lua:1>',
      '\t(...tail calls...)',
      '\ttest.lua:3: in function <test.lua:3>',
      '\ttest.lua:3: in main chunk',
    ].join('\n'),
  )
})

describe('an error object', () => {
  test('that is a string is the message', () => {
    const error = failureOf("error('plain', 0)")
    expect(error).toMatchObject({ message: 'plain', value: 'plain' })
  })

  test('that is a number is the message', () => {
    expect(failureOf('error(42)')).toMatchObject({ message: '42', value: '42' })
  })

  test('that is a plain table comes along as a value', () => {
    const error = failureOf("error({code = 7, text = 'full'})")
    expect(error.message).toMatch(/^table: 0x/)
    expect(error.value).toEqual({ code: 7, text: 'full' })
  })

  test('with __tostring speaks for itself', () => {
    const error = failureOf(
      "error(setmetatable({code = 7}, {__tostring = function(e) return 'code ' .. e.code end}))",
    )
    expect(error).toMatchObject({ message: 'code 7', value: { code: 7 } })
  })

  test.each([
    ['throws', "error('again')"],
    ['throws itself', 'error(e)'],
    ['gives no string', 'return {}'],
    ['eats memory', "local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end"],
  ])('whose __tostring %s has no text', (_, body) => {
    const error = failureOf(`error(setmetatable({}, {__tostring = function(e) ${body} end}))`)
    expect(error).toMatchObject({ kind: 'runtime', message: 'the error object has no text' })
  })

  test('that is nil, a function or a coroutine is reported without a value', () => {
    expect(failureOf('error(nil)')).toMatchObject({ message: 'nil', value: undefined })
    expect(failureOf('error(print)')).toMatchObject({ kind: 'runtime', value: undefined })
    expect(failureOf('error(coroutine.create(print))')).toMatchObject({ kind: 'runtime', value: undefined })
  })

  test('that is too large for a value is cut or left out', () => {
    const text = failureOf("error(('x'):rep(1000000), 0)")
    expect(text.message).toMatch(/^x{4096}… \(1000000 bytes\)$/)
    const table = failureOf('local t = {} for i = 1, 1000 do t[i] = i end error(t)')
    expect(table.value).toBeUndefined()
  })

  test('of bytes that are no text gives a message all the same', () => {
    expect(failureOf("error('\\xff\\xfe', 0)").message).toBe('\ufffd\ufffd')
  })
})

test('long names make no long traceback', () => {
  const name = 'f'.repeat(100_000)
  const error = failureOf(
    `function ${name}(n) if n == 0 then error('end') end ${name}(n - 1) end ${name}(50)`,
  )
  expect(error.traceback).toContain('(skipping')
  expect(error.traceback.length).toBeLessThan(8192)
})

test('an error in a coroutine names the place in the coroutine', () => {
  const error = failureOf("local co = coroutine.wrap(function()\n error('inside') end)\nco()")
  expect(error.message).toMatch(/test\.lua:2: inside/)
})

test('what a script catches leaves no trace in the next error', () => {
  fixture.run('pcall(error, "caught")')
  const error = failureOf("xpcall(error, function() end, 'caught')\nerror('loose')")
  expect(error).toMatchObject({ message: 'test.lua:2: loose' })
})

test('memory runs out where it is used, and the error says where', () => {
  const error = failureOf("local t = {}\nfor i = 1, 1e9 do\n  t[i] = ('x'):rep(1000) .. i\nend")
  expect(error).toMatchObject({ kind: 'memory', message: 'test.lua:3: not enough memory' })
  expect(error.traceback).toContain('test.lua:3: in main chunk')
  expect(fixture.run('return 1 + 1')).toBe(2)
})

test('a script can catch that memory has run out', () => {
  const source = `
    local ok, why = pcall(function() local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end end)
    return tostring(ok) .. ' ' .. why`
  expect(fixture.run(source)).toBe('false not enough memory')
})

test('source that does not compile is a syntax error', () => {
  const error = failure(() => fixture.vm.load('local x = = 1', 'broken.lua'))
  expect(error).toMatchObject({ kind: 'syntax', message: "broken.lua:1: unexpected symbol near '='" })
})

test('bytecode is no source', () => {
  const error = failure(() => fixture.vm.load('\x1bLuaS', 'binary.lua'))
  expect(error).toMatchObject({ kind: 'syntax', message: "attempt to load a binary chunk (mode is 't')" })
})

test('failing calls leave nothing behind', () => {
  const { vm } = fixture
  const fail = vm.load("local function f(n) if n == 0 then error('x') end f(n - 1) end f(10)", 'test.lua')
  const attempt = () => expect(failure(() => vm.call(fail, [1, 2, 3], AMPLE)).kind).toBe('runtime')
  for (let round = 0; round < 100; round++) attempt()
  run(vm, 'return 1')
  const before = vm.memoryBytes
  for (let round = 0; round < 5000; round++) attempt()
  expect(vm.memoryBytes - before).toBeLessThan(20_000)
})
