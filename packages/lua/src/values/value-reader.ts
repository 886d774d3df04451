import { LuaError } from '../errors.ts'
import { copyInstructions } from '../vm/budget.ts'
import type { HeapText } from '../wasm/heap-text.ts'
import { type LuaThread, LuaType, type Pointer } from '../wasm/lua-api.ts'
import type { LuaWasm } from '../wasm/lua-wasm.ts'
import type { LuaValue, LuaValueLimits } from './lua-value.ts'
import { formatPath, type PathKey } from './path.ts'

/** Slots of the Lua stack per level of tables: the key, the value and a metatable. */
const SLOTS_PER_LEVEL = 4

/** Where values come from: the limits and the array marker of one VM. */
export interface ValueSource {
  readonly valueLimits: LuaValueLimits
  /** The address of the metatable that marks arrays. */
  readonly arrayMarker: Pointer
}

/**
 * Copies Lua values out. Tables are read raw: no metamethod runs, so nothing of the script does. One
 * instance serves a runtime, since reading never calls out.
 */
export class ValueReader {
  readonly #wasm: LuaWasm
  readonly #text: HeapText
  /** The keys that lead to the value being read, for error messages. */
  readonly #path: PathKey[] = []
  /** How many more values and bytes of strings the one being read may have. */
  #nodes = 0
  #bytes = 0

  constructor(wasm: LuaWasm, text: HeapText) {
    this.#wasm = wasm
    this.#text = text
  }

  /**
   * The value at an absolute index. `root` names it in errors, which read `params.players[3].pos: a
   * function cannot leave Lua`.
   *
   * @throws LuaError `value`, for what cannot cross or exceeds a limit
   */
  read(source: ValueSource, L: LuaThread, index: number, root = ''): LuaValue {
    this.#nodes = source.valueLimits.maxNodes
    this.#bytes = source.valueLimits.maxBytes
    this.#path.length = 0
    if (root !== '') this.#path.push(root)
    if (this.#wasm.api.lua_checkstack(L, (source.valueLimits.maxDepth + 1) * SLOTS_PER_LEVEL) === 0) {
      throw this.#error('the Lua stack is full')
    }
    const top = this.#wasm.api.lua_gettop(L)
    try {
      return this.#read(source, L, index, source.valueLimits.maxDepth)
    } catch (error) {
      this.#wasm.api.lua_settop(L, top)
      throw error
    }
  }

  /** What the last {@link read} with these limits has cost, or came to before it failed: values within and bytes. */
  lastCost({ maxNodes, maxBytes }: LuaValueLimits): number {
    return copyInstructions(maxNodes - this.#nodes - 1, maxBytes - this.#bytes)
  }

  #read(source: ValueSource, L: LuaThread, index: number, depth: number): LuaValue {
    const { api } = this.#wasm
    if (--this.#nodes < 0) throw this.#error(`more than ${source.valueLimits.maxNodes} values`)
    switch (api.lua_type(L, index)) {
      case LuaType.nil:
      case LuaType.none:
        return undefined
      case LuaType.boolean:
        return api.lua_toboolean(L, index) !== 0
      case LuaType.number:
        return this.#readNumber(L, index)
      case LuaType.string:
        return this.#readString(source, L, index) ?? this.#text.readBytes(L, index)
      case LuaType.table:
        if (depth === 0) throw this.#error(`tables nest more than ${source.valueLimits.maxDepth} deep`)
        return this.#readTable(source, L, index, depth)
      case LuaType.lightUserdata:
        return null
      case LuaType.function:
        throw this.#error('a function cannot leave Lua')
      case LuaType.thread:
        throw this.#error('a coroutine cannot leave Lua')
      default:
        throw this.#error('a userdata cannot leave Lua')
    }
  }

  #readNumber(L: LuaThread, index: number): number | bigint {
    const { api } = this.#wasm
    const value = api.lua_tonumberx(L, index, 0)
    if (Number.isSafeInteger(value) || api.lua_isinteger(L, index) === 0) return value
    return api.lua_tointegerx(L, index, 0)
  }

