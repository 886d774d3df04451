import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LuaError } from '../errors.ts'
import { createFixture, runTask, type VmFixture } from '../testing/vm-fixture.ts'
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

/** Statements, with a digit for each `$n`. */
const SIMPLE = [
  'note($n)',
  'note(object[$n] + #object - (-object))',
  'object[$n] = $n',
  'note(select(2, object($n, 7)))',
  "note((object + $n) + #(object .. 'x') + #('y' .. object))",
  'if object < object and not (object == setmetatable({}, getmetatable(object))) then note($n) end',
  'note(recurse($n))',
  'note(#{spread(spread($n, table.unpack({1, 2, 3}, 1, $n)))})',
  'do local t = {5, 3, $n, 8} table.sort(t, function(x, y) note(1) return x < y end) note(t[1]) end',
  "note(#(('abc'):gsub('%a', function(c) note($n) return c .. c end)))",
  "for word in ('one two three'):gmatch('%a+') do note(#word + $n) end",
  'do local ok, why = pcall(error, {$n}) note(why[1]) end',
  "note(coroutine.isyieldable() and 1 or select('#', pcall(coroutine.yield, $n)))",
  "note(#tostring(setmetatable({}, {__tostring = function() note($n) return 'text' end})))",
  'note(host($n))',
  "if n % 10 == $n then error('odd ' .. n) end",
]
/** Statements that allocate much, or threads. */
const ALLOCATING = [
  "do local t = {} for i = 1, $n * 20 do t[i] = ('s'):rep(i * 9) .. i end note(#table.concat(t)) end",
  "note(load('local x = ... return x + $n')(1))",
]
/** Statements around others, `$b`. */
const NESTING = [
  'for i = 1, $n do note(i) $b end',
  'do local k = $n while k > 0 do k = k - 1 $b end end',
  'for k, v in ipairs({4, 5, 6}) do note(k * v) $b end',
  'do local ok, why = pcall(function(...) $b return ... end, 1, 2) note(ok and 1 or #tostring(why)) end',
  "note(select('#', xpcall(function() $b end, function(e) note(9) return e end)))",
  'if n % 2 == 0 then $b else $b note($n) end',
  '(function(...) $b end)(n)',
  "note(select('#', (function() $b return object(1, 2) end)()))",
  'do local x <close> = closing($n) $b end',
  '(function() local x <close> = closing($n) $b return spread(1, 2) end)()',
]
const NESTING_IN_COROUTINES = [
  'do local co = coroutine.wrap(function(x) note(x) coroutine.yield(x) $b end) co(4) co() end',
  "note(select('#', coroutine.resume(coroutine.create(function() $b end))))",
]

function programs(simple: readonly string[], nesting: readonly string[]): fc.Arbitrary<string> {
  const fill = (template: string, digit: number, block: string) =>
    template.replaceAll('$n', `${digit}`).replaceAll('$b', block)
  const digit = fc.integer({ min: 0, max: 9 })
  const { block } = fc.letrec<{ statement: string; block: string }>((tie) => ({
    statement: fc
      .oneof(
        { depthSize: 'small', maxDepth: 3 },
        { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...simple), digit, fc.constant('')) },
        { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...nesting), digit, tie('block')) },
      )
      .map(([template, number, inner]) => fill(template, number, inner as string)),
    block: fc.array(tie('statement') as fc.Arbitrary<string>, { maxLength: 3 }).map((all) => all.join('\n')),
  }))
  return fc
    .array(block, { minLength: 1, maxLength: 3 })
    .map((all) => `${PRELUDE}${all.join('\n')}\nreturn log`)
}

interface Outcome {
  readonly value?: LuaValue
  readonly error?: Pick<LuaError, 'kind' | 'message' | 'traceback'>
  readonly usedInstructions: number
  readonly closes: number
}

/** Instructions that two charges for allocation may cost. */
const CHARGED_AT_ONCE = 2500
/** Up to so many instructions a program is run with a full collection at each of them. */
const FEW = 500
const BUDGET: LuaBudget = { instructions: 300_000, wallMs: 1e9 }

function outcomeOf(vm: LuaVm, play: () => LuaValue): Outcome {
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

/** Runs a program as a call, as a task in one slice, set aside wherever it can be, and now and then. */
function expectAlikeInAllSlices(
  { clock, createVm }: VmFixture,
  source: string,
  sliceMs: number,
  { threads, slices }: { threads: number; slices: number },
): void {
  const vm = createVm()
  const whole = outcomeOf(vm, () => vm.call(vm.load(source, 'test.lua'), [], BUDGET))
  const task = (sliceMs: number, stepMs: number, isCollecting = false) => {
    const vm = createVm()
    const between = isCollecting ? () => vm.collectGarbage() : () => {}
    clock.stepMs = stepMs
    const outcome = outcomeOf(vm, () => runTask(vm, source, { budget: BUDGET, sliceMs, between }).value)
    clock.stepMs = 0
    return outcome
  }
  const oneSlice = task(1e9, 0)
  expectAlike(oneSlice, whole, threads, source)
  // Lua repeats the instruction that calls a close method if that has yielded (`luaV_finishOp`).
  const tolerance = slices + oneSlice.closes
  expectAlike(task(0, 0), oneSlice, tolerance, source)
  expectAlike(task(sliceMs, 1), oneSlice, tolerance, source)
  // With its stack gone through, and cut to what is in use, at every instruction.
  if (oneSlice.usedInstructions < FEW) expectAlike(task(0, 0, true), oneSlice, tolerance, source)
}

const sliceMs = fc.integer({ min: 2, max: 9 })

test('a program does the same, and costs the same, wherever it is set aside', async () => {
  const fixture = await createFixture()
  fc.assert(
    fc.property(programs(SIMPLE, NESTING), sliceMs, (source, sliceMs) =>
      expectAlikeInAllSlices(fixture, source, sliceMs, { threads: 0, slices: 0 }),
    ),
    { seed: 54, numRuns: 300 },
  )
  fixture.runtime.close()
})

test('one that allocates much does the same and costs about the same', async () => {
  const fixture = await createFixture()
  const all = programs([...SIMPLE, ...ALLOCATING], [...NESTING, ...NESTING_IN_COROUTINES])
  fc.assert(
    fc.property(all, sliceMs, (source, sliceMs) =>
      // A stack grows and shrinks at other times, and allocation is charged 64 KiB at a time.
      expectAlikeInAllSlices(fixture, source, sliceMs, { threads: CHARGED_AT_ONCE, slices: CHARGED_AT_ONCE }),
    ),
    { seed: 55, numRuns: 300 },
  )
  fixture.runtime.close()
})
