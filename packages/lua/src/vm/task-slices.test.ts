import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LuaError } from '../errors.ts'
import { createFixture, runTask } from '../testing/vm-fixture.ts'
import type { LuaValue } from '../values/lua-value.ts'
import type { LuaBudget } from './budget.ts'
import type { LuaVm } from './vm.ts'

/** What every program can use: most ways to be in the middle of something when a slice is over. */
const PRELUDE = `
local log, n, depth = {}, 0, 0
local function note(x) n = (n * 31 + x) % 1000003 if #log < 200 then log[#log + 1] = n end end
local object = setmetatable({}, {
  __index = function(_, k) note(1) return k * 2 end,
  __newindex = function(t, k, v) note(v) rawset(t, 'n', v) end,
  __call = function(_, a, b) note(a) return b, a end,
  __add = function(a, b) note(2) return 3 end,
  __concat = function(a, b) note(3) return 'joined' end,
  __lt = function(a, b) note(4) return true end,
  __eq = function(a, b) note(5) return false end,
  __len = function() note(6) return 5 end,
  __unm = function() note(7) return 8 end,
})
local function closing(x) return setmetatable({}, {__close = function(_, e) note(x) closes = (closes or 0) + 1 end}) end
local function recurse(k) if k <= 0 then return 0 end return 1 + recurse(k - 1) end
local function spread(...) return select('#', ...), ... end
`

const number = fc.integer({ min: 0, max: 9 })
const { statement } = fc.letrec<{ statement: string; block: string }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    number.map((a) => `note(${a})`),
    number.map((a) => `note(object[${a}] + #object - (-object))`),
    number.map((a) => `object[${a}] = ${a}`),
    number.map((a) => `note(select(2, object(${a}, 7)))`),
    number.map((a) => `note((object + ${a}) + #(object .. 'x') + #('y' .. object))`),
    number.map(
      (a) =>
        `if object < object and not (object == setmetatable({}, getmetatable(object))) then note(${a}) end`,
    ),
    number.map((a) => `note(recurse(${a}))`),
    number.map((a) => `note(#{spread(spread(${a}, table.unpack({1, 2, 3}, 1, ${a})))})`),
    number.map(
      (a) =>
        `do local t = {} for i = 1, ${a} * 20 do t[i] = ('s'):rep(i * 9) .. i end note(#table.concat(t)) end`,
    ),
    number.map(
      (a) =>
        `do local t = {5, 3, ${a}, 8} table.sort(t, function(x, y) note(1) return x < y end) note(t[1]) end`,
    ),
    number.map((a) => `note(#(('abc'):gsub('%a', function(c) note(${a}) return c .. c end)))`),
    number.map((a) => `for word in ('one two three'):gmatch('%a+') do note(#word + ${a}) end`),
    number.map((a) => `note(load('local x = ... return x + ${a}')(1))`),
    number.map((a) => `do local ok, why = pcall(error, {${a}}) note(why[1]) end`),
    number.map((a) => `note(coroutine.isyieldable() and 1 or select('#', pcall(coroutine.yield, ${a})))`),
    number.map(
      (a) => `note(#tostring(setmetatable({}, {__tostring = function() note(${a}) return 'text' end})))`,
    ),
    number.map((a) => `note(host(${a}))`),
    number.map((a) => `if n % 10 == ${a} then error('odd ' .. n) end`),
    fc.tuple(number, tie('block')).map(([a, b]) => `for i = 1, ${a} do note(i) ${b} end`),
    fc.tuple(number, tie('block')).map(([a, b]) => `do local k = ${a} while k > 0 do k = k - 1 ${b} end end`),
    tie('block').map((b) => `for k, v in ipairs({4, 5, 6}) do note(k * v) ${b} end`),
    tie('block').map(
      (b) =>
        `do local ok, why = pcall(function(...) ${b} return ... end, 1, 2) note(ok and 1 or #tostring(why)) end`,
    ),
    tie('block').map(
      (b) => `note(select('#', xpcall(function() ${b} end, function(e) note(9) return e end)))`,
    ),
    fc.tuple(tie('block'), tie('block')).map(([a, b]) => `if n % 2 == 0 then ${a} else ${b} end`),
    tie('block').map((b) => `(function(...) ${b} end)(n)`),
    tie('block').map((b) => `note(select('#', (function() ${b} return object(1, 2) end)()))`),
    tie('block').map(
      (b) => `do local co = coroutine.wrap(function(x) note(x) coroutine.yield(x) ${b} end) co(4) co() end`,
    ),
    tie('block').map((b) => `note(select('#', coroutine.resume(coroutine.create(function() ${b} end))))`),
    fc.tuple(number, tie('block')).map(([a, b]) => `do local x <close> = closing(${a}) ${b} end`),
    fc
      .tuple(number, tie('block'))
      .map(([a, b]) => `(function() local x <close> = closing(${a}) ${b} return spread(1, 2) end)()`),
  ),
  block: fc.array(tie('statement') as fc.Arbitrary<string>, { maxLength: 3 }).map((all) => all.join(' ')),
}))
const program = fc
  .array(statement, { minLength: 1, maxLength: 6 })
  .map((all) => PRELUDE + all.join('\n') + '\nreturn log')

