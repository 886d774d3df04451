import { LuaError } from '../errors.ts'
import { createJsonFunctions } from '../json/json-library.ts'
import { BYTES_PER_INSTRUCTION } from '../vm/budget.ts'
import { FailureReporter } from '../vm/failure.ts'
import { createHostCall } from '../vm/host-functions.ts'
import type { RuntimeCore } from '../vm/runtime-core.ts'
import { TaskFunctions } from '../vm/task-run.ts'
import type { LuaThread, Pointer } from '../wasm/lua-api.ts'
import { isCollectionDue } from '../wasm/memory-ledger.ts'
import { createBaseFunctions } from './base.ts'
import { createBulkFunctions } from './bulk.ts'
import { createCoroutineFunctions } from './coroutine.ts'
import { createNumberAndTimeFunctions } from './number-and-time.ts'
import { createPatternFunctions } from './pattern/pattern-functions.ts'
import { createRequire } from './require.ts'
import { SpecialValues } from './special-values.ts'
import { StandardLibrary } from './standard-library.ts'
import { createTextArgumentFunctions } from './text-arguments.ts'

/** A function of the sandbox in the place of one of Lua's. */
export interface LibraryFunction {
  readonly library: string
  readonly name: string
  /** The C function. */
  readonly fn: Pointer
}

/** What Lua's libraries offer and the sandbox does not. */
const REMOVED: Readonly<Record<string, readonly string[]>> = {
  _G: ['dofile', 'loadfile', 'warn'],
  string: ['dump'],
  os: ['execute', 'exit', 'getenv', 'remove', 'rename', 'setlocale', 'tmpname'],
}

/** The C functions that all VMs of a runtime share, and the libraries that scripts see. */
export class Libraries {
  readonly panic: Pointer
  /** The count hook: the budget's, and what sets tasks aside. */
  readonly hook: Pointer
  readonly failures: FailureReporter
  readonly tasks: TaskFunctions
  readonly hostCall: Pointer
  readonly require: Pointer
  /** `table[key]`, metamethods included. */
  readonly index: Pointer

  readonly jsonEncode: Pointer
  readonly jsonDecode: Pointer
  readonly values: SpecialValues

  readonly #runtime: RuntimeCore
  readonly #standard: StandardLibrary
  readonly #removed: { library: Pointer; name: Pointer }[]
  readonly #replaced: { library: Pointer; name: Pointer; fn: Pointer }[]

  constructor(runtime: RuntimeCore) {
    const { wasm, text } = runtime
    const { api } = wasm
    this.#runtime = runtime
    this.#standard = new StandardLibrary(runtime)
    this.panic = runtime.native((L) => {
      throw new LuaError('fatal', `Lua failed outside of a call: ${text.readLossy(L, -1, 256)}`)
    })
    this.hook = wasm.addFunction('vii', (L: LuaThread) => {
      const core = runtime.running()
      if (!core.meter.mayGoOn(L)) {
        if (core.task?.dropIfPossible(L)) return
        this.failures.trip(L)
      }
      if (isCollectionDue(core.memory)) {
        runtime.spend(L, core.memory.usedBytes / BYTES_PER_INSTRUCTION)
        core.collectGarbage()
      }
      core.task?.yieldIfDue(L)
    })
    this.index = runtime.native((L) => {
      api.lua_gettable(L, 1)
      return 1
    })
    this.failures = new FailureReporter(runtime)
    this.tasks = new TaskFunctions(runtime)
    this.hostCall = createHostCall(runtime)
    this.require = createRequire(runtime)
    const json = createJsonFunctions(runtime)
    this.jsonEncode = json.encode
    this.jsonDecode = json.decode
    this.values = new SpecialValues(runtime)
    this.#removed = Object.entries(REMOVED).flatMap(([library, names]) =>
      names.map((name) => ({ library: text.cString(library), name: text.cString(name) })),
    )
    this.#replaced = [
      { library: '_G', name: 'require', fn: this.require },
      ...createBaseFunctions(runtime, this.#standard),
      ...createBulkFunctions(runtime, this.#standard),
      ...createCoroutineFunctions(runtime, this.#standard),
      ...createNumberAndTimeFunctions(runtime, this.#standard),
      ...createPatternFunctions(runtime, this.#standard),
      ...createTextArgumentFunctions(runtime, this.#standard),
    ].map(({ library, name, fn }) => ({ library: text.cString(library), name: text.cString(name), fn }))
  }

  /** Collects the garbage of a VM. */
  collectGarbage(L: LuaThread): void {
    const { api } = this.#runtime.wasm
    api.lua_pushcclosure(L, this.#standard.collectgarbage, 0)
    api.lua_callk(L, 0, 0, 0, 0)
  }

  /** Fills a fresh state with the standard library as the sandbox allows it. */
  install(L: LuaThread, randomSeed: bigint): void {
    const { api } = this.#runtime.wasm
    this.#standard.open(L)
    for (const { library, name } of this.#removed) {
      api.lua_getglobal(L, library)
      api.lua_pushnil(L)
      api.lua_setfield(L, -2, name)
      api.lua_settop(L, 0)
    }
    for (const { library, name, fn } of this.#replaced) {
      api.lua_getglobal(L, library)
      api.lua_getfield(L, 1, name)
      // The original runs in the frame of its replacement, so its upvalue, if it has one, must be there.
      const hasUpvalue = api.lua_getupvalue(L, 2, 1) !== 0
      api.lua_pushcclosure(L, fn, hasUpvalue ? 1 : 0)
      api.lua_setfield(L, 1, name)
      api.lua_settop(L, 0)
    }
    this.#seedRandom(L, randomSeed)
  }

  #seedRandom(L: LuaThread, seed: bigint): void {
    const { text, wasm } = this.#runtime
    wasm.api.lua_getglobal(L, text.cString('math'))
    wasm.api.lua_getfield(L, 1, text.cString('randomseed'))
    wasm.api.lua_pushinteger(L, seed)
    wasm.api.lua_callk(L, 1, 0, 0, 0)
    wasm.api.lua_settop(L, 0)
  }
}
