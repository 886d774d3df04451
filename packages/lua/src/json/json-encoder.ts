import { isUtf8 } from 'node:buffer'
import type { HeapText } from '../wasm/heap-text.ts'
import { type LuaThread, LuaType, type Pointer } from '../wasm/lua-api.ts'
import type { LuaWasm } from '../wasm/lua-wasm.ts'
import { formatPath, type PathKey } from '../values/path.ts'
import { isMarkedArray, type ValueSource } from '../values/value-reader.ts'
import { ByteSink } from './byte-sink.ts'
import { JsonProblem, type LuaJsonLimits } from './json-problem.ts'

/** Slots of the Lua stack per level: a key, a value, and room to look a member up. */
const SLOTS_PER_LEVEL = 4

/** Values that are gone through between two looks at the budget. */
const VALUES_PER_CHARGE = 256

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const SHORT_ESCAPES = new Map([
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [QUOTE, '\\"'],
  [BACKSLASH, '\\\\'],
])

/**
 * Writes Lua values as JSON (RFC 8259), straight from the Lua heap. Integers stay integers to the last of
 * their 64 bits and floats keep a float's form, so decoding gives equal values back. Members are sorted by
 * name. Tables are read raw.
 */
export class JsonEncoder {
  readonly #wasm: LuaWasm
  readonly #text: HeapText
  readonly #sink = new ByteSink()
  readonly #path: PathKey[] = []
  readonly #spend: (values: number) => void
  #values = 0

  /** `spend` is told every so often how many values were gone through, and may throw to end it. */
  constructor(wasm: LuaWasm, text: HeapText, spend: (values: number) => void) {
    this.#wasm = wasm
    this.#text = text
    this.#spend = spend
  }

  /**
   * The JSON text of the value at an absolute index; valid until the next call.
   *
   * @throws JsonProblem naming the path to what has no JSON form
   */
  encode(source: ValueSource, limits: LuaJsonLimits, L: LuaThread, index: number): Uint8Array {
    this.#sink.clear()
    this.#path.length = 0
    this.#values = 0
    if (this.#wasm.api.lua_checkstack(L, (limits.maxDepth + 1) * SLOTS_PER_LEVEL) === 0) {
      throw new JsonProblem('the Lua stack is full')
    }
    this.#value(source, limits, L, index, limits.maxDepth)
    return this.#sink.view
  }

  #value(source: ValueSource, limits: LuaJsonLimits, L: LuaThread, index: number, depth: number): void {
    const { api } = this.#wasm
    // A text that grows too long in the end has taken its time all the same.
    if (++this.#values % VALUES_PER_CHARGE === 0) this.#spend(VALUES_PER_CHARGE)
    switch (api.lua_type(L, index)) {
      case LuaType.nil:
      case LuaType.lightUserdata:
        this.#sink.ascii('null')
        break
      case LuaType.boolean:
        this.#sink.ascii(api.lua_toboolean(L, index) === 0 ? 'false' : 'true')
        break
      case LuaType.number:
        this.#sink.ascii(this.#number(L, index))
        break
      case LuaType.string:
        this.#string(limits, L, index)
        break
      case LuaType.table:
        if (depth === 0) throw this.#problem(`tables nest more than ${limits.maxDepth} deep`)
        this.#table(source, limits, L, index, depth)
        break
      case LuaType.function:
        throw this.#problem('a function has no JSON form')
      default:
        throw this.#problem('a coroutine or userdata has no JSON form')
    }
    if (this.#sink.length > limits.maxBytes) throw this.#problem(`the text is over ${limits.maxBytes} bytes`)
  }

  #number(L: LuaThread, index: number): string {
    const { api } = this.#wasm
    const value = api.lua_tonumberx(L, index, 0)
    if (api.lua_isinteger(L, index) !== 0) {
      return Number.isSafeInteger(value) ? String(value) : String(api.lua_tointegerx(L, index, 0))
    }
    if (!Number.isFinite(value)) throw this.#problem(`the number ${value} has no JSON form`)
    if (Object.is(value, -0)) return '-0.0'
    const text = String(value)
    return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text
  }

