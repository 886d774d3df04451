import { beforeEach, describe, expect, test } from 'vitest'
import { AMPLE, createFixture, failure, run, runTask, type VmFixture } from '../testing/vm-fixture.ts'
import type { LuaBudget } from './budget.ts'

const COUNT = 'local n = 0 for i = 1, 1000 do n = n + i end return n'
const FOR_EVER: LuaBudget = { instructions: 1e12, wallMs: 1e12 }

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

const begin = (source: string) => fixture.vm.beginTask(fixture.vm.load(source, 'test.lua'))

describe('a task', () => {
  test('takes arguments and gives results as a call does', () => {
    const { runtime } = fixture
    const task = begin('local t, a, b = ... return a + t.x[1], nil, b, #t.x')
    task.newTable(0, 1)
    task.newTable(2, 0)
    task.pushInteger(7)
    task.setIndex(1)
    task.pushNil()
    task.setIndex(2)
    task.setField(runtime.key('x'))
    task.pushNumber(0.5)
    task.pushValue({ deep: ['text', null] })
    expect(task.run(4, AMPLE, 0)).toBe(false)
    let isDone = false
    while (!isDone) isDone = task.resume(0)
    expect(task.count).toBe(4)
    expect(task.number(1)).toBe(7.5)
    expect(task.isNil(2)).toBe(true)
    expect(task.value(3)).toEqual({ deep: ['text', null] })
    expect(task.integer(4)).toBe(1)
    expect(() => task.string(3, 'name')).toThrow("bad result #3 'name' (string expected, got table)")
    task.end()
    expect(() => task.integer(4)).toThrow('after their call has ended')
  })

  test('that ends within its first slice is done at once', () => {
    expect(runTask(fixture.vm, COUNT, { sliceMs: 5 })).toEqual({ value: 500_500, slices: 1 })
  })

  test('is set aside at each instruction if its slices are that short, and ends right', () => {
    const { value, slices } = runTask(fixture.vm, COUNT)
    expect(value).toBe(500_500)
    expect(slices).toBeGreaterThan(2000)
  })

  test('runs for about as long as a slice says', () => {
    const { clock, vm } = fixture
    clock.stepMs = 1
    const slicesOf = (sliceMs: number) => runTask(vm, 'for i = 1, 100000 do end', { sliceMs }).slices
    // The clock moves a millisecond with each look at it: first at once, then every 200 instructions.
    expect(slicesOf(5)).toBe(125)
    expect(slicesOf(51)).toBe(10)
  })

  test('gives fewer and more results than were asked for as a call does', () => {
    const task = begin('return 1')
    expect(task.run(3, AMPLE, 1)).toBe(true)
    expect([task.value(1), task.value(2), task.value(3)]).toEqual([1, undefined, undefined])
    task.end()
    const many = begin('return table.unpack({}, 1, 10000)')
    expect(many.run(0, AMPLE, 1)).toBe(true)
    expect(many.count).toBe(0)
    many.end()
    expect(fixture.run('return 1')).toBe(1)
  })

  test('may leave a result in a reference', () => {
    const { vm } = fixture
    const state = vm.ref({})
    const task = vm.beginTask(vm.load('local s = ... s.n = (s.n or 0) + 1 return s', 'test.lua'))
    task.pushRef(state)
    expect(task.run(1, AMPLE, 1)).toBe(true)
    task.replaceRef(1, state)
    task.end()
    expect(vm.toValue(state)).toEqual({ n: 1 })
  })

  test('may call a host function that calls into its VM again', () => {
    const { vm } = fixture
    const twice = vm.load('local n = 0 for i = 1, 100 do n = n + 2 end return n', 'twice.lua')
    vm.defineFunction('host', (call) => call.integer(1) + Number(vm.call(twice, [], AMPLE)))
    const source = 'local n = 0 for i = 1, 10 do n = n + host(i) end return n'
    expect(runTask(vm, source).value).toBe(2055)
  })

  test('may call a host function that calls another VM, and pays for it', () => {
    const { vm } = fixture
    const other = fixture.createVm({ name: 'other' })
    const spin = other.load('for i = 1, 1000 do end', 'spin.lua')
    vm.defineFunction('spin', () => {
      other.call(spin, [], AMPLE)
    })
    const before = vm.usedInstructions
    runTask(vm, 'for i = 1, 10 do spin() end')
    expect(vm.usedInstructions - before).toBeGreaterThan(10_000)
  })

  test('may require modules', () => {
    fixture.modules.set('lib', 'local n = 0 for i = 1, 100 do n = n + i end return { n = n }')
    expect(runTask(fixture.vm, "return require('lib').n + require('lib').n").value).toBe(10_100)
  })

  test('may run inside a call of another VM, which pays for the slice that it waits for', () => {
    const { vm } = fixture
    const other = fixture.createVm({ name: 'other' })
    const spin = other.load('while true do end', 'spin.lua')
    fixture.clock.stepMs = 1
    vm.defineFunction('begin', () => other.beginTask(spin).run(0, FOR_EVER, 100))
    const before = vm.usedInstructions
    expect(fixture.run('return begin()')).toBe(false)
    expect(vm.usedInstructions - before).toBeGreaterThan(15_000)
    expect(other.isBusy).toBe(true)
  })
})

