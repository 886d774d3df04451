import { LuaError, type LuaErrorDetails } from '../errors.ts'
import type { LuaValue } from '../values/lua-value.ts'
import { LuaStatus, type LuaThread, LuaType, type Pointer } from '../wasm/lua-api.ts'
import type { RuntimeCore } from './runtime-core.ts'
import type { VmCore } from './vm-core.ts'

const MAX_MESSAGE_BYTES = 4096
const MAX_TRACEBACK_BYTES = 8192
const ERROR_VALUE_LIMITS = { maxDepth: 4, maxNodes: 256, maxBytes: MAX_MESSAGE_BYTES }
/** Lua's own text for the error that no handler hears of. */
const MEMORY_MESSAGE = 'not enough memory'

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
  readonly #traceback: Pointer
  readonly #toText: Pointer
  readonly #memoryMessage: Pointer

  constructor(runtime: RuntimeCore) {
    const { api } = runtime.wasm
    this.#runtime = runtime
    this.#memoryMessage = runtime.text.cString(MEMORY_MESSAGE)
    this.#traceback = runtime.native((L) => {
      api.luaL_traceback(L, L, 0, Number(api.lua_tonumberx(L, 1, 0)))
      return 1
    })
    this.#toText = runtime.native((L) => {
      api.luaL_tolstring(L, 1, 0)
      return 1
    })
    this.messageHandler = runtime.native((L) => {
      const traceback = this.#takeTraceback(L, 2) // past the native function and this one
      runtime.running().failure = { text: this.#errorText(L), traceback }
      return 1
    })
  }

  /**
   * Ends a call whose budget is used up. The error is the one of memory, which Lua throws past every message
   * handler, so that none of the script runs before it has unwound.
   */
  trip(core: VmCore, L: LuaThread): never {
    const { wasm, layout } = this.#runtime
    if (core.failure === undefined) {
      const text = this.#runtime.positioned(L, core.meter.tripped, 0)
      core.failure = { text, traceback: this.#takeTraceback(L, 1) }
    }
    wasm.bytes[L + layout.allowHookByte] = 1
    wasm.api.lua_pushstring(L, this.#memoryMessage)
    return wasm.api.lua_error(L)
  }

  #takeTraceback(L: LuaThread, level: number): string {
    const { api } = this.#runtime.wasm
    api.lua_pushcclosure(L, this.#traceback, 0)
    api.lua_pushnumber(L, level)
    return this.#protectedText(L, MAX_TRACEBACK_BYTES)
  }

  /** The text that the error object's `__tostring` gives. The VM's budget goes on counting. */
  #errorText(L: LuaThread): string {
    const { api } = this.#runtime.wasm
    if (isMessage(api.lua_type(L, 1))) return ''
    api.lua_pushcclosure(L, this.#toText, 0)
    api.lua_pushvalue(L, 1)
    return this.#protectedText(L, MAX_MESSAGE_BYTES)
  }

  /** Calls the native function below one argument and reads the text it gives, if it gives one. */
  #protectedText(L: LuaThread, maxBytes: number): string {
    const { wasm, text } = this.#runtime
    const isOk = wasm.api.lua_pcallk(L, 1, 1, 0, 0, 0) === LuaStatus.ok
    const result = isOk ? text.readLossy(L, -1, maxBytes) : ''
    wasm.api.lua_settop(L, -2)
    return result
  }
}

/** Says what happened in a call that failed; the error object, if there is one, lies on top of the stack. */
export function failureOf(core: VmCore, status: number, tripped: string): LuaError {
  const { runtime, thread, failure } = core
  core.failure = undefined
  const traceback = failure?.traceback ?? ''
  if (tripped !== '') return new LuaError('budget', failure?.text || tripped, { traceback })
  if (status === LuaStatus.memory) return new LuaError('memory', MEMORY_MESSAGE)
  const type = runtime.wasm.api.lua_type(thread, -1)
  if (isMessage(type)) {
    const message = runtime.text.readLossy(thread, -1, MAX_MESSAGE_BYTES)
    const kind = message === core.syntaxMessage ? 'syntax' : 'runtime'
    return new LuaError(kind, message, { traceback, value: message })
  }
  const details: LuaErrorDetails = { traceback, value: errorValue(core) }
  return new LuaError('runtime', failure?.text || 'the error object has no text', details)
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
