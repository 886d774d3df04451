import { LuaError } from '../errors.ts'
import type { LuaValue } from '../values/lua-value.ts'
import { type Pointer, upvalueIndex } from '../wasm/lua-api.ts'
import { hostErrorMessage } from './host-error.ts'
import { type LuaRef, pushValueOrRef, RegistryRef } from './ref.ts'
import type { RuntimeCore } from './runtime-core.ts'
import { StackReader } from './stack-reader.ts'
import type { VmCore } from './vm-core.ts'

/** What a call of a host function costs its budget, in instructions: about what it takes in time. */
export const HOST_CALL_INSTRUCTIONS = 50

/**
 * A function that scripts can call. It reads its arguments from `call`, which is reused and void once the
 * function has returned, and answers with one value, {@link LuaResults} or nothing.
 *
 * What it throws becomes a Lua error at the caller's position, which `pcall` catches. The message is that of
 * the error; for an error that speaks of a bug (a `TypeError`, `ReferenceError`, `RangeError` or
 * `SyntaxError`, or no `Error` at all) it reads `internal error: …`, and `onInternalError` hears of it.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is a host function too.
export type LuaHostFunction = (call: LuaArguments) => LuaValue | LuaRef | LuaResults | void

export interface HostFunctionEntry {
  /** The last part of the path it was defined at. */
  readonly name: string
  readonly fn: LuaHostFunction
}

/** Several results of a host function: `return new LuaResults(undefined, 'room is full')`. */
export class LuaResults {
  readonly values: readonly (LuaValue | LuaRef)[]

  constructor(...values: readonly (LuaValue | LuaRef)[]) {
    this.values = values
  }
}

/** The arguments of a host function. */
export class LuaArguments extends StackReader {
  #functionName = ''

  /** @internal */
  open(core: VmCore, functionName: string, count: number): void {
    this.core = core
    this.thread = core.thread
    this.size = count
    this.#functionName = functionName
  }

  /** @internal */
  close(): void {
    this.core = undefined
  }

  protected override charge(instructions: number): void {
    this.owner.meter.charge(this.thread, instructions)
  }

  protected override complaint(position: number, name: string | undefined, problem: string): string {
    const label = name === undefined ? '' : ` '${name}'`
    return `bad argument #${position}${label} to '${this.#functionName}' (${problem})`
  }
}

/** Makes the C function behind all host functions; its upvalue says which one is meant. */
export function createHostCall(runtime: RuntimeCore): Pointer {
  const { wasm } = runtime
  /** One set of arguments per depth, since a host function may call into Lua again. */
  const spare: LuaArguments[] = []
  return runtime.native((L) => {
    const core = runtime.running()
    const entry = core.hostFunctions[wasm.api.lua_touserdata(L, upvalueIndex(1))]
    if (entry === undefined) throw new LuaError('fatal', 'a host function has no entry')
    core.meter.charge(L, HOST_CALL_INSTRUCTIONS)
    const call = spare.pop() ?? new LuaArguments()
    call.open(core, entry.name, wasm.api.lua_gettop(L))
    wasm.isGuest = false
    let count = 0
    let message: string | undefined
    try {
      count = pushResults(core, entry.fn(call))
    } catch (error) {
      message = hostErrorMessage(core, entry.name, error)
    } finally {
      wasm.isGuest = true
      call.close()
      spare.push(call)
    }
    // A call from within the host function, or large values, may have used up the budget of this one. A library
    // function may call host functions without an instruction in between.
    if (core.meter.tripped !== undefined || !core.meter.maySettle(L)) runtime.libraries.failures.trip(L)
    if (message !== undefined) runtime.raise(L, message)
    if (!core.isWithinLimit()) {
      runtime.ledger.hasRefused = true
      runtime.libraries.failures.raiseMemory(L)
    }
    return count
  })
}

/** Adds a host function to a VM and pushes it. */
export function pushHostFunction(core: VmCore, name: string, fn: LuaHostFunction): void {
  const { wasm, libraries } = core.runtime
  const id = core.hostFunctions.push({ name, fn }) - 1
  wasm.api.lua_pushlightuserdata(core.thread, id)
  wasm.api.lua_pushcclosure(core.thread, libraries.hostCall, 1)
}

function pushResults(core: VmCore, result: ReturnType<LuaHostFunction>): number {
  if (!(result instanceof LuaResults)) {
    if (result === undefined) return 0
    pushResult(core, result)
    return 1
  }
  if (core.runtime.wasm.api.lua_checkstack(core.thread, result.values.length) === 0) {
    throw new LuaError('value', `${result.values.length} results do not fit the Lua stack`)
  }
  for (const value of result.values) pushResult(core, value)
  return result.values.length
}

function pushResult(core: VmCore, value: LuaValue | LuaRef): void {
  const { meter, runtime, thread, valueLimits } = core
  if (value instanceof RegistryRef) return value.push(core)
  try {
    pushValueOrRef(core, value)
  } finally {
    meter.charge(thread, runtime.writer.lastCost(valueLimits))
  }
}
