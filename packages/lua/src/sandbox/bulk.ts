import { BYTES_PER_INSTRUCTION } from '../vm/budget.ts'
import type { RuntimeCore } from '../vm/runtime-core.ts'
import { type LuaThread, LuaType } from '../wasm/lua-api.ts'
import type { LibraryFunction } from './libraries.ts'
import type { StandardLibrary } from './standard-library.ts'

/** What an item costs that a metamethod gives or takes: about a call. */
const INSTRUCTIONS_PER_METHOD = 10
/** More than that cannot be unpacked, and Lua says so at once. */
const MAX_STACK_SLOTS = 1_000_000
/** As many items as no table has. */
const MANY = 2 ** 53

/**
 * The library functions whose one call can go on for as long as a number in it says, with no instruction
 * and no allocation that a budget could stop. They are charged before they begin, an instruction an item.
 *
 * A metamethod may be a library function too, so that each item could take a long call in which no
 * instruction runs. Where there may be one, the items are gone through here, and each is charged.
 */
export function createBulkFunctions(runtime: RuntimeCore, standard: StandardLibrary): LibraryFunction[] {
  const { wasm, text } = runtime
  const { api } = wasm
  const originals = standard.inScratch((original) => ({
    insert: original('table.insert'),
    remove: original('table.remove'),
    move: original('table.move'),
    sort: original('table.sort'),
    concat: original('table.concat'),
    unpack: original('table.unpack'),
    rep: original('string.rep'),
  }))
  const lengthField = text.cString('__len')
  const indexField = text.cString('__index')
  const newIndexField = text.cString('__newindex')

  const hasField = (L: LuaThread, index: number, field: number): boolean => {
    if (api.luaL_getmetafield(L, index, field) === LuaType.nil) return false
    api.lua_settop(L, -2)
    return true
  }

  /** The length of the table to work on. A `__len` could claim anything, and another thing the next time. */
  const length = (L: LuaThread, name: string): number => {
    if (api.lua_type(L, 1) !== LuaType.table) return 0 // the original will say so
    if (hasField(L, 1, lengthField)) {
      runtime.raise(L, `table.${name} does not work on a table with '__len'`)
    }
    return Number(api.lua_rawlen(L, 1))
  }

  /** A number among the arguments; what is none counts as 0, and the original will say so. */
  const integer = (L: LuaThread, index: number): number => {
    const value = api.lua_tonumberx(L, index, 0)
    return Number.isNaN(value) ? 0 : Math.trunc(Math.max(-MANY, Math.min(MANY, value)))
  }

  const orElse = (L: LuaThread, index: number, otherwise: () => number): number =>
    api.lua_type(L, index) <= LuaType.nil ? otherwise() : integer(L, index)

  /**
   * Charges for the items that a shift or a sort goes through. A table with metamethods must have them all:
   * those that it lacks would be asked for, and put, by call.
   */
  const spendItems = (
    L: LuaThread,
    name: string,
    first: number,
    last: number,
    instructions: number,
  ): void => {
    runtime.spend(L, Math.max(0, instructions))
    if (!hasField(L, 1, indexField) && !hasField(L, 1, newIndexField)) return
    for (let at = first; at <= last; at++) {
      if (api.lua_rawgeti(L, 1, BigInt(at)) === LuaType.nil) {
        runtime.raise(L, `table.${name} does not work on a table with holes and a metatable`)
      }
      api.lua_settop(L, -2)
    }
  }

  const insert = (L: LuaThread) => {
    if (api.lua_gettop(L) > 2) {
      const last = length(L, 'insert')
      const first = Math.max(1, integer(L, 2))
      spendItems(L, 'insert', first, last, last - first)
    }
    return originals.insert(L)
  }

  const remove = (L: LuaThread) => {
    if (api.lua_gettop(L) > 1) {
      const last = length(L, 'remove')
      const first = Math.max(1, integer(L, 2))
      spendItems(L, 'remove', first, last, last - first)
    }
    return originals.remove(L)
  }

  const move = (L: LuaThread) => {
    const [first, last, to] = [integer(L, 2), integer(L, 3), integer(L, 4)]
    const count = Math.max(0, last - first + 1)
    runtime.spend(L, count)
    const target = api.lua_type(L, 5) <= LuaType.nil ? 1 : 5
    const isPlain = !hasField(L, 1, indexField) && !hasField(L, target, newIndexField)
    const isRefused = [2, 3, 4].some((index) => !Number.isSafeInteger(api.lua_tonumberx(L, index, 0)))
    if (isPlain || isRefused) return originals.move(L)
    const source = plainCopy(L, first, last)
    for (let at = 0; at < count; at++) {
      api.lua_rawgeti(L, source, BigInt(first + at))
      api.lua_seti(L, target, BigInt(to + at))
      runtime.spend(L, INSTRUCTIONS_PER_METHOD)
    }
    api.lua_pushvalue(L, target)
    return 1
  }

  /** Pushes a table with some of the first argument's items, each read as `t[i]` is. Answers where it lies. */
  const plainCopy = (L: LuaThread, first: number, last: number): number => {
    api.lua_createtable(L, 0, 0)
    const copy = api.lua_gettop(L)
    for (let at = first; at <= last; at++) {
      api.lua_geti(L, 1, BigInt(at))
      api.lua_rawseti(L, copy, BigInt(at))
      runtime.spend(L, INSTRUCTIONS_PER_METHOD)
    }
    return copy
  }

  /** Charges for the items to be read, and has the original read them without metamethods. */
  const settleItems = (L: LuaThread, first: number, last: number): void => {
    runtime.spend(L, Math.max(0, last - first + 1))
    if (hasField(L, 1, indexField)) api.lua_copy(L, plainCopy(L, first, last), 1)
  }

  const concat = (L: LuaThread) => {
    api.lua_settop(L, 4)
    if (api.lua_type(L, 1) === LuaType.table) {
      const last = orElse(L, 4, () => length(L, 'concat'))
      pushLast(L, 4, last)
      settleItems(
        L,
        orElse(L, 3, () => 1),
        last,
      )
      api.lua_settop(L, 4)
    }
    return originals.concat(L)
  }

  const unpack = (L: LuaThread) => {
    api.lua_settop(L, 3)
    if (api.lua_type(L, 1) !== LuaType.table) runtime.raise(L, "bad argument #1 to 'unpack' (table expected)")
    const first = orElse(L, 2, () => 1)
    const last = orElse(L, 3, () => length(L, 'unpack'))
    if (last - first < MAX_STACK_SLOTS) {
      pushLast(L, 3, last)
      settleItems(L, first, last)
      api.lua_settop(L, 3)
    }
    return originals.unpack(L)
  }

  /** Fills in the position of the last item where the script gave none: the copy need not have the same length. */
  const pushLast = (L: LuaThread, index: number, last: number): void => {
    if (api.lua_type(L, index) > LuaType.nil) return
    api.lua_pushinteger(L, BigInt(last))
    api.lua_copy(L, -1, index)
    api.lua_settop(L, -2)
  }

  const sort = (L: LuaThread) => {
    const items = length(L, 'sort')
    const rounds = Math.log2(items + 1)
    spendItems(L, 'sort', 1, items, items * rounds)
    // A comparison in Lua is charged for itself; any other goes through both texts.
    const isInLua = api.lua_type(L, 2) === LuaType.function && api.lua_tocfunction(L, 2) === 0
    if (!isInLua) runtime.spend(L, (rounds * textBytes(L, items)) / BYTES_PER_INSTRUCTION)
    return originals.sort(L)
  }

  /** How long the texts in the first argument are together. */
  const textBytes = (L: LuaThread, items: number): number => {
    let sum = 0
    for (let at = 1; at <= items; at++) {
      if (api.lua_rawgeti(L, 1, BigInt(at)) === LuaType.string) sum += Number(api.lua_rawlen(L, -1))
      api.lua_settop(L, -2)
    }
    return sum
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
    { library: 'table', name: 'concat', fn: runtime.native(concat) },
    { library: 'table', name: 'unpack', fn: runtime.native(unpack) },
    { library: 'string', name: 'rep', fn: runtime.native(rep) },
  ]
}
