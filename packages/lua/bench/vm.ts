// What a VM costs, as the table in ../README.md shows it:
//   npx tsc -b packages/lua/bench && node packages/lua/bench/dist/vm.js
import { performance } from 'node:perf_hooks'
import { type LuaBudget, type LuaRef, LuaRuntime, type LuaVm } from '@kaosnet/lua'

const BUDGET: LuaBudget = { instructions: 1e12, wallMs: 1e9 }
const ROUNDS = 15
const VM_COUNT = 1000
const MESSAGE_BYTES = 32

const ROOM = `
local M = {}
function M.match_loop(ctx, state, tick, messages)
  state.tick = tick
  for index = 1, #messages do state.last = messages[index].data end
  return state
end
function M.host(n) for i = 1, n do host(i, 'x') end end
function M.fib(n) if n < 2 then return n end return M.fib(n - 1) + M.fib(n - 2) end
function M.loop(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end
function M.objects(n) local mt = {} for i = 1, n do local o = setmetatable({x = i, y = i}, mt) end end
function M.coroutines(n) for i = 1, n do coroutine.wrap(function(a) coroutine.yield(a) end)(i) end end
function M.encode(n, value) for i = 1, n do encode(value) end end
function M.decode(n, text) for i = 1, n do decode(text) end end
return M`

const runtime = await LuaRuntime.load()
const rows: { what: string; cost: string }[] = []

function createVm(name: string): LuaVm {
  const vm = runtime.createVm({
    name,
    clock: { unixMs: Date.now, monotonicMs: () => performance.now() },
    randomSeed: 1,
    modules: () => ({ source: ROOM, chunkName: 'room.lua' }),
    onPrint: console.log,
  })
  vm.defineFunction('host', (call) => {
    call.integer(1, 'n')
    call.string(2, 'text')
  })
  vm.defineJson('encode', 'decode')
  return vm
}

/** CPU time of the best of several rounds, in microseconds each: the other rounds were disturbed. */
function bestUs(count: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) / count)
  }
  return best
}

function report(what: string, cost: string): void {
  rows.push({ what, cost })
}

const vm = createVm('bench')
const room = vm.require('room', BUDGET)
const fn = (name: string): LuaRef => {
  const found = vm.field(room, name, BUDGET)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}

function benchVms(): void {
  const vms: LuaVm[] = []
  const createUs = bestUs(VM_COUNT, () => {
    for (const old of vms.splice(0)) old.close()
    for (let index = 0; index < VM_COUNT; index++) vms.push(createVm(`vm ${index}`))
  })
  report('create a VM, with three host functions, and close one', `${createUs.toFixed(0)} µs`)
  report('memory of a fresh VM', `${((vms[0]?.memoryBytes ?? 0) / 1024).toFixed(1)} KiB`)
  for (const old of vms) old.close()
}

function benchCalls(): void {
  const loop = fn('match_loop')
  const keys = {
    sender: runtime.key('sender'),
    op: runtime.key('op'),
    data: runtime.key('data'),
    reliable: runtime.key('reliable'),
    time: runtime.key('time'),
  }
  const [ctx, state, sender] = [vm.ref({ room_id: 'x' }), vm.ref({}), vm.ref({ user_id: 'u' })]
  const data = new Uint8Array(MESSAGE_BYTES)
  const tick = (number: number, messageCount: number): void => {
    const call = vm.beginCall(loop)
    call.pushRef(ctx)
    call.pushRef(state)
    call.pushInteger(number)
    call.newTable(messageCount, 0)
    for (let index = 1; index <= messageCount; index++) {
      call.newTable(0, 5)
      call.pushRef(sender)
      call.setField(keys.sender)
      call.pushInteger(1)
      call.setField(keys.op)
      call.pushBytes(data)
      call.setField(keys.data)
      call.pushBoolean(true)
      call.setField(keys.reliable)
      call.pushInteger(number)
      call.setField(keys.time)
      call.setIndex(index)
    }
    call.invoke(1, BUDGET)
    if (!call.isNil(1)) call.replaceRef(1, state)
    call.end()
  }
  const callUs = (messageCount: number) =>
    bestUs(30_000, () => {
      for (let number = 0; number < 30_000; number++) tick(number, messageCount)
    })
  const empty = callUs(0)
  report('call match_loop(ctx, state, tick, {})', `${empty.toFixed(2)} µs`)
  report(
    `one message in it, five fields, ${MESSAGE_BYTES} bytes`,
    `${((callUs(20) - empty) / 20).toFixed(2)} µs`,
  )
}

/** What it costs that a call could be set aside, and that it is. */
function benchTasks(): void {
  const loop = fn('match_loop')
  const [ctx, state] = [vm.ref({ room_id: 'x' }), vm.ref({})]
  const tick = (number: number): void => {
    const task = vm.beginTask(loop)
    task.pushRef(ctx)
    task.pushRef(state)
    task.pushInteger(number)
    task.newTable(0, 0)
    task.run(1, BUDGET, 1000)
    task.end()
  }
  const taskUs = bestUs(30_000, () => {
    for (let number = 0; number < 30_000; number++) tick(number)
  })
  report('the same call as a task', `${taskUs.toFixed(2)} µs`)
  const slices = 30_000
  const sliceUs = bestUs(slices, () => {
    const task = vm.beginTask(fn('loop'))
    task.pushInteger(1e9)
    task.run(1, BUDGET, 0)
    for (let slice = 0; slice < slices; slice++) task.resume(0)
    task.end()
  })
  report('set a task aside and resume it', `${sliceUs.toFixed(2)} µs`)
  const vms = Array.from({ length: VM_COUNT }, (_, index) => createVm(`task ${index}`))
  const bytes = () => vms.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  const chunks = vms.map((other) => other.load('while true do end', 'spin.lua'))
  const before = bytes()
  vms.forEach((other, index) => {
    other.beginTask(chunks[index] ?? loop).run(0, BUDGET, 0)
  })
  report('memory of a task that is set aside', `${((bytes() - before) / VM_COUNT / 1024).toFixed(1)} KiB`)
  for (const other of vms) other.close()
}

function benchInside(): void {
  const us = (name: string, count: number, ...more: (string | object)[]) => {
    const target = fn(name)
    return bestUs(count, () => {
      vm.call(target, [count, ...(more as never[])], BUDGET)
    })
  }
  report('call a host function with an integer and a string', `${us('host', 100_000).toFixed(2)} µs`)
  report('a loop, per instruction', `${((us('loop', 1_000_000) * 1000) / 3).toFixed(1)} ns`)
  report('an object with a metatable', `${us('objects', 100_000).toFixed(2)} µs`)
  report('a coroutine: create, start, leave', `${us('coroutines', 20_000).toFixed(2)} µs`)
  const fib = fn('fib')
  report('fib(27)', `${(bestUs(1, () => void vm.call(fib, [27], BUDGET)) / 1000).toFixed(0)} ms`)
  const snapshot = Array.from({ length: 50 }, (_, id) => ({
    id,
    name: `player ${id}`,
    x: id / 3,
    y: id * 1.5,
  }))
  const text = JSON.stringify(snapshot)
  report(`JSON of ${text.length} bytes: encode`, `${us('encode', 200, snapshot).toFixed(0)} µs`)
  report(`JSON of ${text.length} bytes: decode`, `${us('decode', 200, text).toFixed(0)} µs`)
}

benchVms()
benchCalls()
benchTasks()
benchInside()
runtime.close()
const width = Math.max(...rows.map(({ what }) => what.length))
for (const { what, cost } of rows) console.log(`${what.padEnd(width)}  ${cost.padStart(9)}`)