  #readString(source: ValueSource, L: LuaThread, index: number): string | undefined {
    const pointer = this.#text.locate(L, index)
    const length = this.#text.lastLength
    this.#bytes -= length
    if (this.#bytes < 0) throw this.#error(`more than ${source.valueLimits.maxBytes} bytes of strings`)
    return this.#text.decode(pointer, length)
  }

  #readTable(source: ValueSource, L: LuaThread, index: number, depth: number): LuaValue {
    const { api } = this.#wasm
    const isMarked = isMarkedArray(this.#wasm, source, L, index)
    api.lua_pushnil(L)
    if (api.lua_next(L, index) === 0) return isMarked ? [] : {}
    const key = api.lua_gettop(L) - 1
    return isMarked || api.lua_type(L, key) === LuaType.number
      ? this.#readArray(source, L, index, key, depth)
      : this.#readObject(source, L, index, key, depth)
  }

  /** Reads on from the first pair of a table, which lies at `key` and above. */
  #readArray(source: ValueSource, L: LuaThread, table: number, key: number, depth: number): LuaValue[] {
    const { api } = this.#wasm
    const items: LuaValue[] = []
    let count = 0
    do {
      if (api.lua_isinteger(L, key) === 0) throw this.#strayKey(L, key, 'an array')
      const position = api.lua_tonumberx(L, key, 0)
      // Beyond the limit it has a hole or too many items: never let a stray index size the JS array.
      if (position < 1 || position > source.valueLimits.maxNodes) {
        throw this.#error(`the key ${position} makes it neither an array nor an object`)
      }
      this.#path.push(position)
      items[position - 1] = this.#read(source, L, key + 1, depth - 1)
      this.#path.pop()
      count++
      api.lua_settop(L, key)
    } while (api.lua_next(L, table) !== 0)
    if (count !== items.length) throw this.#error('an array has holes')
    return items
  }

  #readObject(source: ValueSource, L: LuaThread, table: number, key: number, depth: number): LuaValue {
    const { api } = this.#wasm
    const object: Record<string, LuaValue> = {}
    do {
      if (api.lua_type(L, key) !== LuaType.string) throw this.#strayKey(L, key, 'an object')
      const name = this.#readString(source, L, key)
      if (name === undefined) throw this.#error('a key is not valid UTF-8')
      this.#path.push(name)
      setOwn(object, name, this.#read(source, L, key + 1, depth - 1))
      this.#path.pop()
      api.lua_settop(L, key)
    } while (api.lua_next(L, table) !== 0)
    return object
  }

  #strayKey(L: LuaThread, key: number, kind: string): LuaError {
    const { api } = this.#wasm
    switch (api.lua_type(L, key)) {
      case LuaType.string:
        return this.#error(`${kind} has the key '${this.#text.readLossy(L, key, 64)}'`)
      case LuaType.number:
        return this.#error(`${kind} has the key ${api.lua_tonumberx(L, key, 0)}`)
      case LuaType.boolean:
        return this.#error(`${kind} has a boolean as a key`)
      default:
        return this.#error(`${kind} has a key that is neither a string nor a number`)
    }
  }

  #error(problem: string): LuaError {
    return new LuaError('value', formatPath(this.#path, problem))
  }
}

/** Whether the table at an absolute index carries the array marker. */
export function isMarkedArray(wasm: LuaWasm, source: ValueSource, L: LuaThread, index: number): boolean {
  const { api } = wasm
  if (api.lua_getmetatable(L, index) === 0) return false
  const isMarked = api.lua_topointer(L, -1) === source.arrayMarker
  api.lua_settop(L, -2)
  return isMarked
}

/** Sets a member whatever its name: an assignment to `__proto__` would change the prototype instead. */
function setOwn(object: Record<string, LuaValue>, name: string, value: LuaValue): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  } else {
    object[name] = value
  }
}
