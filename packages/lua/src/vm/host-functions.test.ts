import { beforeEach, describe, expect, test } from 'vitest'
import { LuaError } from '../errors.ts'
import { AMPLE, createFixture, failure, run, type VmFixture } from '../testing/vm-fixture.ts'
import { type LuaArguments, type LuaHostFunction, LuaResults } from './host-functions.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

const define = (fn: LuaHostFunction) => fixture.vm.defineFunction('kaos.room_send', fn)
const message = (source: string) => failure(() => fixture.run(source)).message

describe('arguments', () => {
  test.each<[string, (call: LuaArguments) => unknown, string, string]>([
    [
      'integer',
      (call) => call.integer(2, 'op'),
      '1, nil',
      "bad argument #2 'op' to 'room_send' (integer expected, got nil)",
    ],
    [
      'integer',
      (call) => call.integer(2, 'op'),
      '1',
      "bad argument #2 'op' to 'room_send' (integer expected, got no value)",
    ],
    ['integer', (call) => call.integer(1, 'op'), "'7'", '(integer expected, got string)'],
    ['integer', (call) => call.integer(1, 'op'), '1.5', 'number has no integer representation'],
    [
      'integer',
      (call) => call.integer(1, 'op'),
      'math.maxinteger',
      'number has no integer representation within 2^53',
    ],
    ['number', (call) => call.number(1, 'x'), 'true', '(number expected, got boolean)'],
    [
      'boolean',
      (call) => call.boolean(1, 'reliable'),
      '0',
      "bad argument #1 'reliable' to 'room_send' (boolean expected, got number)",
    ],
    ['string', (call) => call.string(1), '{}', "bad argument #1 to 'room_send' (string expected, got table)"],
    ['string', (call) => call.string(1, 'text'), "'\\xff'", '(string is not valid UTF-8)'],
    ['bytes', (call) => call.bytes(1, 'data'), 'print', '(string expected, got function)'],
    ['function', (call) => call.function(1, 'callback'), 'null', '(function expected, got null)'],
    ['table', (call) => call.table(1, 'options'), 'coroutine.create(print)', '(table expected, got thread)'],
    ['ref', (call) => call.ref(1, 'state'), '', '(value expected, got no value)'],
    [
      'value',
      (call) => call.value(1, 'params'),
      '{players = {{}, {pos = print}}}',
      "bad argument #1 'params' to 'room_send' (params.players[2].pos: a function cannot leave Lua)",
    ],
    ['optional integer', (call) => call.optionalInteger(1, 'op'), "'x'", '(integer expected, got string)'],
  ])('that are no %s are refused as Lua would say it', (_, read, args, text) => {
    define((call) => {
      read(call)
    })
    fixture.vm.defineValue('null', null)
    const said = message(`local _ = 1\nkaos.room_send(${args})`)
    expect(said).toContain('test.lua:2: bad argument #')
    expect(said).toContain(text)
  })

  test('are read as what they are', () => {
    const seen: unknown[] = []
    define((call) => {
      seen.push(call.count, call.integer(1), call.integer(2), call.number(3), call.boolean(4), call.string(5))
      seen.push(call.string(6), call.bytes(7), call.value(8), call.isNil(9), call.isNil(10), call.typeName(1))
    })
    fixture.run("kaos.room_send(1, 2.0, 0.5, false, 'é', 12, '\\xff\\0', {a = {1}}, nil)")
    expect(seen).toEqual([
      9,
      1,
      2,
      0.5,
      false,
      'é',
      '12',
      Uint8Array.of(255, 0),
      { a: [1] },
      true,
      true,
      'number',
    ])
  })

  test('that are optional may be nil or left out', () => {
    const seen: unknown[] = []
    define((call) => {
      seen.push(call.optionalInteger(1), call.optionalNumber(2), call.optionalString(3))
      seen.push(call.optionalBoolean(4), call.optionalBytes(5), call.value(6))
    })
    fixture.run("kaos.room_send(nil, 1.5, 'x', true)")
    expect(seen).toEqual([undefined, 1.5, 'x', true, undefined, undefined])
  })

  test('cannot be read after the call', () => {
    let kept: LuaArguments | undefined
    define((call) => {
      kept = call
    })
    fixture.run('kaos.room_send(1)')
    expect(failure(() => kept?.integer(1)).kind).toBe('closed')
  })

  test('stay apart when a host function calls into Lua and is called again', () => {
    const { vm } = fixture
    define((call) => {
      const depth = call.integer(1, 'depth')
      const fn = call.function(2, 'fn')
      const inner = depth === 0 ? [] : [vm.call(fn, [depth - 1], AMPLE)]
      fn.release()
      return [depth, call.integer(1), ...inner]
    })
    fixture.run('function again(depth) return kaos.room_send(depth, again) end')
    expect(fixture.run('return again(3)')).toEqual([3, 3, [2, 2, [1, 1, [0, 0]]]])
  })
})

