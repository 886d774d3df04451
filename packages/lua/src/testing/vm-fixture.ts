import { LuaError } from '../errors.ts'
import type { LuaValue } from '../values/lua-value.ts'
import type { LuaBudget } from '../vm/budget.ts'
import type { LuaVmOptions } from '../vm/options.ts'
import { LuaRuntime } from '../vm/runtime.ts'
import type { LuaTask } from '../vm/task.ts'
import type { LuaVm } from '../vm/vm.ts'

/** Plenty, yet it ends a test that loops by mistake. */
export const AMPLE: LuaBudget = { instructions: 50_000_000, wallMs: 1e9 }

/** A clock that tests move by hand. */
export class ManualClock {
  nowMs = 0
  /** Milliseconds that pass with every look at the clock. */
  stepMs = 0

  unixMs(): number {
    return 1_700_000_000_000 + this.nowMs
  }

  monotonicMs(): number {
    this.nowMs += this.stepMs
    return this.nowMs
  }
}

/** A runtime with one VM in it, and what scripts in it print. */
export interface VmFixture {
  readonly runtime: LuaRuntime
  readonly vm: LuaVm
  readonly clock: ManualClock
  readonly printed: string[]
  /** Modules that `require` finds; their chunk names end in `.lua`. */
  readonly modules: Map<string, string>
  readonly internalErrors: { error: unknown; functionName: string }[]
  /** Runs a chunk named `test.lua` and gives its first result. */
  run(source: string, ...args: LuaValue[]): LuaValue
  /** Another VM in the same runtime, with the same modules and clock. */
  createVm(options?: Partial<LuaVmOptions>): LuaVm
}

export async function createFixture(options: Partial<LuaVmOptions> = {}): Promise<VmFixture> {
  const runtime = await LuaRuntime.load()
  const clock = new ManualClock()
  const printed: string[] = []
  const modules = new Map<string, string>()
  const internalErrors: { error: unknown; functionName: string }[] = []
  const createVm = (more: Partial<LuaVmOptions> = {}) =>
    runtime.createVm({
      name: 'test',
      clock,
      randomSeed: 1,
      modules: (name) => {
        const source = modules.get(name)
        return source === undefined ? undefined : { source, chunkName: `${name}.lua` }
      },
      onPrint: (text) => printed.push(text),
      onInternalError: (error, functionName) => internalErrors.push({ error, functionName }),
      ...options,
      ...more,
    })
  const vm = createVm()
  return {
    runtime,
    vm,
    clock,
    printed,
    modules,
    internalErrors,
    createVm,
    run: (...args) => run(vm, ...args),
  }
}

/** Runs a chunk named `test.lua` and gives its first result. */
export function run(vm: LuaVm, source: string, ...args: LuaValue[]): LuaValue {
  const chunk = vm.load(source, 'test.lua')
  try {
    return vm.call(chunk, args, AMPLE)
  } finally {
    chunk.release()
  }
}

/** How a task is run in tests: set aside at every instruction where it can be, unless told otherwise. */
export interface SliceOptions {
  readonly budget?: LuaBudget
  readonly sliceMs?: number
  /** What the event loop does while the task is set aside. */
  readonly between?: (task: LuaTask) => void
}

/** Runs a chunk named `test.lua` as a task; gives its first result and how many slices it took. */
export function runTask(
  vm: LuaVm,
  source: string,
  { budget = AMPLE, sliceMs = 0, between }: SliceOptions = {},
): { value: LuaValue; slices: number } {
  const chunk = vm.load(source, 'test.lua')
  const task = vm.beginTask(chunk)
  chunk.release()
  let slices = 1
  for (let isDone = task.run(1, budget, sliceMs); !isDone; isDone = task.resume(sliceMs)) {
    between?.(task)
    slices++
  }
  try {
    return { value: task.value(1), slices }
  } finally {
    task.end()
  }
}

/** The error that some code must throw. */
export function failure(fail: () => unknown): LuaError {
  try {
    fail()
  } catch (error) {
    if (error instanceof LuaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
