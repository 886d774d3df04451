import type { RuntimeCore } from '../vm/runtime-core.ts'
import { type LuaThread, LuaType } from '../wasm/lua-api.ts'
import type { LibraryFunction } from './libraries.ts'
import type { CFunction, StandardLibrary } from './standard-library.ts'

/** A longer text is no number to the functions here, whatever its digits say. */
const MAX_NUMBER_BYTES = 512
/** So few arguments are not worth going through: Lua converts texts to numbers in its operators, too. */
const FEW_ARGUMENTS = 8
/** To quote takes ten times as long as to copy. */
const MAX_QUOTED_BYTES = 256 * 1024
const MAX_PACK_FORMAT_BYTES = 256 * 1024
const INSTRUCTIONS_PER_FORMAT_BYTE = 2
/** Bytes of UTF-8 that take about as long as one instruction. */
const UTF8_BYTES_PER_INSTRUCTION = 4

/** A conversion of `string.format`, with what stands between the percent sign and its letter. */
const CONVERSION = /%([-+ #0-9.]*)(.)/gs
/** An option of `string.pack`; an `X` takes the next one for its size and nothing else. */
const PACK_OPTION = /X.|[bBhHlLjJTiIfdnsz]/gs

/**
 * The library functions that go through texts without an instruction or an allocation that a budget could
 * stop. One and the same long text can be an argument a hundred thousand times, and each time Lua would read
 * all of it as a number.
 */
export function createTextArgumentFunctions(
  runtime: RuntimeCore,
  standard: StandardLibrary,
): LibraryFunction[] {
  const { wasm, text } = runtime
  const { api } = wasm
  const originals = standard.inScratch((original) => ({
    tonumber: original('tonumber'),
    max: original('math.max'),
    min: original('math.min'),
    char: original('string.char'),
    format: original('string.format'),
    pack: original('string.pack'),
    packsize: original('string.packsize'),
    unpack: original('string.unpack'),
    utf8Char: original('utf8.char'),
    utf8Len: original('utf8.len'),
    utf8Offset: original('utf8.offset'),
    utf8Codepoint: original('utf8.codepoint'),
  }))

  /** How long an argument is if it is a text, else 0. */
  const textBytes = (L: LuaThread, index: number): number =>
    api.lua_type(L, index) === LuaType.string ? Number(api.lua_rawlen(L, index)) : 0

  const refuseLong = (L: LuaThread, index: number, name: string, maxBytes: number, what: string): void => {
    const sizeBytes = textBytes(L, index)
    if (sizeBytes <= maxBytes) return
    const problem = `${what} expected, got a string of ${sizeBytes} bytes`
    runtime.raise(L, `bad argument #${index} to '${name}' (${problem})`)
  }
  const refuseLongNumber = (L: LuaThread, index: number, name: string): void =>
    refuseLong(L, index, name, MAX_NUMBER_BYTES, 'number')

  /** `fn`, all of whose arguments are numbers. */
  const ofNumbers = (name: string, fn: CFunction) => (L: LuaThread) => {
    const count = api.lua_gettop(L)
    if (count > FEW_ARGUMENTS) {
      for (let index = 1; index <= count; index++) refuseLongNumber(L, index, name)
    }
    return fn(L)
  }

  const tonumber = (L: LuaThread) => {
    if (textBytes(L, 1) <= MAX_NUMBER_BYTES) return originals.tonumber(L)
    api.lua_pushnil(L)
    return 1
  }

  /** Lua writes plain texts as they are, reads numbers out of others, and quotes byte by byte. */
  const format = (L: LuaThread) => {
    const count = api.lua_gettop(L)
    let hasLong = false
    for (let index = 2; index <= count && !hasLong; index++) hasLong = textBytes(L, index) > MAX_NUMBER_BYTES
    if (!hasLong || textBytes(L, 1) === 0) return originals.format(L)
    runtime.spend(L, textBytes(L, 1) * INSTRUCTIONS_PER_FORMAT_BYTE)
    let index = 1
    for (const [, , letter] of latin1(L).matchAll(CONVERSION)) {
      if (letter === '%') continue
      index++
      if (letter === 'q') refuseLong(L, index, 'format', MAX_QUOTED_BYTES, 'a shorter text to quote')
      else if (letter !== 's' && letter !== 'p') refuseLongNumber(L, index, 'format')
    }
    return originals.format(L)
  }

  /** `fn`, whose first argument says how to pack. */
  const packing = (name: string, fn: CFunction, hasNumbers: boolean) => (L: LuaThread) => {
    refuseLong(L, 1, name, MAX_PACK_FORMAT_BYTES, 'a shorter format')
    runtime.spend(L, textBytes(L, 1) * INSTRUCTIONS_PER_FORMAT_BYTE)
    if (hasNumbers && api.lua_gettop(L) > FEW_ARGUMENTS && textBytes(L, 1) > 0) refuseLongPacked(L, name)
    return fn(L)
  }

  const refuseLongPacked = (L: LuaThread, name: string): void => {
    let index = 1
    for (const [option] of latin1(L)
      .replaceAll(/c[0-9]*/g, 's')
      .matchAll(PACK_OPTION)) {
      if (option.startsWith('X')) continue
      index++
      if (option !== 's' && option !== 'z') refuseLongNumber(L, index, name)
    }
  }

  /** The first argument, a text, as one character a byte. */
  const latin1 = (L: LuaThread): string => {
    const start = text.locate(L, 1)
    return wasm.bytes.toString('latin1', start, start + text.lastLength)
  }

  /** `fn`, which goes through its first argument. */
  const throughText = (fn: CFunction) => (L: LuaThread) => {
    const sizeBytes = textBytes(L, 1)
    if (sizeBytes > MAX_NUMBER_BYTES) runtime.spend(L, sizeBytes / UTF8_BYTES_PER_INSTRUCTION)
    return fn(L)
  }

  const functions: readonly [string, string, CFunction][] = [
    ['_G', 'tonumber', tonumber],
    ['math', 'max', ofNumbers('max', originals.max)],
    ['math', 'min', ofNumbers('min', originals.min)],
    ['string', 'char', ofNumbers('char', originals.char)],
    ['string', 'format', format],
    ['string', 'pack', packing('pack', originals.pack, true)],
    ['string', 'packsize', packing('packsize', originals.packsize, false)],
    ['string', 'unpack', packing('unpack', originals.unpack, false)],
    ['utf8', 'char', ofNumbers('char', originals.utf8Char)],
    ['utf8', 'len', throughText(originals.utf8Len)],
    ['utf8', 'offset', throughText(originals.utf8Offset)],
    ['utf8', 'codepoint', throughText(originals.utf8Codepoint)],
  ]
  return functions.map(([library, name, fn]) => ({ library, name, fn: runtime.native(fn) }))
}
