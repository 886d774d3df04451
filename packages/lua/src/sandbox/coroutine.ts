import type { RuntimeCore } from '../vm/runtime-core.ts'
import { type LuaThread, upvalueIndex } from '../wasm/lua-api.ts'
import type { LibraryFunction } from './libraries.ts'
import type { CFunction, StandardLibrary } from './standard-library.ts'

/**
 * `coroutine.resume`, `close` and `wrap` with the budget carried along: Lua counts instructions for each
 * coroutine apart, so a script that spreads its work over many would never reach its limit.
 */
export function createCoroutineFunctions(runtime: RuntimeCore, standard: StandardLibrary): LibraryFunction[] {
  const { wasm } = runtime
  const { api } = wasm
  const { resume, close, wrap, wrapped } = standard.inScratch((original, L) => {
    const wrap = original('coroutine.wrap')
    return {
      resume: original('coroutine.resume'),
      close: original('coroutine.close'),
      wrap,
      wrapped: wrappedBy(wrap, L),
    }
  })

  /** The C function that `coroutine.wrap` hands out; nothing else leads to it. */
  function wrappedBy(wrap: CFunction, L: LuaThread): CFunction {
    api.lua_getglobal(L, runtime.text.cString('print')) // any function will do
    wrap(L)
    return wasm.functionAt(api.lua_tocfunction(L, -1))
  }

  /** `fn`, which gives control to a coroutine for a while. */
  const passing = (fn: CFunction, coroutineOf: (L: LuaThread) => LuaThread) =>
    runtime.native((L) => {
      const coroutine = coroutineOf(L)
      if (coroutine === 0) return fn(L) // it will say what is wrong
      const core = runtime.running()
      core.meter.carry(L, coroutine)
      core.thread = coroutine
      try {
        return fn(L)
      } finally {
        core.thread = L
        core.meter.carry(coroutine, L)
      }
    })

  const firstArgument = (L: LuaThread) => api.lua_tothread(L, 1)
  const resumeWrapped = passing(wrapped, (L) => api.lua_tothread(L, upvalueIndex(1)))
  return [
    { library: 'coroutine', name: 'resume', fn: passing(resume, firstArgument) },
    { library: 'coroutine', name: 'close', fn: passing(close, firstArgument) },
    {
      library: 'coroutine',
      name: 'wrap',
      fn: runtime.native((L) => {
        wrap(L)
        api.lua_getupvalue(L, -1, 1) // the coroutine
        api.lua_pushcclosure(L, resumeWrapped, 1)
        return 1
      }),
    },
  ]
}