describe('results', () => {
  test('are nothing, one value, a reference or several', () => {
    const results: ReturnType<LuaHostFunction>[] = []
    define(() => results.shift())
    const give = (result: ReturnType<LuaHostFunction>) => {
      results.push(result)
      return fixture.run(
        "local t = table.pack(kaos.room_send()) return {n = t.n, t[1] or 'nil', t[2] or 'nil'}",
      )
    }
    fixture.run('function pick(t) return t[1] end')
    results.push(undefined)
    expect(fixture.run("return select('#', kaos.room_send())")).toBe(0)
    results.push('one')
    expect(fixture.run("return select('#', kaos.room_send())")).toBe(1)
    results.push(new LuaResults(undefined, 'room is full'))
    expect(fixture.run('local a, b, c = kaos.room_send() return tostring(a) .. b .. tostring(c)')).toBe(
      'nilroom is fullnil',
    )
    results.push(fixture.vm.ref({ held: true }))
    expect(fixture.run('return kaos.room_send().held')).toBe(true)
    expect(() => give({ n: 1 } as never)).toThrow('an array has the key')
  })

  test('that cannot enter Lua are an error in the script', () => {
    define(() => ({ at: new Date() }) as never)
    expect(message('kaos.room_send()')).toBe(
      'test.lua:1: at: a Date cannot enter Lua, only plain objects and arrays',
    )
  })
})

describe('what a host function throws', () => {
  test('is an error at the line that called it', () => {
    define(() => {
      throw new Error('the room is gone')
    })
    const error = failure(() => fixture.run('\n\nkaos.room_send()'))
    expect(error.message).toBe('test.lua:3: the room is gone')
    expect(error.traceback).toContain("[C]: in field 'room_send'")
    expect(fixture.internalErrors).toEqual([])
  })

  test('can be caught by the script', () => {
    define(() => {
      throw new LuaError('value', 'no')
    })
    expect(fixture.run('return {pcall(function() kaos.room_send() end)}')).toEqual([false, 'test.lua:1: no'])
  })

  test.each([
    ['a TypeError', () => (undefined as unknown as { x: number }).x],
    ['a RangeError', () => new Array(-1)],
    [
      'a string',
      () => {
        throw 'thrown'
      },
    ],
    [
      'nothing',
      () => {
        throw undefined
      },
    ],
  ])('is an internal error and reported, if it is %s', (_, fail) => {
    define(() => {
      fail()
    })
    expect(message('kaos.room_send()')).toMatch(/^test\.lua:1: internal error: /)
    expect(fixture.internalErrors).toHaveLength(1)
    expect(fixture.internalErrors[0]?.functionName).toBe('room_send')
  })

  test('does no harm even if the report throws too', async () => {
    const { vm, run } = await createFixture({
      onInternalError: () => {
        throw new Error('reporter')
      },
    })
    vm.defineFunction('fail', () => {
      throw new TypeError('bug')
    })
    expect(run('return select(2, pcall(fail))')).toBe('internal error: bug')
  })

  test('is cut when it is long', () => {
    define(() => {
      throw new Error('x'.repeat(100_000))
    })
    expect(message('kaos.room_send()').length).toBeLessThan(4200)
  })

  test('unwinds gsub, sort and coroutines as a Lua error does', () => {
    define(() => {
      throw new Error('no')
    })
    const source = `
      local a = pcall(string.gsub, 'x', 'x', kaos.room_send)
      local b = pcall(table.sort, {2, 1}, kaos.room_send)
      local c = coroutine.resume(coroutine.create(kaos.room_send))
      local d = pcall(coroutine.wrap(kaos.room_send))
      return {a, b, c, d}`
    for (let round = 0; round < 200; round++)
      expect(fixture.run(source)).toEqual([false, false, false, false])
  })
})

test('a host function cannot be yielded across, and says so', () => {
  const { vm } = fixture
  fixture.run('function yielding() coroutine.yield(1) end')
  vm.defineFunction('host', (call) => vm.call(call.function(1), [], AMPLE))
  expect(
    fixture.run('return select(2, coroutine.resume(coroutine.create(function() host(yielding) end)))'),
  ).toContain('attempt to yield across a C-call boundary')
})

test('a host function may call into another VM', () => {
  const other = fixture.createVm({ name: 'other' })
  define((call) => run(other, 'return ... + 1', call.integer(1)))
  expect(fixture.run('return kaos.room_send(1) + kaos.room_send(10)')).toBe(13)
})

test('a VM cannot be closed by its own host function', () => {
  define(() => fixture.vm.close())
  expect(message('kaos.room_send()')).toContain("the VM 'test' cannot be closed while it runs")
})

test('onPrint and modules that throw are errors in the script', async () => {
  const { run } = await createFixture({
    onPrint: () => {
      throw new Error('no paper')
    },
    modules: (name) => {
      throw new Error(`${name} is outside of the scripts folder`)
    },
  })
  expect(() => run('print(1)')).toThrow('test.lua:1: no paper')
  expect(() => run("require('x')")).toThrow('test.lua:1: x is outside of the scripts folder')
})
