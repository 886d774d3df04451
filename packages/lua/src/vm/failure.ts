import { LuaError, type LuaErrorDetails } from '../errors.ts'
import type { LuaValue } from '../values/lua-value.ts'
import { LuaStatus, type LuaThread, LuaType, type Pointer } from '../wasm/lua-api.ts'
import type { RuntimeCore } from './runtime-core.ts'
import type { VmCore } from './vm-core.ts'

const MAX_MESSAGE_BYTES = 4096
const MAX_TRACEBACK_BYTES = 8192
const ERROR_VALUE_LIMITS = { maxDepth: 4, maxNodes: 256, maxBytes: MAX_MESSAGE_BYTES }
/** Error objects of these types are messages themselves. */
const isMessage = (type: number) => type === LuaType.string || type === LuaType.number

/**
 * Makes the message handler of every call from the host. It runs where the error was raised, so it can still
 * see the stack. The error object stays what it is.
 */
export function createMessageHandler(runtime: RuntimeCore): Pointer {
  const { wasm, text } = runtime
  const { api } = wasm
  const traceback = runtime.native((L) => {
    api.luaL_traceback(L, L, 0, 2) // from the function that failed, past this one and the handler
    return 1
  })
  const toText = runtime.native((L) => {
    api.luaL_tolstring(L, 1, 0)
    return 1
  })
  /** Calls a native with the values above it, protected, and reads the text it gives. */
  const protectedText = (L: LuaThread, args: number, maxBytes: number): string => {
    const isOk = api.lua_pcallk(L, args, 1, 0, 0, 0) === LuaStatus.ok
    const result = isOk ? text.readLossy(L, -1, maxBytes) : ''
    api.lua_settop(L, -2)
    return result
  }
  return runtime.native((L) => {
    const core = runtime.running()
    api.lua_pushcclosure(L, traceback, 0)
    core.traceback = protectedText(L, 0, MAX_TRACEBACK_BYTES)
    core.errorText = ''
    if (!isMessage(api.lua_type(L, 1))) {
      api.lua_pushcclosure(L, toText, 0)
      api.lua_pushvalue(L, 1)
      core.errorText = protectedText(L, 1, MAX_MESSAGE_BYTES)
    }
    return 1
  })
}

/** Takes the error object off the stack of a call that failed and says what happened. */
export function failureOf(core: VmCore, status: number, tripped: string): LuaError {
  const { runtime, thread, traceback, errorText } = core
  const { api } = runtime.wasm
  const type = api.lua_type(thread, -1)
  core.traceback = ''
  core.errorText = ''
  if (tripped !== '') return new LuaError('budget', tripped, { traceback })
  if (status === LuaStatus.memory) return new LuaError('memory', 'not enough memory')
  if (isMessage(type)) {
    const message = runtime.text.readLossy(thread, -1, MAX_MESSAGE_BYTES)
    const isSyntax = status === LuaStatus.syntax || (message !== '' && message === core.syntaxMessage)
    return new LuaError(isSyntax ? 'syntax' : 'runtime', message, { traceback, value: message })
  }
  const details: LuaErrorDetails = { traceback }
  const value = errorValue(core)
  if (value !== undefined) details.value = value
  return new LuaError('runtime', errorText === '' ? describe(type) : errorText, details)
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

function describe(type: number): string {
  return type === LuaType.nil ? 'the error object is nil' : 'the error object has no text'
}
