import { MAX_MESSAGE_BYTES } from '../errors.ts'
import type { RuntimeCore } from '../vm/runtime-core.ts'
import type { VmCore } from '../vm/vm-core.ts'
import { LUA_REGISTRY, LuaStatus, type LuaThread, LuaType, type Pointer } from '../wasm/lua-api.ts'

const MODULE_NAME = /^[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*$/
const MAX_NAME_LENGTH = 200

/**
 * Makes `require`. Dots and slashes both separate, so `a.b` and `a/b` are one module, loaded once. A name can
 * lead nowhere but to what the host's `modules` hands out.
 */
export function createRequire(runtime: RuntimeCore): Pointer {
  const { wasm, text } = runtime
  const { api } = wasm
  const loadedTable = text.cString('_LOADED')
  const textMode = text.cString('t')

  return runtime.native((L) => {
    const core = runtime.running()
    const name = moduleName(L)
    api.lua_settop(L, 1)
    api.luaL_getsubtable(L, LUA_REGISTRY, loadedTable)
    text.pushString(L, name)
    api.lua_rawget(L, 2)
    if (api.lua_toboolean(L, -1) !== 0) return 1
    api.lua_settop(L, 2)
    const chunkName = compile(core, L, name)
    text.pushString(L, name)
    text.pushString(L, chunkName)
    core.loadingModules.push(name)
    try {
      api.lua_callk(L, 2, 1, 0, 0)
    } finally {
      core.loadingModules.pop()
    }
    if (api.lua_type(L, 3) === LuaType.nil) {
      api.lua_pushboolean(L, 1)
      api.lua_copy(L, -1, 3)
      api.lua_settop(L, 3)
    }
    text.pushString(L, name)
    api.lua_pushvalue(L, 3)
    api.lua_rawset(L, 2)
    return 1
  })

  function moduleName(L: LuaThread): string {
    const name = api.lua_type(L, 1) === LuaType.string ? text.readLossy(L, 1, MAX_NAME_LENGTH) : undefined
    if (name === undefined) return runtime.raise(L, "bad argument #1 to 'require' (string expected)")
    if (!MODULE_NAME.test(name)) {
      return runtime.raise(L, `module name '${name}' is not made of letters, digits, '_', '-' and separators`)
    }
    return name.replaceAll('.', '/')
  }

  /** Leaves the module's compiled chunk on the stack and answers with its chunk name. */
  function compile(core: VmCore, L: LuaThread, name: string): string {
    if (core.loadingModules.includes(name)) {
      const chain = [...core.loadingModules.slice(core.loadingModules.indexOf(name)), name]
      return runtime.raise(L, `modules require each other: ${chain.join(' → ')}`)
    }
    const module = runtime.askHost(L, 'require', () => core.options.modules(name))
    if (module === undefined) return runtime.raise(L, `module '${name}' not found`)
    const status = text.withText(module.source, (source, sizeBytes) =>
      text.withText(`@${module.chunkName}`, (chunkName) =>
        api.luaL_loadbufferx(L, source, sizeBytes, chunkName, textMode),
      ),
    )
    if (status === LuaStatus.syntax) {
      const problem = text.readLossy(L, -1, MAX_MESSAGE_BYTES)
      core.syntaxMessage = runtime.positioned(L, `error loading module '${name}': ${problem}`)
      return runtime.raiseText(L, core.syntaxMessage)
    }
    if (status !== LuaStatus.ok) return api.lua_error(L)
    return module.chunkName
  }
}
