import type { RuntimeCore } from '../vm/runtime-core.ts'
import { type LuaThread, type Pointer, upvalueIndex } from '../wasm/lua-api.ts'
import type { LibraryFunction } from './libraries.ts'
import type { CFunction, StandardLibrary } from './standard-library.ts'

/**
 * The coroutine library, with two things seen to.
 *
 * `resume`, `close` and `wrap` carry the budget along: Lua counts instructions for each coroutine apart, so
 * a script that spreads its work over many would never reach its limit.
 *
 * A task of the host runs in a coroutine that scripts must not know from the main thread: one that got hold
 * of it could resume what the host has set aside or ended. `running` shows the main thread in its place,
 * functions that are given the main thread take it for the task's coroutine, and `yield` refuses there.
 *
 * When a task is set aside within coroutines of the script's own, each of them gives way to the one that
 * resumed it. When the task goes on, each resumes the next again. The script sees nothing of either.
 */
export function createCoroutineFunctions(runtime: RuntimeCore, standard: StandardLibrary): LibraryFunction[] {
  const { wasm } = runtime
  const { api } = wasm
  const { resume, close, status, running, yieldValues, isYieldable, wrap, wrapped } = standard.inScratch(
    (original, L) => {
      const wrap = original('coroutine.wrap')
      return {
        resume: original('coroutine.resume'),
        close: original('coroutine.close'),
        status: original('coroutine.status'),
        running: original('coroutine.running'),
        yieldValues: original('coroutine.yield'),
        isYieldable: original('coroutine.isyieldable'),
        wrap,
        wrapped: wrappedBy(wrap, L),
      }
    },
  )

  /** The C function that `coroutine.wrap` hands out; nothing else leads to it. */
  function wrappedBy(wrap: CFunction, L: LuaThread): CFunction {
    api.lua_getglobal(L, runtime.text.cString('print')) // any function will do
    wrap(L)
    return wasm.functionAt(api.lua_tocfunction(L, -1))
  }

  /**
   * `fn`, which gives control to a coroutine for a while. Its first `fixedCount` arguments say to which; the
   * others are for the coroutine.
   */
  const passing = (fn: CFunction, fixedCount: number, coroutineOf: (L: LuaThread) => LuaThread): Pointer => {
    const pass = (L: LuaThread): number => {
      const coroutine = coroutineOf(L)
      if (coroutine === 0) return fn(L) // it will say what is wrong
      const core = runtime.running()
      const { meter, waiting } = core
      meter.carry(L, coroutine)
      core.thread = coroutine
      waiting.push(L)
      let resultCount: number
      try {
        resultCount = fn(L)
      } finally {
        waiting.pop()
        core.thread = L
        meter.carry(coroutine, L)
      }
      if (core.task?.isGivingWay !== true) return resultCount
      return api.lua_yieldk(L, 0, 0, goOn) // never returns
    }
    const goOn = wasm.addFunction('iiii', (L: LuaThread) => {
      api.lua_settop(L, fixedCount)
      return pass(L)
    })
    return runtime.native(pass)
  }

  /** Whether a thread is the coroutine of the running task. */
  const isTask = (thread: LuaThread) => thread === runtime.running().task?.thread

  /** The coroutine that the first argument is; where a task runs, its own in the place of the main thread. */
  const firstArgument = (L: LuaThread): LuaThread => {
    const { main, task } = runtime.running()
    const coroutine = api.lua_tothread(L, 1)
    if (coroutine !== main || task === undefined) return coroutine
    api.lua_pushthread(task.thread)
    api.lua_xmove(task.thread, L, 1)
    api.lua_copy(L, -1, 1)
    api.lua_settop(L, -2)
    return task.thread
  }
  const resumeWrapped = passing(wrapped, 0, (L) => api.lua_tothread(L, upvalueIndex(1)))
  return [
    {
      library: 'coroutine',
      name: 'yield',
      fn: runtime.native((L) =>
        isTask(L) ? runtime.raiseText(L, 'attempt to yield from outside a coroutine') : yieldValues(L),
      ),
    },
    {
      library: 'coroutine',
      name: 'running',
      fn: runtime.native((L) => {
        if (!isTask(L)) return running(L)
        const { main } = runtime.running()
        api.lua_pushthread(main)
        api.lua_xmove(main, L, 1)
        api.lua_pushboolean(L, 1)
        return 2
      }),
    },
    {
      library: 'coroutine',
      name: 'isyieldable',
      fn: runtime.native((L) => {
        if (!isTask(api.lua_gettop(L) === 0 ? L : firstArgument(L))) return isYieldable(L)
        api.lua_pushboolean(L, 0)
        return 1
      }),
    },
    {
      library: 'coroutine',
      name: 'status',
      fn: runtime.native((L) => {
        firstArgument(L)
        return status(L)
      }),
    },
    { library: 'coroutine', name: 'resume', fn: passing(resume, 1, firstArgument) },
    { library: 'coroutine', name: 'close', fn: passing(close, 1, firstArgument) },
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
