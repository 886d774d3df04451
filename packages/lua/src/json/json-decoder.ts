import { isUtf8 } from 'node:buffer'
import type { HeapText } from '../wasm/heap-text.ts'
import { LUA_REGISTRY, type LuaThread, type Pointer } from '../wasm/lua-api.ts'
import type { LuaWasm } from '../wasm/lua-wasm.ts'
import type { ValueTarget } from '../values/value-writer.ts'
import { ByteSink } from './byte-sink.ts'
import { JsonProblem, type LuaJsonLimits } from './json-problem.ts'

const SLOTS_PER_LEVEL = 3
/** Integers of so many digits are exact as a double. */
const SAFE_DIGITS = 15
const MIN_INTEGER = -(2n ** 63n)
const MAX_INTEGER = 2n ** 63n - 1n
const NUMBER = /^-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/
const MAX_NUMBER_BYTES = 1024

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const SIMPLE_ESCAPES = new Map([
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [0x2f, 0x2f], // /
  [0x62, 0x08], // b
  [0x66, 0x0c], // f
  [0x6e, 0x0a], // n
  [0x72, 0x0d], // r
  [0x74, 0x09], // t
])

/**
 * Reads JSON (RFC 8259) from a string in the Lua heap and builds the value there. A number without fraction
 * and exponent is an integer if it fits 64 bits, any other a float; arrays are marked, `null` is the
 * sentinel, and of equal names the last one wins.
 */
export class JsonDecoder {
  readonly #wasm: LuaWasm
  readonly #text: HeapText
  /** A string with escapes, unescaped. */
  readonly #unescaped = new ByteSink()
  #start: Pointer = 0
  #at: Pointer = 0
  #end: Pointer = 0
  #maxDepth = 0

  constructor(wasm: LuaWasm, text: HeapText) {
    this.#wasm = wasm
    this.#text = text
  }

  /**
   * Pushes the value of a JSON text, which must stay where it is.
   *
   * @throws JsonProblem naming line, column and byte
   */
  decode(target: ValueTarget, limits: LuaJsonLimits, L: LuaThread, text: Pointer, sizeBytes: number): void {
    if (sizeBytes > limits.maxBytes) throw new JsonProblem(`the text is over ${limits.maxBytes} bytes`)
    if (this.#wasm.api.lua_checkstack(L, (limits.maxDepth + 1) * SLOTS_PER_LEVEL) === 0) {
      throw new JsonProblem('the Lua stack is full')
    }
    this.#start = text
    this.#at = text
    this.#end = text + sizeBytes
    this.#maxDepth = limits.maxDepth
    this.#value(target, L, limits.maxDepth)
    this.#skipSpace()
    if (this.#at < this.#end) throw this.#problem('there is more after the value')
  }

  #value(target: ValueTarget, L: LuaThread, depth: number): void {
    const { api } = this.#wasm
    this.#skipSpace()
    switch (this.#peek()) {
      case QUOTE:
        return this.#string(L)
      case 0x7b: // {
        return this.#object(target, L, depth)
      case 0x5b: // [
        return this.#array(target, L, depth)
      case 0x74: // t
        this.#word('true')
        return api.lua_pushboolean(L, 1)
      case 0x66: // f
        this.#word('false')
        return api.lua_pushboolean(L, 0)
      case 0x6e: // n
        this.#word('null')
        return api.lua_pushlightuserdata(L, 0)
      default:
        return this.#number(L)
    }
  }

