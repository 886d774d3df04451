import { LuaError } from '../errors.ts'
import { LUA_MASKCOUNT, type LuaThread, type Pointer } from './lua-api.ts'
import type { LuaWasm } from './lua-wasm.ts'

/** A count that no other field of a fresh `lua_State` holds. */
const PROBE_COUNT = 0x1357_9bdf
const PROBED_WORDS = 64
/** A fresh main thread: no C calls, one non-yieldable level (`lstate.h`, nCcalls). */
const FRESH_C_CALLS = 0x1_0000

/**
 * Two fields of `lua_State` that the C API does not give access to, as offsets in 32-bit words:
 *
 * - `hookcount`, the instructions left until the count hook runs. Each coroutine has its own, so a script
 *   could escape its budget by spreading its work over coroutines; carrying the number along with control
 *   makes it one count for all.
 * - `nCcalls`, the depth of C calls, which Lua bounds to 200. Carrying it into a VM that is called from
 *   within another bounds the depth of the whole native stack.
 */
export interface ThreadLayout {
  readonly hookCountWord: number
  readonly cCallsWord: number
}

/** Finds the fields by setting a hook with a telling count on a scratch state, whatever the build. */
export function probeThreadLayout(wasm: LuaWasm, allocator: Pointer, account: number): ThreadLayout {
  const { api } = wasm
  const L: LuaThread = api.lua_newstate(allocator, account)
  if (L === 0) throw new LuaError('memory', 'no memory for a Lua state')
  api.lua_sethook(L, allocator, LUA_MASKCOUNT, PROBE_COUNT)
  const words = wasm.words.slice(L >> 2, (L >> 2) + PROBED_WORDS)
  api.lua_close(L)
  // nCcalls, oldpc, basehookcount, hookcount (lstate.h)
  const base = words.indexOf(PROBE_COUNT)
  if (words[base + 1] !== PROBE_COUNT || words[base - 2] !== FRESH_C_CALLS) {
    throw new LuaError('fatal', 'this build of Lua lays out its threads in an unknown way')
  }
  return { hookCountWord: base + 1, cCallsWord: base - 2 }
}
