// How far one call of a library function can overrun its time, as ../README.md says: each is given the largest
// arguments that were found to fit a VM of 16 MiB. What counts is the longest time between two looks at the clock.
//   npx tsc -b packages/lua/bench && node packages/lua/bench/dist/overrun.js
import { performance } from 'node:perf_hooks'
import { type LuaBudget, LuaRuntime } from '@kaosnet/lua'

const AMPLE: LuaBudget = { instructions: 1e13, wallMs: 1e9 }
/** It ends what would never end, and looks at the clock as often as any other. */
const LIMITED: LuaBudget = { instructions: 1e13, wallMs: 400 }
const ROUNDS = 3
const MANY_VALUES = 90_000

/** What is done, what is made before it and what is measured. */
const CASES: readonly (readonly [string, string, string])[] = [
  ['tonumber, one long text', "local s = ('1'):rep(7e6)", 'tonumber(s)'],
  ['an operator on one long text, "1111…" + 0', "local s = ('1'):rep(7e6)", 'local n = s + 0'],
  ['math.floor of one long text', "local s = ('0'):rep(7e6)", 'math.floor(s)'],
  [
    'math.max of 200,000 texts',
    "local s = ('0'):rep(4096) local t = {} for i = 1, 2e5 do t[i] = s end",
    'math.max(table.unpack(t))',
  ],
  [
    'string.format, 50,000 %d of texts',
    "local s = ('0'):rep(4096) local t = {} for i = 1, 5e4 do t[i] = s end local f = ('%d'):rep(5e4)",
    'f:format(table.unpack(t))',
  ],
  [
    'string.format, 30,000 %99.99f',
    "local t = {} for i = 1, 3e4 do t[i] = 1e308 end local f = ('%99.99f'):rep(3e4)",
    'f:format(table.unpack(t))',
  ],
  ['string.format, %q', "local s = ('\\1'):rep(262144)", "('%q'):format(s)"],
  ['string.pack, packsize, unpack', "local f = (' '):rep(262144)", "string.unpack(f, '')"],
  ['string.rep', '', "('a'):rep(7e6)"],
  ['string.upper', "local s = ('a'):rep(5e6)", 's:upper()'],
  ['string.byte', "local s = ('a'):rep(2e5)", 's:byte(1, -1)'],
  ['string.find, plain', "local s, n = ('a'):rep(7e6), ('a'):rep(2e6) .. 'b'", 's:find(n, 1, true)'],
  ['string.find', "local s = ('a'):rep(7e6)", "s:find('.-b')"],
  ['string.gsub', "local s = ('a'):rep(2e6)", "s:gsub('a', 'b')"],
  ['comparing two texts', "local a, b = ('a'):rep(5e6), ('a'):rep(5e6 - 1) .. 'b'", 'local x = a < b'],
  ['load, one text', "local s = (';'):rep(1048576)", 'load(s)'],
  ['load, a reader', "local s = (';'):rep(1048576)", 'load(function() return s end)'],
  ['table.concat of numbers', 'local t = {} for i = 1, 2e5 do t[i] = 1e300 / i end', 'table.concat(t)'],
  ['table.concat of texts', "local t = {} for i = 1, 4e5 do t[i] = 'abcd' end", 'table.concat(t)'],
  ['table.sort', 'local t = {} for i = 1, 5e5 do t[i] = (i * 7919) % 500009 end', 'table.sort(t)'],
  ['table.insert, remove, move', 'local t = {} for i = 1, 5e5 do t[i] = 1 end', 'table.insert(t, 1, 1)'],
  ['table.unpack, pack', 'local t = {} for i = 1, 2e5 do t[i] = 1 end', 'table.pack(table.unpack(t))'],
  ['utf8.len', "local s = ('€'):rep(2e6)", 'utf8.len(s)'],
  ['utf8.offset', "local s = ('a'):rep(7e6)", 'utf8.offset(s, 7e6)'],
  [
    'utf8.codes, one step',
    "local s = 'a' .. ('\\x80'):rep(7e6) local step = utf8.codes('')",
    'pcall(step, s, 1)',
  ],
  ['os.date', "local s = ('%c'):rep(1e5)", 'os.date(s)'],
  ['json_decode', "local s = '[' .. ('1,'):rep(9e4) .. '1]'", 'decode(s)'],
  ['json_encode', 'local t = {} for i = 1, 9e4 do t[i] = i end', 'encode(t)'],
  ['a host function, 90,000 values', "local t = {} for i = 1, 9e4 do t[i] = 'k' .. i end", 'take(t)'],
  ['a host function, one long text', "local s = ('a'):rep(7e6)", 'take(s)'],
  ['a host function that gives 90,000 values', '', 'give()'],
  ['print', "local s = ('a'):rep(7e6)", 'print(s)'],
  ['a collection of garbage', 'local t = {} for i = 1, 1e5 do t[i] = {} end', "local a = ('x'):rep(14e6)"],
]

const runtime = await LuaRuntime.load()
const values = Array.from({ length: MANY_VALUES }, (_, index) => index)

/** The longest time between two looks at the clock at best, and the error that ended the call if there was one. */
function overrun(before: string, measured: string): { ms: number; end: string } {
  let lookedMs = 0
  let longestMs = 0
  const look = (): number => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - lookedMs)
    lookedMs = nowMs
    return nowMs
  }
  const vm = runtime.createVm({
    name: 'overrun',
    clock: { unixMs: Date.now, monotonicMs: look },
    randomSeed: 1,
    modules: () => undefined,
    onPrint: () => {},
  })
  vm.defineFunction('take', (call) => void call.value(1))
  vm.defineFunction('give', () => values)
  vm.defineJson('encode', 'decode')
  const chunk = vm.load(`${before}\nreturn function() ${measured} end`, 'overrun.lua')
  const call = vm.beginCall(chunk)
  call.invoke(1, AMPLE)
  const target = call.ref(1)
  call.end()
  let end = ''
  lookedMs = performance.now()
  longestMs = 0
  try {
    vm.call(target, [], LIMITED)
  } catch (error) {
    end = String(error).slice(0, 70)
  }
  look()
  vm.close()
  return { ms: longestMs, end }
}

for (const [what, before, measured] of CASES) {
  const all = Array.from({ length: ROUNDS }, () => overrun(before, measured))
  const best = all.reduce((least, one) => (one.ms < least.ms ? one : least))
  console.log(`${what.padEnd(45)} ${best.ms.toFixed(0).padStart(5)} ms  ${best.end}`)
}
runtime.close()
