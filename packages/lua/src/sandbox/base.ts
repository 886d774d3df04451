import type { RuntimeCore } from '../vm/runtime-core.ts'
import { type LuaThread, LuaType, upvalueIndex } from '../wasm/lua-api.ts'
import type { LibraryFunction } from './libraries.ts'
import type { StandardLibrary } from './standard-library.ts'

const MAX_PRINT_BYTES = 16 * 1024
/** The compiler goes through blanks, comments and much else without an allocation that would stop it. */
const MAX_SOURCE_BYTES = 1024 * 1024
const SOURCE_TOO_LONG = `a source for load can have ${MAX_SOURCE_BYTES} bytes at most`

/** The global functions that the sandbox replaces. */
export function createBaseFunctions(runtime: RuntimeCore, standard: StandardLibrary): LibraryFunction[] {
  const { wasm, text } = runtime
  const { api } = wasm
  const originals = standard.inScratch((original) => ({
    load: original('load'),
    setmetatable: original('setmetatable'),
    collectgarbage: original('collectgarbage'),
  }))
  const gcField = text.cString('__gc')
  const textMode = text.cString('t')

  /** `print` hands one line to the host. */
  const print = (L: LuaThread) => {
    const count = api.lua_gettop(L)
    let line = ''
    for (let at = 1; at <= count && line.length < MAX_PRINT_BYTES; at++) {
      api.luaL_tolstring(L, at, 0)
      line += (at > 1 ? '\t' : '') + text.readLossy(L, -1, MAX_PRINT_BYTES)
      api.lua_settop(L, count)
    }
    runtime.askHost(L, 'print', (core) => core.options.onPrint(line))
    return 0
  }

  /**
   * Stands before a reader of `load`, its first upvalue. Its second is how many bytes have come so far: each piece
   * is charged as it arrives, since a reader need not run an instruction for one, nor ever come to an end.
   */
  const countedReader = runtime.native((L) => {
    api.lua_settop(L, 0)
    api.lua_pushvalue(L, upvalueIndex(1))
    api.lua_callk(L, 0, 1, 0, 0)
    if (api.lua_type(L, 1) !== LuaType.string) return 1
    const pieceBytes = Number(api.lua_rawlen(L, 1))
    const sumBytes = api.lua_tonumberx(L, upvalueIndex(2), 0) + pieceBytes
    if (sumBytes > MAX_SOURCE_BYTES) runtime.raiseText(L, SOURCE_TOO_LONG)
    runtime.spend(L, pieceBytes)
    api.lua_pushinteger(L, BigInt(sumBytes))
    api.lua_copy(L, -1, upvalueIndex(2))
    api.lua_settop(L, 1)
    return 1
  })

  /** `load` compiles text only: the VM trusts bytecode, so bytecode could break out of it. */
  const load = (L: LuaThread) => {
    if (api.lua_type(L, 1) === LuaType.string) {
      const sizeBytes = Number(api.lua_rawlen(L, 1))
      if (sizeBytes > MAX_SOURCE_BYTES) {
        api.lua_pushnil(L)
        text.pushString(L, SOURCE_TOO_LONG)
        return 2
      }
      runtime.spend(L, sizeBytes)
    } else if (api.lua_type(L, 1) === LuaType.function) {
      api.lua_pushvalue(L, 1)
      api.lua_pushinteger(L, 0n)
      api.lua_pushcclosure(L, countedReader, 2)
      api.lua_copy(L, -1, 1)
      api.lua_settop(L, -2)
    }
    if (api.lua_gettop(L) < 3) api.lua_settop(L, 3)
    api.lua_pushstring(L, textMode)
    api.lua_copy(L, -1, 3)
    api.lua_settop(L, -2)
    return originals.load(L)
  }

  /** Finalizers run with the count hook off, so they would run without a budget: there are none. */
  const setmetatable = (L: LuaThread) => {
    if (api.lua_type(L, 2) === LuaType.table) {
      api.lua_pushstring(L, gcField)
      if (api.lua_rawget(L, 2) !== LuaType.nil) runtime.raise(L, "finalizers ('__gc') are not available")
      api.lua_settop(L, -2)
    }
    return originals.setmetatable(L)
  }

  /** `collectgarbage` tells how much memory there is in use and does nothing else. */
  const collectgarbage = (L: LuaThread) => {
    const isCount = api.lua_type(L, 1) === LuaType.string && text.readString(L, 1) === 'count'
    if (!isCount) runtime.raise(L, "collectgarbage offers 'count' only")
    return originals.collectgarbage(L)
  }

  return [
    { library: '_G', name: 'print', fn: runtime.native(print) },
    { library: '_G', name: 'load', fn: runtime.native(load) },
    { library: '_G', name: 'setmetatable', fn: runtime.native(setmetatable) },
    { library: '_G', name: 'collectgarbage', fn: runtime.native(collectgarbage) },
  ]
}
