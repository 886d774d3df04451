import { LuaError } from '../errors.ts'
import { LUA_MASKCOUNT, LuaStatus, type LuaThread, type Pointer } from './lua-api.ts'
import type { LuaWasm } from './lua-wasm.ts'

/** A count that no other field of a fresh `lua_State` holds. */
const PROBE_COUNT = 0x1357_9bdf
const PROBED_WORDS = 64
/** A fresh main thread: no C calls, one non-yieldable level (`lstate.h`, nCcalls). */
const FRESH_C_CALLS = 0x1_0000
/** After the object header (next, tt, marked) and `status` (`lstate.h`). */
const STATUS_BYTE = 6
const ALLOW_HOOK_BYTE = 7

/**
 * Four fields of `lua_State` that the C API gives no access to, as offsets from its address:
 *
 * - `hookcount`, the instructions left until the count hook runs. Each coroutine has its own, so a script
 *   could escape its budget by spreading its work over coroutines; carrying the number along with control
 *   makes it one count for all.
 * - `allowhook`, which Lua clears while a hook runs and restores when the hook returns. A hook that raises
 *   an error does not return, and a coroutine that it ends would run its close methods without a budget.
 * - `nCcalls`, the depth of C calls, which Lua bounds to 200. Carrying it into a VM that is called from
 *   within another bounds the depth of the whole native stack.
 * - `status`, how a coroutine ended. One in which a task has been given up must not go on some other day.
 */
export interface ThreadLayout {
  readonly hookCountWord: number
  readonly cCallsWord: number
  readonly allowHookByte: number
  readonly statusByte: number
}

/** Finds the fields in a scratch state, and refuses a build of Lua in which they are not where they should be. */
export function probeThreadLayout(wasm: LuaWasm, allocator: Pointer, account: number): ThreadLayout {
  const { api } = wasm
  const L: LuaThread = api.lua_newstate(allocator, account)
  if (L === 0) throw new LuaError('memory', 'no memory for a Lua state')

  api.lua_sethook(L, allocator, LUA_MASKCOUNT, PROBE_COUNT)
  const words = wasm.words.slice(L >> 2, (L >> 2) + PROBED_WORDS)
  const base = words.indexOf(PROBE_COUNT) // nCcalls, oldpc, basehookcount, hookcount

  const allowed: (number | undefined)[] = [wasm.bytes[L + ALLOW_HOOK_BYTE]]
  const hook = wasm.addFunction('vii', () => allowed.push(wasm.bytes[L + ALLOW_HOOK_BYTE]))
  api.lua_sethook(L, hook, LUA_MASKCOUNT, 1)
  const hasRun =
    api.luaL_loadbufferx(L, 0, 0, allocator, 0) === LuaStatus.ok &&
    api.lua_pcallk(L, 0, 0, 0, 0, 0) === LuaStatus.ok
  wasm.bytes[L + STATUS_BYTE] = LuaStatus.memory
  const isStatus = api.lua_status(L) === LuaStatus.memory
  wasm.bytes[L + STATUS_BYTE] = LuaStatus.ok
  api.lua_close(L)

  const isKnown =
    words[base + 1] === PROBE_COUNT &&
    words[base - 2] === FRESH_C_CALLS &&
    hasRun &&
    allowed.join() === '1,0' &&
    isStatus
  if (!isKnown) throw new LuaError('fatal', 'this build of Lua lays out its threads in an unknown way')
  return {
    hookCountWord: base + 1,
    cCallsWord: base - 2,
    allowHookByte: ALLOW_HOOK_BYTE,
    statusByte: STATUS_BYTE,
  }
}
