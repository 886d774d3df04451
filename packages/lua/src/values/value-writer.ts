import { LuaError } from '../errors.ts'
import { copyInstructions } from '../vm/budget.ts'
import type { HeapText } from '../wasm/heap-text.ts'
import type { LuaThread } from '../wasm/lua-api.ts'
import { LUA_REGISTRY, type Pointer } from '../wasm/lua-api.ts'
import type { LuaWasm } from '../wasm/lua-wasm.ts'
import type { LuaValue, LuaValueLimits } from './lua-value.ts'
import { formatPath, type PathKey } from './path.ts'

const SLOTS_PER_LEVEL = 3
const MIN_INTEGER = -(2n ** 63n)
const MAX_INTEGER = 2n ** 63n - 1n

/** Where values go: the limits of one VM and the key of its array marker in the registry. */
export interface ValueTarget {
  readonly valueLimits: LuaValueLimits
  readonly arrayMarkerKey: Pointer
}

/** Copies JavaScript values into Lua. One instance serves a runtime, since writing never calls out. */
export class ValueWriter {
  readonly #wasm: LuaWasm
  readonly #text: HeapText
  readonly #path: PathKey[] = []
  #nodes = 0
  #bytes = 0

  constructor(wasm: LuaWasm, text: HeapText) {
    this.#wasm = wasm
    this.#text = text
  }

  /**
   * Pushes a value; on an error the stack is as it was.
   *
   * @throws LuaError `value`, for what cannot cross or exceeds a limit
   */
  push(target: ValueTarget, L: LuaThread, value: LuaValue): void {
    this.#nodes = target.valueLimits.maxNodes
    this.#bytes = target.valueLimits.maxBytes
    this.#path.length = 0
    if (typeof value !== 'object' || value === null) {
      this.#push(target, L, value, 0)
      return
    }
    const { api } = this.#wasm
    if (api.lua_checkstack(L, (target.valueLimits.maxDepth + 1) * SLOTS_PER_LEVEL) === 0) {
      throw this.#error('the Lua stack is full')
    }
    const top = api.lua_gettop(L)
    try {
      this.#push(target, L, value, target.valueLimits.maxDepth)
    } catch (error) {
      api.lua_settop(L, top)
      throw error
    }
  }

  /** What the last {@link push} with these limits has cost, or came to before it failed: values within and bytes. */
  lastCost({ maxNodes, maxBytes }: LuaValueLimits): number {
    return copyInstructions(maxNodes - this.#nodes - 1, maxBytes - this.#bytes)
  }

  #push(target: ValueTarget, L: LuaThread, value: LuaValue, depth: number): void {
    const { api } = this.#wasm
    if (--this.#nodes < 0) throw this.#error(`more than ${target.valueLimits.maxNodes} values`)
    switch (typeof value) {
      case 'undefined':
        return api.lua_pushnil(L)
      case 'boolean':
        return api.lua_pushboolean(L, value ? 1 : 0)
      case 'number':
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) return api.lua_pushinteger(L, BigInt(value))
        return api.lua_pushnumber(L, value)
      case 'bigint':
        if (value < MIN_INTEGER || value > MAX_INTEGER) throw this.#error('the bigint does not fit 64 bits')
        return api.lua_pushinteger(L, value)
      case 'string':
        return this.#pushString(target, L, value)
      case 'object':
        if (value === null) return api.lua_pushlightuserdata(L, 0)
        if (value instanceof Uint8Array) {
          this.#countBytes(target, value.length)
          return this.#text.pushBytes(L, value)
        }
        if (depth === 0) throw this.#error(`objects nest more than ${target.valueLimits.maxDepth} deep`)
        return isArray(value)
          ? this.#pushArray(target, L, value, depth)
          : this.#pushObject(target, L, value, depth)
      default:
        throw this.#error(`a ${typeof value} cannot enter Lua`)
    }
  }

  #pushArray(target: ValueTarget, L: LuaThread, items: readonly LuaValue[], depth: number): void {
    const { api } = this.#wasm
    if (items.length > this.#nodes) throw this.#error(`more than ${target.valueLimits.maxNodes} values`)
    api.lua_createtable(L, items.length, 0)
    api.lua_rawgetp(L, LUA_REGISTRY, target.arrayMarkerKey)
    api.lua_setmetatable(L, -2)
    for (let at = 0; at < items.length; at++) {
      this.#path.push(at)
      if (items[at] === undefined) throw this.#error('an array cannot hold undefined; null can stand in')
      this.#push(target, L, items[at], depth - 1)
      api.lua_rawseti(L, -2, BigInt(at + 1))
      this.#path.pop()
    }
  }

  #pushObject(
    target: ValueTarget,
    L: LuaThread,
    object: { readonly [key: string]: LuaValue },
    depth: number,
  ): void {
    const { api } = this.#wasm
    const prototype = Object.getPrototypeOf(object)
    // An Object.prototype has no prototype itself, in whatever realm the object was made.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw this.#error(`a ${prototype.constructor?.name} cannot enter Lua, only plain objects and arrays`)
    }
    const names = Object.keys(object)
    api.lua_createtable(L, 0, Math.min(names.length, this.#nodes))
    for (const name of names) {
      const value = object[name]
      if (value === undefined) continue
      this.#path.push(name)
      this.#pushString(target, L, name)
      this.#push(target, L, value, depth - 1)
      api.lua_rawset(L, -3)
      this.#path.pop()
    }
  }

  #pushString(target: ValueTarget, L: LuaThread, text: string): void {
    this.#countBytes(target, text.length)
    this.#text.pushString(L, text)
  }

  /** A text counts by its UTF-16 length: close enough for a bound, and free. */
  #countBytes(target: ValueTarget, count: number): void {
    this.#bytes -= count
    if (this.#bytes < 0) throw this.#error(`more than ${target.valueLimits.maxBytes} bytes of strings`)
  }

  #error(problem: string): LuaError {
    return new LuaError('value', formatPath(this.#path, problem))
  }
}

/** `Array.isArray` does not narrow a readonly array. */
function isArray(value: object): value is readonly LuaValue[] {
  return Array.isArray(value)
}