describe('while a task is set aside', () => {
  test('other VMs run', () => {
    const others = [fixture.createVm(), fixture.createVm()]
    let rounds = 0
    const { value } = runTask(fixture.vm, COUNT, {
      between: () => {
        for (const other of others) run(other, 'n = (n or 0) + 1')
        rounds++
      },
    })
    expect(value).toBe(500_500)
    expect(others.map((other) => run(other, 'return n'))).toEqual([rounds, rounds])
  })

  test('tasks of other VMs run by turns with it', () => {
    const vms = [fixture.vm, fixture.createVm(), fixture.createVm()]
    const log: number[] = []
    const tasks = vms.map((vm, index) => {
      vm.defineFunction('note', (call) => {
        log.push(index * 10 + call.integer(1))
      })
      return vm.beginTask(vm.load('for i = 1, 3 do note(i) end return 1', 'test.lua'))
    })
    let running = tasks.filter((task) => !task.run(1, AMPLE, 0))
    while (running.length > 0) running = running.filter((task) => !task.resume(0))
    expect(log).toEqual([1, 11, 21, 2, 12, 22, 3, 13, 23])
    expect(tasks.map((task) => task.integer(1))).toEqual([1, 1, 1])
  })

  test('nothing else can be called in its VM, and the task is none the worse', () => {
    const { vm } = fixture
    fixture.modules.set('lib', 'return {}')
    const chunk = vm.load('return 1', 'other.lua')
    const table = vm.ref({ x: 1 })
    const attempts = [
      () => vm.call(chunk, [], AMPLE),
      () => vm.beginCall(chunk),
      () => vm.beginTask(chunk),
      () => vm.require('lib', AMPLE),
      () => vm.field(table, 'x', AMPLE),
    ]
    const { value } = runTask(vm, 'local n = 0 for i = 1, 20 do n = n + i end return n', {
      between: () => {
        expect(vm.isBusy).toBe(true)
        for (const attempt of attempts) {
          expect(failure(attempt)).toMatchObject({
            kind: 'busy',
            message: "the VM 'test' is busy: a task of it is set aside",
          })
        }
      },
    })
    expect(value).toBe(210)
    expect(vm.isBusy).toBe(false)
    expect(vm.call(chunk, [], AMPLE)).toBe(1)
  })

  test('what runs no Lua code works', () => {
    const { vm } = fixture
    let round = 0
    const { value } = runTask(vm, 'local n = 0 for i = 1, 20 do n = n + #host() end return n, later', {
      between: () => {
        const ref = vm.ref({ round: ++round })
        vm.setField(ref, 'text', 'x'.repeat(100))
        expect(vm.toValue(ref)).toEqual({ round, text: 'x'.repeat(100) })
        ref.release()
        vm.load('return 1', 'more.lua').release()
        vm.defineFunction('host', () => 'three')
        vm.collectGarbage()
      },
    })
    expect(value).toBe(100)
  })

  test('garbage is collected and what the task holds is kept', () => {
    const { vm } = fixture
    const source = `
      local function join(...) local t = {} for i, v in ipairs({...}) do t[i] = v .. i end return table.concat(t, ',') end
      local out = {}
      for i = 1, 10 do
        local co = coroutine.wrap(function(...) coroutine.yield(join(...)) end)
        out[i] = co('a' .. i, 'b' .. i, ('c'):rep(i)) .. #join(table.unpack(out))
      end
      return table.concat(out, ' ')`
    const expected = run(fixture.createVm(), source)
    expect(runTask(vm, source, { between: () => vm.collectGarbage() }).value).toBe(expected)
  })

  test('its VM can be closed, and then it is void', () => {
    const { vm } = fixture
    const task = begin(
      "local x <close> = setmetatable({}, {__close = function() print('no') end}) while true do end",
    )
    task.run(1, FOR_EVER, 0)
    vm.close()
    expect(vm.isBusy).toBe(false)
    expect(failure(() => task.resume(1)).kind).toBe('closed')
    task.end()
    expect(fixture.printed).toEqual([])
    expect(vm.memoryBytes).toBe(0)
    expect(fixture.runtime.vmCount).toBe(0)
  })

  test('its runtime can be closed', () => {
    const task = begin('while true do end')
    task.run(1, FOR_EVER, 0)
    fixture.runtime.close()
    expect(failure(() => task.resume(1)).kind).toBe('closed')
    task.end()
  })
})

