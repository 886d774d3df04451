import type { RuntimeCore } from '../vm/runtime-core.ts'
import { type LuaThread, LuaType } from '../wasm/lua-api.ts'
import type { LibraryFunction } from './libraries.ts'
import type { StandardLibrary } from './standard-library.ts'

/**
 * The library functions whose one call can go on for as long as a number in it says, with no instruction
 * and no allocation that a budget could stop. They are charged before they begin, an instruction an item.
 */
export function createBulkFunctions(runtime: RuntimeCore, standard: StandardLibrary): LibraryFunction[] {
  const { wasm, text } = runtime
  const { api } = wasm
  const originals = standard.inScratch((original) => ({
    insert: original('table.insert'),
    remove: original('table.remove'),
    move: original('table.move'),
    sort: original('table.sort'),
    rep: original('string.rep'),
  }))
  const lengthField = text.cString('__len')

  /** The length of the table to work on. A `__len` could claim anything, and another thing the next time. */
  const length = (L: LuaThread, name: string): number => {
    if (api.lua_type(L, 1) !== LuaType.table) return 0 // the original will say so
    if (api.luaL_getmetafield(L, 1, lengthField) !== LuaType.nil) {
      runtime.raise(L, `table.${name} does not work on a table with '__len'`)
    }
    return Number(api.lua_rawlen(L, 1))
  }

  const insert = (L: LuaThread) => {
    const isShifting = api.lua_gettop(L) > 2
    if (isShifting) runtime.spend(L, Math.max(0, length(L, 'insert') - api.lua_tonumberx(L, 2, 0)))
    return originals.insert(L)
  }

  const remove = (L: LuaThread) => {
    const isShifting = api.lua_gettop(L) > 1
    if (isShifting) runtime.spend(L, Math.max(0, length(L, 'remove') - api.lua_tonumberx(L, 2, 0)))
    return originals.remove(L)
  }

  const move = (L: LuaThread) => {
    runtime.spend(L, Math.max(0, api.lua_tonumberx(L, 3, 0) - api.lua_tonumberx(L, 2, 0)))
    return originals.move(L)
  }

  const sort = (L: LuaThread) => {
    const items = length(L, 'sort')
    runtime.spend(L, items * Math.log2(items + 1))
    return originals.sort(L)
  }

  /** Lua goes through the motions for every repetition of nothing, so it is told to repeat it never. */
  const rep = (L: LuaThread) => {
    const isEmpty = (index: number) =>
      api.lua_type(L, index) === LuaType.string && api.lua_rawlen(L, index) === 0n
    const isNothing = isEmpty(1) && (api.lua_type(L, 3) <= LuaType.nil || isEmpty(3))
    if (isNothing && api.lua_tonumberx(L, 2, 0) > 0) {
      api.lua_settop(L, 1)
      api.lua_pushinteger(L, 0n)
    }
    return originals.rep(L)
  }

  return [
    { library: 'table', name: 'insert', fn: runtime.native(insert) },
    { library: 'table', name: 'remove', fn: runtime.native(remove) },
    { library: 'table', name: 'move', fn: runtime.native(move) },
    { library: 'table', name: 'sort', fn: runtime.native(sort) },
    { library: 'string', name: 'rep', fn: runtime.native(rep) },
  ]
}