interface Outcome {
  readonly value?: LuaValue
  readonly error?: Pick<LuaError, 'kind' | 'message' | 'traceback'>
  readonly usedInstructions: number
  readonly closes: number
}

const BUDGET: LuaBudget = { instructions: 300_000, wallMs: 1e9 }

function outcomeOf(vm: LuaVm, source: string, play: () => LuaValue): Outcome {
  vm.defineFunction('host', (call) => {
    const inner = vm.load('local n = ... for i = 1, 9 do n = n + i end return n', 'inner.lua')
    try {
      return vm.call(inner, [call.integer(1)], BUDGET)
    } finally {
      inner.release()
    }
  })
  const ending = ((): Pick<Outcome, 'value' | 'error'> => {
    try {
      return { value: play() }
    } catch (error) {
      const { kind, message, traceback } = error as LuaError
      return { error: { kind, message, traceback } }
    }
  })()
  const { usedInstructions } = vm
  const closes = Number(vm.call(vm.load('return closes or 0', 'closes.lua'), [], BUDGET))
  vm.close()
  return { ...ending, usedInstructions, closes }
}

/**
 * Both did the same and used as many instructions, give or take so many. Where the budget ended one of them
 * it was near its end in the other, too.
 */
function expectAlike(
  actual: Outcome,
  expected: Outcome,
  toleranceInstructions: number,
  source: string,
): void {
  const { usedInstructions, ...rest } = actual
  const { usedInstructions: expectedInstructions, ...expectedRest } = expected
  const difference = Math.abs(usedInstructions - expectedInstructions)
  expect(difference, source).toBeLessThanOrEqual(toleranceInstructions)
  const isTripped = actual.error?.kind === 'budget' || expected.error?.kind === 'budget'
  if (!isTripped || difference === 0) expect(rest, source).toEqual(expectedRest)
}

test('a program does the same, and costs the same, wherever it is set aside', async () => {
  const { runtime, clock, createVm } = await createFixture()
  fc.assert(
    fc.property(program, fc.integer({ min: 2, max: 9 }), (source, sliceMs) => {
      const wholeVm = createVm()
      const whole = outcomeOf(wholeVm, source, () =>
        wholeVm.call(wholeVm.load(source, 'test.lua'), [], BUDGET),
      )
      const task = (sliceMs: number, stepMs: number) => {
        const vm = createVm()
        clock.stepMs = stepMs
        const outcome = outcomeOf(vm, source, () => runTask(vm, source, { budget: BUDGET, sliceMs }).value)
        clock.stepMs = 0
        return outcome
      }
      const oneSlice = task(1e9, 0)
      // The stack of a coroutine grows at other times than the main thread's, and allocation is charged.
      expectAlike(oneSlice, whole, 100 + whole.usedInstructions / 100, source)
      // Lua repeats the instruction that calls a close method if that has yielded (`luaV_finishOp`).
      expectAlike(task(0, 0), oneSlice, oneSlice.closes, source)
      expectAlike(task(sliceMs, 1), oneSlice, oneSlice.closes, source)
    }),
    { seed: 54, numRuns: 300 },
  )
  runtime.close()
})
