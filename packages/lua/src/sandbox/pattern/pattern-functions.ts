import type { RuntimeCore } from '../../vm/runtime-core.ts'
import { type LuaThread, LuaType, type Pointer, upvalueIndex } from '../../wasm/lua-api.ts'
import type { LibraryFunction } from '../libraries.ts'
import type { StandardLibrary } from '../standard-library.ts'
import { NO_MATCH, PatternMatcher, PatternProblem, POSITION } from './pattern-matcher.ts'

/** Steps of the matcher that take about as long as one instruction. */
const STEPS_PER_INSTRUCTION = 4
/** What a replacement that a function or table gives costs: about a call. */
const INSTRUCTIONS_PER_ANSWER = 10
/** Bytes that a plain search looks at in about the time of one instruction. */
const SEARCHED_BYTES_PER_INSTRUCTION = 16
/** At least what `luaL_Buffer` takes (`lauxlib.h`). */
const BUFFER_BYTES = 1024

/** A search over fewer bytes than this is faster byte by byte than through the runtime's own. */
const SHORT_SEARCH_BYTES = 256

/** The bytes that make a pattern more than a plain text. */
const SPECIALS = new Set(Buffer.from('^$*+?.([%-'))
const CARET = 0x5e
const PERCENT = 0x25
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

/** A string argument in the Lua memory. Strings do not move, the memory as a whole may. */
interface TextSpan {
  readonly start: Pointer
  readonly end: Pointer
}

