import { LuaError } from '../errors.ts'
import type { RuntimeCore } from '../vm/runtime-core.ts'
import { LUA_GLOBALS, LUA_REGISTRY, type LuaThread, type Pointer } from '../wasm/lua-api.ts'

const SCRATCH_MEMORY_BYTES = 1024 * 1024

/** A C function of Lua's, called from JavaScript in the frame of the native function that calls it. */
export type CFunction = (L: LuaThread) => number

interface Library {
  readonly name: Pointer
  readonly open: Pointer
}

/**
 * Lua's own libraries. The sandbox puts some of their functions behind one of its own, which then calls the
 * original in its own frame: arguments, results and error messages are those of the original.
 */
export class StandardLibrary {
  readonly #runtime: RuntimeCore
  readonly #libraries: readonly Library[]
  /** The original, which collects. */
  readonly collectgarbage: Pointer

  constructor(runtime: RuntimeCore) {
    const { wasm, text } = runtime
    const { api } = wasm
    this.#runtime = runtime
    this.#libraries = Object.entries({
      _G: api.luaopen_base,
      coroutine: api.luaopen_coroutine,
      table: api.luaopen_table,
      string: api.luaopen_string,
      math: api.luaopen_math,
      utf8: api.luaopen_utf8,
      os: api.luaopen_os,
    }).map(([name, open]) => ({ name: text.cString(name), open: wasm.addExport(open) }))
    this.collectgarbage = wasm.addExport(this.inScratch((original) => original('collectgarbage')))
  }

  /** Opens every library in a state, as globals and for `require`. */
  open(L: LuaThread): void {
    const { api } = this.#runtime.wasm
    for (const { name, open } of this.#libraries) {
      api.luaL_requiref(L, name, open, 1)
      api.lua_settop(L, -2)
    }
  }

  /** Opens the libraries in a scratch state, lets `find` look for originals there, and closes it. */
  inScratch<T>(find: (original: (path: string) => CFunction, L: LuaThread) => T): T {
    const { wasm, ledger } = this.#runtime
    const { id } = ledger.open(SCRATCH_MEMORY_BYTES)
    const L = wasm.api.lua_newstate(ledger.allocator, id)
    if (L === 0) throw new LuaError('memory', 'no memory for a Lua state')
    this.open(L)
    const found = find((path) => this.#original(L, path), L)
    wasm.api.lua_close(L)
    ledger.close(id)
    return found
  }

  #original(L: LuaThread, path: string): CFunction {
    const { wasm, text } = this.#runtime
    const { api } = wasm
    api.lua_rawgeti(L, LUA_REGISTRY, LUA_GLOBALS)
    for (const name of path.split('.')) api.lua_getfield(L, -1, text.cString(name))
    const address = api.lua_tocfunction(L, -1)
    api.lua_settop(L, 0)
    if (address === 0) throw new LuaError('fatal', `this build of Lua has no ${path}`)
    return wasm.functionAt(address)
  }
}