describe('an abandoned task', () => {
  test('frees what it holds and runs nothing more of the script', () => {
    const { vm, printed } = fixture
    const source = `
      local mt = {__close = function() print('closed') while true do end end}
      local function f(n)
        local x <close> = setmetatable({}, mt)
        local text = ('x'):rep(100000)
        if n > 0 then f(n - 1) end
        while true do end
      end
      f(20)`
    const chunk = vm.load(source, 'test.lua')
    const abandon = () => {
      const task = vm.beginTask(chunk)
      fixture.clock.stepMs = 1
      expect(task.run(0, FOR_EVER, 200)).toBe(false)
      const heldBytes = vm.memoryBytes
      task.end()
      vm.collectGarbage()
      return { heldBytes, leftBytes: vm.memoryBytes }
    }
    const { leftBytes } = abandon()
    for (let round = 0; round < 20; round++) {
      const again = abandon()
      expect(again.heldBytes).toBeGreaterThan(2_000_000)
      expect(again.leftBytes).toBe(leftBytes)
    }
    expect(printed).toEqual([])
    expect(vm.isBusy).toBe(false)
    expect(fixture.run('return 1')).toBe(1)
  })

  test('leaves the closures that it made in order', () => {
    const task = begin(`
      local kept = { 'kept' }
      function get() return kept[1] end
      function set(x) kept = { x .. ('!'):rep(3) } end
      while true do end`)
    task.run(0, FOR_EVER, 0)
    for (let slice = 0; slice < 50; slice++) task.resume(0)
    task.end()
    fixture.vm.collectGarbage()
    expect(fixture.run("local old = get() set('new') return {old, get()}")).toEqual(['kept', 'new!!!'])
    fixture.vm.collectGarbage()
    expect(fixture.run('return get()')).toBe('new!!!')
  })

  test('is charged for what it used', () => {
    const { vm, clock } = fixture
    clock.stepMs = 1
    const task = begin('while true do end')
    task.run(0, FOR_EVER, 100)
    expect(vm.usedInstructions).toBe(0)
    task.end()
    expect(vm.usedInstructions).toBeGreaterThan(15_000)
  })

  test('cannot be resumed, by the host or by the script', () => {
    const task = begin('stolen = coroutine.running() while true do end')
    task.run(0, FOR_EVER, 0)
    for (let slice = 0; slice < 20; slice++) task.resume(0)
    task.end()
    task.end()
    expect(failure(() => task.resume(1))).toMatchObject({ kind: 'closed', message: 'the task has ended' })
    expect(failure(() => task.run(1, AMPLE, 1)).kind).toBe('closed')
    expect(fixture.run('return {coroutine.resume(stolen)}')).toEqual([
      false,
      'cannot resume non-suspended coroutine',
    ])
  })
})