/** `string.find`, `match`, `gmatch` and `gsub` on the counting matcher. */
export function createPatternFunctions(runtime: RuntimeCore, standard: StandardLibrary): LibraryFunction[] {
  const { wasm, text } = runtime
  const { api } = wasm
  const originals = standard.inScratch((original) => ({
    find: original('string.find'),
    match: original('string.match'),
    gmatch: original('string.gmatch'),
    gsub: original('string.gsub'),
  }))
  const matcher = new PatternMatcher((steps) =>
    runtime.spend(runtime.running().thread, steps / STEPS_PER_INSTRUCTION),
  )

  const isText = (L: LuaThread, index: number) => {
    const type = api.lua_type(L, index)
    return type === LuaType.string || type === LuaType.number
  }
  /** Whether an argument is an integer or left out; for what is neither, the original raises the error. */
  const isOptionalInteger = (L: LuaThread, index: number) =>
    api.lua_type(L, index) <= LuaType.nil ||
    (api.lua_isnumber(L, index) !== 0 && Number.isInteger(api.lua_tonumberx(L, index, 0)))

  const span = (L: LuaThread, index: number): TextSpan => {
    const start = text.locate(L, index)
    return { start, end: start + text.lastLength }
  }

  /** Where to begin, from an argument that counts from 1 or, negative, from the end. */
  const startOf = (L: LuaThread, index: number, subject: TextSpan): Pointer => {
    const position = api.lua_type(L, index) <= LuaType.nil ? 1 : api.lua_tonumberx(L, index, 0)
    if (position > 0) return subject.start + position - 1
    if (position === 0) return subject.start
    return Math.max(subject.start, subject.end + position)
  }

  /** Charges for what was matched, and lets a malformed pattern be a Lua error. */
  const attempt = (L: LuaThread, work: () => number): number => {
    let problem: PatternProblem
    try {
      const count = work()
      runtime.running().meter.charge(L, Math.ceil(matcher.takeSteps() / STEPS_PER_INSTRUCTION))
      return count
    } catch (error) {
      if (!(error instanceof PatternProblem)) throw error
      problem = error
    }
    return runtime.raise(L, problem.message)
  }

  const match = (subject: TextSpan, pattern: TextSpan, at: Pointer, patternStart: Pointer): Pointer => {
    matcher.prepare(wasm.bytes, subject.start, subject.end, pattern.end)
    return matcher.match(at, patternStart)
  }

  /** Pushes a capture, or the whole match where the pattern has none. */
  const pushCapture = (L: LuaThread, index: number, subject: TextSpan, start: Pointer, end: Pointer) => {
    if (index >= matcher.captureCount) {
      if (index > 0) throw new PatternProblem(`invalid capture index %${index + 1}`)
      api.lua_pushlstring(L, start, end - start)
      return
    }
    const length = matcher.captureLength(index)
    const from = matcher.captureStart(index)
    if (length === POSITION) api.lua_pushinteger(L, BigInt(from - subject.start + 1))
    else api.lua_pushlstring(L, from, length)
  }

  const pushCaptures = (L: LuaThread, subject: TextSpan, start: Pointer, end: Pointer) => {
    const count = Math.max(1, matcher.captureCount)
    if (api.lua_checkstack(L, count) === 0) throw new PatternProblem('stack overflow (too many captures)')
    for (let index = 0; index < count; index++) pushCapture(L, index, subject, start, end)
    return count
  }

  const pushRange = (L: LuaThread, subject: TextSpan, start: Pointer, end: Pointer) => {
    api.lua_pushinteger(L, BigInt(start - subject.start + 1))
    api.lua_pushinteger(L, BigInt(end - subject.start))
  }

  const findPlain = (L: LuaThread, subject: TextSpan, pattern: TextSpan, from: Pointer): number => {
    runtime.spend(L, (subject.end - from) / SEARCHED_BYTES_PER_INSTRUCTION)
    const found = indexOf(wasm.bytes, pattern, from, subject.end)
    if (found === NO_MATCH) return pushNothing(L)
    pushRange(L, subject, found, found + pattern.end - pattern.start)
    return 2
  }

  const pushNothing = (L: LuaThread): number => {
    api.lua_pushnil(L)
    return 1
  }

  const search = (L: LuaThread, isFind: boolean): number => {
    const subject = span(L, 1)
    const pattern = span(L, 2)
    const from = startOf(L, 3, subject)
    if (from > subject.end) return pushNothing(L)
    if (isFind && (api.lua_toboolean(L, 4) !== 0 || isPlain(wasm.bytes, pattern)))
      return findPlain(L, subject, pattern, from)
    const isAnchored = pattern.end > pattern.start && wasm.bytes[pattern.start] === CARET
    const patternStart = isAnchored ? pattern.start + 1 : pattern.start
    for (let at = from; at <= subject.end; at++) {
      const end = match(subject, pattern, at, patternStart)
      if (end !== NO_MATCH) {
        if (!isFind) return pushCaptures(L, subject, at, end)
        pushRange(L, subject, at, end)
        return matcher.captureCount === 0 ? 2 : 2 + pushCaptures(L, subject, at, end)
      }
      if (isAnchored) break
    }
    return pushNothing(L)
  }

  const hasSearchArguments = (L: LuaThread) => isText(L, 1) && isText(L, 2) && isOptionalInteger(L, 3)
  const find = (L: LuaThread) =>
    hasSearchArguments(L) ? attempt(L, () => search(L, true)) : originals.find(L)
  const matchFunction = (L: LuaThread) =>
    hasSearchArguments(L) ? attempt(L, () => search(L, false)) : originals.match(L)

  /** The iterator of `gmatch`; its upvalues are subject, pattern, where to go on, and the end of the last match. */
  const nextMatch = runtime.native((L) => {
    const subject = span(L, upvalueIndex(1))
    const pattern = span(L, upvalueIndex(2))
    const lastEnd = subject.start + api.lua_tonumberx(L, upvalueIndex(4), 0)
    const from = subject.start + api.lua_tonumberx(L, upvalueIndex(3), 0)
    return attempt(L, () => {
      for (let at = from; at <= subject.end; at++) {
        const end = match(subject, pattern, at, pattern.start)
        if (end === NO_MATCH || end === lastEnd) continue
        for (const upvalue of [3, 4]) {
          api.lua_pushnumber(L, end - subject.start)
          api.lua_copy(L, -1, upvalueIndex(upvalue))
          api.lua_settop(L, -2)
        }
        return pushCaptures(L, subject, at, end)
      }
      return 0
    })
  })

  const gmatch = (L: LuaThread) => {
    if (!hasSearchArguments(L)) return originals.gmatch(L)
    const subject = span(L, 1)
    const from = startOf(L, 3, subject)
    text.locate(L, 2) // where it is a number, makes it a string once and for all
    api.lua_settop(L, 2)
    api.lua_pushnumber(L, from - subject.start)
    api.lua_pushnumber(L, NO_MATCH)
    api.lua_pushcclosure(L, nextMatch, 4)
    return 1
  }

  /** Adds the replacement string at index 3 with its captures filled in. */
  const addTemplate = (L: LuaThread, buffer: Pointer, subject: TextSpan, start: Pointer, end: Pointer) => {
    const template = span(L, 3)
    let copied = template.start
    for (let at = copied; at < template.end; at++) {
      if (wasm.bytes[at] !== PERCENT) continue
      api.luaL_addlstring(buffer, copied, at - copied)
      at++
      copied = at + 1
      const letter = at < template.end ? (wasm.bytes[at] ?? 0) : 0
      if (letter === PERCENT) api.luaL_addlstring(buffer, at, 1)
      else if (letter === DIGIT_0) api.luaL_addlstring(buffer, start, end - start)
      else if (letter > DIGIT_0 && letter <= DIGIT_9) {
        pushCapture(L, letter - DIGIT_0 - 1, subject, start, end)
        api.luaL_addvalue(buffer)
      } else throw new PatternProblem("invalid use of '%' in replacement string")
    }
    api.luaL_addlstring(buffer, copied, template.end - copied)
  }

  /** Adds what a function or table gives for a match; answers whether it gave anything. */
  const addAnswer = (
    L: LuaThread,
    buffer: Pointer,
    subject: TextSpan,
    start: Pointer,
    end: Pointer,
  ): boolean => {
    // What gives the answer may be a library function that takes its time, with no instruction in it.
    runtime.spend(L, INSTRUCTIONS_PER_ANSWER)
    if (api.lua_type(L, 3) === LuaType.function) {
      api.lua_pushvalue(L, 3)
      api.lua_callk(L, pushCaptures(L, subject, start, end), 1, 0, 0)
    } else {
      pushCapture(L, 0, subject, start, end)
      api.lua_gettable(L, 3)
    }
    const isKept = api.lua_toboolean(L, -1) === 0
    if (isKept) {
      api.lua_settop(L, -2)
      api.luaL_addlstring(buffer, start, end - start)
    } else if (isText(L, -1)) {
      api.luaL_addvalue(buffer)
    } else {
      const typeName = text.cText(api.lua_typename(L, api.lua_type(L, -1)), BUFFER_BYTES)
      throw new PatternProblem(`invalid replacement value (a ${typeName})`)
    }
    return !isKept
  }

  const replaceAll = (L: LuaThread): number => {
    const subject = span(L, 1)
    const pattern = span(L, 2)
    const isTemplate = isText(L, 3)
    const limit = api.lua_type(L, 4) <= LuaType.nil ? Number.POSITIVE_INFINITY : api.lua_tonumberx(L, 4, 0)
    const isAnchored = pattern.end > pattern.start && wasm.bytes[pattern.start] === CARET
    const patternStart = isAnchored ? pattern.start + 1 : pattern.start
    const stack = api.stackSave()
    const buffer = api.stackAlloc(BUFFER_BYTES)
    api.luaL_buffinit(L, buffer)
    let copied = subject.start
    let lastEnd = -1
    let count = 0
    let isChanged = false
    for (let at = subject.start; count < limit; ) {
      const end = match(subject, pattern, at, patternStart)
      if (end !== NO_MATCH && end !== lastEnd) {
        count++
        api.luaL_addlstring(buffer, copied, at - copied)
        if (isTemplate) {
          addTemplate(L, buffer, subject, at, end)
          isChanged = true
        } else if (addAnswer(L, buffer, subject, at, end)) isChanged = true
        at = end
        lastEnd = end
        copied = end
      } else if (at < subject.end) at++
      else break
      if (isAnchored) break
    }
    api.luaL_addlstring(buffer, copied, subject.end - copied)
    api.luaL_pushresult(buffer)
    api.stackRestore(stack)
    if (!isChanged) api.lua_pushvalue(L, 1)
    api.lua_pushinteger(L, BigInt(count))
    return 2
  }

  const gsub = (L: LuaThread) => {
    const type = api.lua_type(L, 3)
    const isReplacement = isText(L, 3) || type === LuaType.function || type === LuaType.table
    if (!isText(L, 1) || !isText(L, 2) || !isReplacement || !isOptionalInteger(L, 4)) return originals.gsub(L)
    return attempt(L, () => replaceAll(L))
  }

  return [
    { library: 'string', name: 'find', fn: runtime.native(find) },
    { library: 'string', name: 'match', fn: runtime.native(matchFunction) },
    { library: 'string', name: 'gmatch', fn: runtime.native(gmatch) },
    { library: 'string', name: 'gsub', fn: runtime.native(gsub) },
  ]
}

function isPlain(bytes: Uint8Array, pattern: TextSpan): boolean {
  for (let at = pattern.start; at < pattern.end; at++) {
    if (SPECIALS.has(bytes[at] ?? 0)) return false
  }
  return true
}

/** Where a text first occurs between two addresses, or {@link NO_MATCH}. */
function indexOf(bytes: Buffer, text: TextSpan, from: Pointer, end: Pointer): Pointer {
  const length = text.end - text.start
  if (end - from > SHORT_SEARCH_BYTES) {
    const found = bytes.subarray(from, end).indexOf(bytes.subarray(text.start, text.end))
    return found === -1 ? NO_MATCH : from + found
  }
  for (let at = from; at <= end - length; at++) {
    let same = 0
    while (same < length && bytes[at + same] === bytes[text.start + same]) same++
    if (same === length) return at
  }
  return NO_MATCH
}
