import type { HeapText } from '../wasm/heap-text.ts'
import type { LuaThread, Pointer } from '../wasm/lua-api.ts'
import type { LuaWasm } from '../wasm/lua-wasm.ts'

/** `lua_Debug` of Lua 5.4 with 32-bit pointers (`lua.h`): the offsets of the fields read here. */
const DEBUG_BYTES = 128
const NAME = 4
const NAME_WHAT = 8
const WHAT = 12
const CURRENT_LINE = 24
const LINE_DEFINED = 28
const IS_TAIL_CALL = 39
const SHORT_SOURCE = 44

const MAX_NAME_BYTES = 100
/** The levels that a traceback shows of a deep stack, as many as Lua's own does. */
const FIRST_LEVELS = 10
const LAST_LEVELS = 11

/**
 * Tells where a thread is. Unlike `luaL_traceback` it allocates nothing in Lua, so it works where the memory
 * is used up, and its texts have a bound, however long the names in a script are.
 */
export class StackInspector {
  readonly #wasm: LuaWasm
  readonly #text: HeapText
  readonly #debug: Pointer
  readonly #lineFields: Pointer
  readonly #allFields: Pointer

  constructor(wasm: LuaWasm, text: HeapText) {
    this.#wasm = wasm
    this.#text = text
    this.#debug = text.allocate(DEBUG_BYTES)
    this.#lineFields = text.cString('Sl')
    this.#allFields = text.cString('Slnt')
  }

  /** `script.lua:12: ` for the function at a level, 0 being the running one; empty for C functions. */
  position(L: LuaThread, level: number): string {
    const { api } = this.#wasm
    if (api.lua_getstack(L, level, this.#debug) === 0) return ''
    api.lua_getinfo(L, this.#lineFields, this.#debug)
    const line = this.#word(CURRENT_LINE)
    return line > 0 ? `${this.#shortSource()}:${line}: ` : ''
  }

  /**
   * The stack from a level outwards, in the form of Lua's own tracebacks; so many levels at its bottom stay
   * hidden.
   */
  traceback(L: LuaThread, level: number, hiddenLevels = 0): string {
    const { api } = this.#wasm
    const lines = ['stack traceback:']
    const end = this.#depth(L) - hiddenLevels
    const skipFrom = end - level > FIRST_LEVELS + LAST_LEVELS ? level + FIRST_LEVELS : end
    for (let at = level; at < end; at++) {
      if (at === skipFrom) {
        at = end - LAST_LEVELS
        lines.push(`...\t(skipping ${at - skipFrom} levels)`)
      }
      api.lua_getstack(L, at, this.#debug)
      api.lua_getinfo(L, this.#allFields, this.#debug)
      lines.push(this.#describe())
      if (this.#wasm.bytes[this.#debug + IS_TAIL_CALL] !== 0) lines.push('(...tail calls...)')
    }
    return lines.join('\n\t')
  }

  #describe(): string {
    const line = this.#word(CURRENT_LINE)
    return `${this.#shortSource()}:${line > 0 ? `${line}:` : ''} in ${this.#functionName()}`
  }

  #functionName(): string {
    const nameWhat = this.#string(NAME_WHAT)
    if (nameWhat !== '') return `${nameWhat === 'global' ? 'function' : nameWhat} '${this.#string(NAME)}'`
    const what = this.#string(WHAT)
    if (what === 'main') return 'main chunk'
    return what === 'C' ? '?' : `function <${this.#shortSource()}:${this.#word(LINE_DEFINED)}>`
  }

  /** How many levels the stack has. */
  #depth(L: LuaThread): number {
    const { api } = this.#wasm
    const exists = (level: number) => api.lua_getstack(L, level, this.#debug) !== 0
    let above = 1
    while (exists(above)) above *= 2
    let below = Math.floor(above / 2)
    while (below < above) {
      const middle = Math.floor((below + above) / 2)
      if (exists(middle)) below = middle + 1
      else above = middle
    }
    return below
  }

  #shortSource(): string {
    return this.#text.cText(this.#debug + SHORT_SOURCE, MAX_NAME_BYTES)
  }

  #string(field: number): string {
    return this.#text.cText(this.#word(field), MAX_NAME_BYTES)
  }

  #word(field: number): number {
    return this.#wasm.words[(this.#debug + field) >> 2] ?? 0
  }
}
