import { LuaError, MAX_MESSAGE_BYTES } from '../errors.ts'
import type { LuaValue } from '../values/lua-value.ts'
import { LuaStatus, type LuaThread, LuaType, type Pointer } from '../wasm/lua-api.ts'
import type { BudgetTrip } from './budget.ts'
import type { RuntimeCore } from './runtime-core.ts'
import type { VmCore } from './vm-core.ts'

const ERROR_VALUE_LIMITS = { maxDepth: 4, maxNodes: 256, maxBytes: MAX_MESSAGE_BYTES }
/** Lua's own text for the error that no handler hears of. */
export const MEMORY_MESSAGE = 'not enough memory'

/** What is known of a failure before the stack is unwound. */
export interface FailureReport {
  /** The error object as text where it is not one itself; for a budget, the whole message. */
  readonly text: string
  readonly traceback: string
}

/** Sees to failures where they happen, while the Lua stack still shows where. */
export class FailureReporter {
  /** The message handler of every call from the host. The error object stays what it is. */
  readonly messageHandler: Pointer

  readonly #runtime: RuntimeCore
  readonly #toText: Pointer
  readonly #memoryMessage: Pointer

  constructor(runtime: RuntimeCore) {
    const { api } = runtime.wasm
    this.#runtime = runtime
    this.#memoryMessage = runtime.text.cString(MEMORY_MESSAGE)
    this.#toText = runtime.native((L) => {
      api.luaL_tolstring(L, 1, 0)
      return 1
    })
    this.messageHandler = runtime.native((L) => {
      const core = runtime.running()
      const traceback = this.#traceback(core, L, 1) // past this function
      core.failure = { text: this.#errorText(L), traceback }
      return 1
    })
  }

  /**
   * Ends a call whose budget is used up. The error is the one of memory, which Lua throws past every message
   * handler, so that none of the script runs before it has unwound.
   */
  trip(L: LuaThread): never {
    const { wasm, layout } = this.#runtime
    wasm.bytes[L + layout.allowHookByte] = 1
    return this.raiseMemory(L)
  }

  /** Raises "not enough memory" as Lua itself does. */
  raiseMemory(L: LuaThread): never {
    const { api } = this.#runtime.wasm
    api.lua_pushstring(L, this.#memoryMessage)
    return api.lua_error(L)
  }

  /** Notes where the budget or the memory of a VM was used up: errors that no message handler hears of. */
  beforeUnwinding(core: VmCore): void {
    const { ledger, wasm } = this.#runtime
    const { tripped } = core.meter
    if (tripped === undefined && !ledger.hasRefused) return
    if (wasm.api.lua_status(core.thread) === LuaStatus.yield) return // no failure: a coroutine gives way
    if (tripped !== undefined) this.noteTrip(core, tripped)
    else core.memoryReport = this.#report(core, MEMORY_MESSAGE)
    ledger.hasRefused = false
  }

  /** Notes where the running thread is, if it is the first time that the call is told to end. */
  noteTrip(core: VmCore, tripped: BudgetTrip): void {
    core.tripReport ??= this.#report(core, tripped.message)
  }

  #report(core: VmCore, message: string): FailureReport {
    const { inspector } = this.#runtime
    const L = core.thread
    const level = inspector.position(L, 0) === '' ? 1 : 0 // the line that called a C function
    return { text: inspector.position(L, level) + message, traceback: this.#traceback(core, L, 0) }
  }

  /** The stack as the script knows it: the function at the bottom of a task's is this package's. */
  #traceback(core: VmCore, L: LuaThread, level: number): string {
    return this.#runtime.inspector.traceback(L, level, L === core.task?.thread ? 1 : 0)
  }

  /** The text that the error object's `__tostring` gives. The VM's budget goes on counting. */
  #errorText(L: LuaThread): string {
    const { text, wasm } = this.#runtime
    const { api } = wasm
    if (isMessage(api.lua_type(L, 1))) return ''
    api.lua_pushcclosure(L, this.#toText, 0)
    api.lua_pushvalue(L, 1)
    const isText = api.lua_pcallk(L, 1, 1, 0, 0, 0) === LuaStatus.ok
    const result = isText ? text.readLossy(L, -1, MAX_MESSAGE_BYTES) : ''
    api.lua_settop(L, -2)
    return result
  }
}

/** Says what happened in a call that failed; the error object, if there is one, lies on top of the stack. */
export function failureOf(core: VmCore, status: number, tripped: BudgetTrip | undefined): LuaError {
  const { runtime, thread, failure, tripReport, memoryReport } = core
  core.forgetFailure()
  if (tripped !== undefined) {
    const { text, traceback } = tripReport ?? { text: tripped.message, traceback: '' }
    return new LuaError('budget', text, { traceback, budget: tripped.part })
  }
  if (status === LuaStatus.memory) {
    const { text, traceback } = memoryReport ?? { text: MEMORY_MESSAGE, traceback: '' }
    return new LuaError('memory', text, { traceback })
  }
  const type = runtime.wasm.api.lua_type(thread, -1)
  if (isMessage(type)) {
    const message = runtime.text.readLossy(thread, -1, MAX_MESSAGE_BYTES)
    const kind = message === core.syntaxMessage ? 'syntax' : 'runtime'
    return new LuaError(kind, message, { traceback: failure?.traceback ?? '', value: message })
  }
  const text = failure?.text || 'the error object has no text'
  return new LuaError('runtime', text, { traceback: failure?.traceback ?? '', value: errorValue(core) })
}

/** The error object as a plain value, if it is one and small. */
function errorValue(core: VmCore): LuaValue {
  const { runtime, thread } = core
  const source = { valueLimits: ERROR_VALUE_LIMITS, arrayMarker: core.arrayMarker }
  try {
    return runtime.reader.read(source, thread, runtime.wasm.api.lua_gettop(thread))
  } catch {
    return undefined
  }
}

/** Error objects of these types are messages themselves. */
function isMessage(type: number): boolean {
  return type === LuaType.string || type === LuaType.number
}
