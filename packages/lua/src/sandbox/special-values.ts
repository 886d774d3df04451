import type { RuntimeCore } from '../vm/runtime-core.ts'
import { LUA_REGISTRY, type LuaThread, LuaType, type Pointer } from '../wasm/lua-api.ts'

/** What JavaScript values have and Lua's lack: `null`, and arrays that are arrays even when empty. */
export class SpecialValues {
  /** Where a VM's registry keeps the metatable that marks arrays. */
  readonly markerKey: Pointer
  /** The C function that marks a table, or a new one, as an array. */
  readonly markArray: Pointer

  readonly #runtime: RuntimeCore
  readonly #nullToString: Pointer
  readonly #metatableField: Pointer
  readonly #toStringField: Pointer
  readonly #nullText: Pointer

  constructor(runtime: RuntimeCore) {
    const { text, wasm } = runtime
    this.#runtime = runtime
    this.markerKey = text.cString('array')
    this.#metatableField = text.cString('__metatable')
    this.#toStringField = text.cString('__tostring')
    this.#nullText = text.cString('null')
    this.markArray = runtime.native((L) => this.#markArray(L))
    this.#nullToString = runtime.native((L) => {
      wasm.api.lua_pushstring(L, this.#nullText)
      return 1
    })
  }

  /**
   * Makes a fresh VM's two metatables and answers with the address of the one that marks arrays. Both are
   * protected: a script that changed them would change what every array and `null` do.
   */
  install(L: LuaThread): Pointer {
    const { api } = this.#runtime.wasm
    api.lua_createtable(L, 0, 1)
    this.#protect(L, this.markerKey)
    const marker = api.lua_topointer(L, -1)
    api.lua_rawsetp(L, LUA_REGISTRY, this.markerKey)

    api.lua_pushlightuserdata(L, 0)
    api.lua_createtable(L, 0, 2)
    this.#protect(L, this.#nullText)
    api.lua_pushcclosure(L, this.#nullToString, 0)
    api.lua_setfield(L, -2, this.#toStringField)
    api.lua_setmetatable(L, -2)
    api.lua_settop(L, 0)
    return marker
  }

  #protect(L: LuaThread, answer: Pointer): void {
    const { api } = this.#runtime.wasm
    api.lua_pushstring(L, answer)
    api.lua_setfield(L, -2, this.#metatableField)
  }

  #markArray(L: LuaThread): number {
    const runtime = this.#runtime
    const { api } = runtime.wasm
    if (api.lua_type(L, 1) <= LuaType.nil) {
      api.lua_settop(L, 0)
      api.lua_createtable(L, 0, 0)
    }
    if (api.lua_type(L, 1) !== LuaType.table) runtime.raise(L, 'only a table can be an array')
    api.lua_settop(L, 1)
    if (api.lua_getmetatable(L, 1) !== 0) {
      const isMarked = api.lua_topointer(L, 2) === runtime.running().arrayMarker
      if (!isMarked) runtime.raise(L, 'a table with a metatable cannot be marked as an array')
      api.lua_settop(L, 1)
      return 1
    }
    api.lua_rawgetp(L, LUA_REGISTRY, this.markerKey)
    api.lua_setmetatable(L, 1)
    return 1
  }
}
