import type { RuntimeCore } from '../vm/runtime-core.ts'
import { MAX_UNIX_SECONDS } from '../wasm/calendar.ts'
import { LuaType } from '../wasm/lua-api.ts'
import type { LibraryFunction } from './libraries.ts'
import type { StandardLibrary } from './standard-library.ts'

const INSTRUCTIONS_PER_FORMAT_BYTE = 50

/** The functions that would see the machine's clock or entropy, on the VM's own clock and seed instead. */
export function createNumberAndTimeFunctions(
  runtime: RuntimeCore,
  standard: StandardLibrary,
): LibraryFunction[] {
  const { api } = runtime.wasm
  const originals = standard.inScratch((original) => ({
    randomseed: original('math.randomseed'),
    date: original('os.date'),
  }))
  return [
    {
      library: 'math',
      name: 'randomseed',
      fn: runtime.native((L) => {
        if (api.lua_gettop(L) === 0) api.lua_pushinteger(L, runtime.running().nextSeed())
        return originals.randomseed(L)
      }),
    },
    {
      library: 'os',
      name: 'clock',
      fn: runtime.native((L) => {
        api.lua_pushnumber(L, runtime.running().options.clock.monotonicMs() / 1000)
        return 1
      }),
    },
    {
      library: 'os',
      name: 'date',
      fn: runtime.native((L) => {
        // The format is gone through in one go, however long it is.
        if (api.lua_type(L, 1) === LuaType.string) {
          runtime.spend(L, Number(api.lua_rawlen(L, 1)) * INSTRUCTIONS_PER_FORMAT_BYTE)
        }
        if (Math.abs(api.lua_tonumberx(L, 2, 0)) > MAX_UNIX_SECONDS) {
          runtime.raise(L, 'date result cannot be represented')
        }
        return originals.date(L)
      }),
    },
  ]
}