describe('a host that mixes things up', () => {
  test('voids a task by beginning the next call before it has run', () => {
    const task = begin('return 1')
    task.pushInteger(1)
    expect(fixture.run('return 2')).toBe(2)
    expect(() => task.pushInteger(1)).toThrow('the call has ended')
    expect(failure(() => task.run(1, AMPLE, 1)).kind).toBe('closed')
    task.end()
    expect(fixture.run('return 3')).toBe(3)
  })

  test('voids the results of a task by beginning the next call', () => {
    const task = begin('return 1')
    task.run(1, AMPLE, 1)
    const call = fixture.vm.beginCall(fixture.vm.load('return ...', 'test.lua'))
    call.pushInteger(5)
    expect(() => task.integer(1)).toThrow('after their call has ended')
    task.end()
    call.invoke(1, AMPLE)
    expect(call.integer(1)).toBe(5)
    call.end()
  })

  test('cannot push to a task that runs, run it twice, or resume one that has not run or has ended', () => {
    const task = begin('for i = 1, 9 do end return 1')
    expect(failure(() => task.resume(1))).toMatchObject({ kind: 'closed' })
    expect(task.isSetAside).toBe(false)
    task.run(1, AMPLE, 0)
    expect(task.isSetAside).toBe(true)
    expect(failure(() => task.pushInteger(1)).kind).toBe('closed')
    expect(failure(() => task.run(1, AMPLE, 0)).kind).toBe('closed')
    expect(task.resume(5)).toBe(true)
    expect(task.isSetAside).toBe(false)
    expect(failure(() => task.resume(1)).kind).toBe('closed')
    expect(task.integer(1)).toBe(1)
  })

  test('cannot resume, end or begin a task from a host function of its VM', () => {
    const { vm } = fixture
    const chunk = vm.load('return 1', 'other.lua')
    const task = begin('return select(2, pcall(host))')
    vm.defineFunction('host', () => {
      expect(task.isSetAside).toBe(false)
      expect(vm.isBusy).toBe(true)
      const kinds = [() => task.resume(1), () => task.end(), () => vm.beginTask(chunk), () => vm.close()].map(
        (attempt) => failure(attempt).kind,
      )
      return kinds.join()
    })
    expect(task.run(1, AMPLE, 1)).toBe(true)
    expect(task.string(1)).toBe('busy,busy,busy,runtime')
    task.end()
  })

  test('cannot nest more calls than fit, and loses no task by trying', () => {
    const others = Array.from({ length: 16 }, (_, index) => fixture.createVm({ name: `${index}` }))
    const task = begin('for i = 1, 9 do end return 7')
    task.run(1, AMPLE, 0)
    const problems: string[] = []
    others.forEach((other, index) => {
      other.defineFunction('deeper', () => {
        const next = others[index + 1]
        if (next === undefined) problems.push(failure(() => task.resume(5)).message)
        else run(next, 'deeper()')
      })
    })
    run(others[0] ?? fixture.vm, 'deeper()')
    expect(problems).toEqual(['calls into Lua are nested more than 16 deep'])
    expect(task.resume(5)).toBe(true)
    expect(task.integer(1)).toBe(7)
  })
})