  #object(target: ValueTarget, L: LuaThread, depth: number): void {
    const { api } = this.#wasm
    this.#enter(depth)
    api.lua_createtable(L, 0, 0)
    if (this.#skipSpaceTo(0x7d)) return // }
    do {
      this.#skipSpace()
      if (this.#peek() !== QUOTE) throw this.#problem('a name in quotes is expected')
      this.#string(L)
      if (!this.#skipSpaceTo(COLON)) throw this.#problem("':' is expected")
      this.#value(target, L, depth - 1)
      api.lua_rawset(L, -3)
    } while (this.#skipSpaceTo(COMMA))
    if (!this.#skipSpaceTo(0x7d)) throw this.#problem("',' or '}' is expected")
  }

  #array(target: ValueTarget, L: LuaThread, depth: number): void {
    const { api } = this.#wasm
    this.#enter(depth)
    api.lua_createtable(L, 0, 0)
    api.lua_rawgetp(L, LUA_REGISTRY, target.arrayMarkerKey)
    api.lua_setmetatable(L, -2)
    if (this.#skipSpaceTo(0x5d)) return // ]
    let position = 0
    do {
      this.#value(target, L, depth - 1)
      api.lua_rawseti(L, -2, BigInt(++position))
    } while (this.#skipSpaceTo(COMMA))
    if (!this.#skipSpaceTo(0x5d)) throw this.#problem("',' or ']' is expected")
  }

  #enter(depth: number): void {
    if (depth === 0) throw this.#problem(`values nest more than ${this.#maxDepth} deep`)
    this.#at++
  }

  #number(L: LuaThread): void {
    const { api, bytes } = this.#wasm
    const start = this.#at
    let end = start
    while (end < this.#end && isNumberByte(bytes[end] ?? 0)) end++
    if (end === start) throw this.#problem(start < this.#end ? 'a value is expected' : 'the text ends early')
    if (end - start > MAX_NUMBER_BYTES) throw this.#problem('the number is too long')
    const digits = bytes.toString('latin1', start, end)
    const match = NUMBER.exec(digits)
    if (match === null) throw this.#problem('the number is malformed')
    const [, fraction, exponent] = match
    if (fraction === undefined && exponent === undefined) {
      if (digits.length <= SAFE_DIGITS) api.lua_pushinteger(L, BigInt(Number(digits)))
      else this.#bigInteger(L, digits)
    } else {
      const value = Number(digits)
      if (!Number.isFinite(value)) throw this.#problem('the number is out of range')
      api.lua_pushnumber(L, value)
    }
    this.#at = end
  }

  #bigInteger(L: LuaThread, digits: string): void {
    const { api } = this.#wasm
    const value = BigInt(digits)
    if (value >= MIN_INTEGER && value <= MAX_INTEGER) return api.lua_pushinteger(L, value)
    if (!Number.isFinite(Number(digits))) throw this.#problem('the number is out of range')
    api.lua_pushnumber(L, Number(digits))
  }

  /** Pushes the string whose opening quote is next. */
  #string(L: LuaThread): void {
    const { api } = this.#wasm
    this.#at++
    const start = this.#at
    this.#skipPlain()
    if (this.#peek() === QUOTE) {
      api.lua_pushlstring(L, start, this.#at - start)
      this.#at++
      return
    }
    const sink = this.#unescaped
    sink.clear()
    sink.bytes(this.#wasm.bytes.subarray(start, this.#at))
    while (this.#peek() !== QUOTE) {
      this.#escape()
      const plain = this.#at
      this.#skipPlain()
      sink.bytes(this.#wasm.bytes.subarray(plain, this.#at))
    }
    this.#at++
    this.#text.pushBytes(L, sink.view)
  }

  /** Moves on to the next quote or backslash. */
  #skipPlain(): void {
    const { bytes } = this.#wasm
    const start = this.#at
    let isAscii = true
    for (; ; this.#at++) {
      if (this.#at >= this.#end) throw this.#problem('the string does not end')
      const byte = bytes[this.#at] ?? 0
      if (byte === QUOTE || byte === BACKSLASH) break
      if (byte < 0x20) throw this.#problem('a control character in a string must be escaped')
      if (byte > 0x7f) isAscii = false
    }
    if (isAscii || isUtf8(bytes.subarray(start, this.#at))) return
    this.#at = start
    throw this.#problem('the string that goes on here is not valid UTF-8')
  }

  /** Unescapes what a backslash begins. */
  #escape(): void {
    const { bytes } = this.#wasm
    const simple = SIMPLE_ESCAPES.get(bytes[this.#at + 1] ?? 0)
    if (simple !== undefined && this.#at + 1 < this.#end) {
      this.#unescaped.byte(simple)
      this.#at += 2
      return
    }
    const unit = this.#codeUnit()
    if ((unit & 0xf800) !== 0xd800) return this.#unescaped.codePoint(unit)
    if (unit < 0xdc00 && this.#peek() === BACKSLASH) {
      const low = this.#codeUnit()
      if ((low & 0xfc00) === 0xdc00) {
        return this.#unescaped.codePoint(0x1_0000 + ((unit & 0x3ff) << 10) + (low & 0x3ff))
      }
    }
    throw this.#problem('half of a surrogate pair stands alone')
  }

  /** Reads `\uXXXX`. */
  #codeUnit(): number {
    const sequence = this.#wasm.bytes.toString('latin1', this.#at, Math.min(this.#end, this.#at + 6))
    if (!/^\\u[0-9a-fA-F]{4}$/.test(sequence)) throw this.#problem('the escape is unknown')
    this.#at += 6
    return Number.parseInt(sequence.slice(2), 16)
  }

  #word(word: string): void {
    const text = this.#wasm.bytes.toString('latin1', this.#at, Math.min(this.#end, this.#at + word.length))
    if (text !== word) throw this.#problem('a value is expected')
    this.#at += word.length
  }

  #peek(): number {
    return this.#at < this.#end ? (this.#wasm.bytes[this.#at] ?? 0) : 0
  }

  #skipSpace(): void {
    const { bytes } = this.#wasm
    for (; this.#at < this.#end; this.#at++) {
      const byte = bytes[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
    }
  }

  /** Skips white space and, if it comes next, one byte; answers whether it did. */
  #skipSpaceTo(byte: number): boolean {
    this.#skipSpace()
    if (this.#peek() !== byte) return false
    this.#at++
    return true
  }

  #problem(reason: string): JsonProblem {
    const before = this.#wasm.bytes.subarray(this.#start, this.#at)
    let line = 1
    let lineStart = -1
    for (let newline = before.indexOf(0x0a); newline !== -1; newline = before.indexOf(0x0a, newline + 1)) {
      line++
      lineStart = newline
    }
    const column = before.length - lineStart
    return new JsonProblem(`${reason} (line ${line}, column ${column}, byte ${before.length + 1})`)
  }
}

/** Whether a byte can be part of a number: a digit, a sign, a point or an exponent's letter. */
function isNumberByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x65 ||
    byte === 0x45
  )
}