  #string(limits: LuaJsonLimits, L: LuaThread, index: number): void {
    const pointer = this.#text.locate(L, index)
    const length = this.#text.lastLength
    if (length > limits.maxBytes) throw this.#problem(`the text is over ${limits.maxBytes} bytes`)
    this.#sink.byte(QUOTE)
    if (!this.#sink.plain(this.#wasm.bytes, pointer, length)) this.#escaped(pointer, length)
    this.#sink.byte(QUOTE)
  }

  #escaped(pointer: Pointer, length: number): void {
    const bytes = this.#wasm.bytes.subarray(pointer, pointer + length)
    if (!isUtf8(bytes)) throw this.#problem('the string is not valid UTF-8')
    let written = 0
    for (let at = 0; at < length; at++) {
      const byte = bytes[at] ?? 0
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) continue
      this.#sink.bytes(bytes.subarray(written, at))
      this.#sink.ascii(SHORT_ESCAPES.get(byte) ?? `\\u${byte.toString(16).padStart(4, '0')}`)
      written = at + 1
    }
    this.#sink.bytes(bytes.subarray(written))
  }

  #table(source: ValueSource, limits: LuaJsonLimits, L: LuaThread, index: number, depth: number): void {
    const { api } = this.#wasm
    const isMarked = isMarkedArray(this.#wasm, source, L, index)
    api.lua_pushnil(L)
    if (api.lua_next(L, index) === 0) {
      this.#sink.ascii(isMarked ? '[]' : '{}')
      return
    }
    const key = api.lua_gettop(L) - 1
    if (isMarked || api.lua_type(L, key) === LuaType.number) this.#array(source, limits, L, index, key, depth)
    else this.#object(source, limits, L, index, key, depth)
  }

  /** Goes on from the first pair of a table, which lies at `key` and above. */
  #array(
    source: ValueSource,
    limits: LuaJsonLimits,
    L: LuaThread,
    table: number,
    key: number,
    depth: number,
  ): void {
    const { api } = this.#wasm
    let count = 0
    let last = 0
    do {
      const position = api.lua_isinteger(L, key) === 0 ? 0 : api.lua_tonumberx(L, key, 0)
      if (position < 1) throw this.#problem('an array has a key that is no position in it')
      last = Math.max(last, position)
      count++
      api.lua_settop(L, key)
    } while (api.lua_next(L, table) !== 0)
    if (count !== last) throw this.#problem('an array has holes')
    for (let position = 1; position <= count; position++) {
      this.#sink.byte(position === 1 ? 0x5b : COMMA) // [
      this.#path.push(position)
      api.lua_rawgeti(L, table, BigInt(position))
      this.#value(source, limits, L, key, depth - 1)
      api.lua_settop(L, key - 1)
      this.#path.pop()
    }
    this.#sink.byte(0x5d) // ]
  }

  #object(
    source: ValueSource,
    limits: LuaJsonLimits,
    L: LuaThread,
    table: number,
    key: number,
    depth: number,
  ): void {
    const { api } = this.#wasm
    const names: string[] = []
    do {
      if (api.lua_type(L, key) !== LuaType.string)
        throw this.#problem('an object has a key that is no string')
      const name = this.#text.readString(L, key)
      if (name === undefined) throw this.#problem('a key is not valid UTF-8')
      names.push(name)
      api.lua_settop(L, key)
    } while (api.lua_next(L, table) !== 0)
    let separator = 0x7b // {
    for (const name of names.sort()) {
      this.#sink.byte(separator)
      separator = COMMA
      this.#text.pushString(L, name)
      this.#string(limits, L, key)
      this.#sink.byte(COLON)
      this.#path.push(name)
      api.lua_rawget(L, table)
      this.#value(source, limits, L, key, depth - 1)
      api.lua_settop(L, key - 1)
      this.#path.pop()
    }
    this.#sink.byte(0x7d) // }
  }

  #problem(reason: string): JsonProblem {
    return new JsonProblem(formatPath(this.#path, reason))
  }
}
