import { LuaError, MAX_MESSAGE_BYTES } from '../errors.ts'
import { DEFAULT_JSON_LIMITS, type LuaJsonLimits } from '../json/json-problem.ts'
import type { LuaValue } from '../values/lua-value.ts'
import { LUA_GLOBALS, LUA_REGISTRY, LuaStatus, LuaType, type Pointer } from '../wasm/lua-api.ts'
import type { LuaBudget } from './budget.ts'
import { LuaCall } from './call.ts'
import { type LuaHostFunction, pushHostFunction } from './host-functions.ts'
import type { LuaKey } from './key.ts'
import { type LuaRef, pushValueOrRef, RegistryRef, registryRef } from './ref.ts'
import { LuaRepeatedCall } from './repeated-call.ts'
import { LuaTask } from './task.ts'
import type { VmCore } from './vm-core.ts'

/**
 * One sandboxed Lua VM, made by `LuaRuntime.createVm`. It has its own globals, libraries and memory; nothing
 * in it can reach another VM. Every method throws a {@link LuaError} of kind `closed` once it is closed.
 */
export class LuaVm {
  readonly #core: VmCore
  /** One reusable call per depth of calls. */
  readonly #calls: LuaCall[] = []
  /** The task begun last, while no call has begun after it. */
  #task: LuaTask | undefined

  /** @internal */
  constructor(core: VmCore) {
    this.#core = core
  }

  get name(): string {
    return this.#core.options.name
  }

  /** Bytes that the VM holds now, garbage included. */
  get memoryBytes(): number {
    return this.#core.closed ? 0 : this.#core.memory.usedBytes
  }

  get memoryLimitBytes(): number {
    return this.#core.memory.limitBytes
  }

  /** Whether a task runs or is set aside, so that no other call may begin; see {@link LuaTask}. */
  get isBusy(): boolean {
    return !this.closed && this.#core.task !== undefined
  }

  /** Instructions that all finished calls have used together. */
  get usedInstructions(): number {
    return this.#core.meter.usedInstructions
  }

  get closed(): boolean {
    return this.#core.closed
  }

  /** Puts a host function at a path of globals, `kaos.broadcast`; tables on the way are created. */
  defineFunction(path: string, fn: LuaHostFunction): void {
    this.#define(path, (name) => pushHostFunction(this.#core, name, fn))
  }

  /** Puts a copy of a plain value at a path of globals. */
  defineValue(path: string, value: LuaValue): void {
    this.#define(path, () => this.#core.runtime.writer.push(this.#core, this.#core.thread, value))
  }

  /**
   * Defines the function that marks a table as an array: `array(t)` gives back `t`, `array()` a new one. An
   * empty table is an object to JSON and to JavaScript unless it is marked.
   */
  defineArray(path: string): void {
    this.#defineNative(path, this.#core.runtime.libraries.values.markArray)
  }

  /** Defines a JSON encoder and a decoder; see the README for what they do with each value. */
  defineJson(encodePath: string, decodePath: string, limits: Partial<LuaJsonLimits> = {}): void {
    this.#core.jsonLimits = { ...DEFAULT_JSON_LIMITS, ...limits }
    this.#defineNative(encodePath, this.#core.runtime.libraries.jsonEncode)
    this.#defineNative(decodePath, this.#core.runtime.libraries.jsonDecode)
  }

  /**
   * Compiles a chunk of Lua source; nothing of it runs yet.
   *
   * @throws LuaError `syntax`
   */
  load(source: string, chunkName: string): LuaRef {
    const core = this.#usable()
    const { wasm, text } = core.runtime
    const mode = text.cString('t')
    const status = text.withText(source, (pointer, sizeBytes) =>
      text.withText(`@${chunkName}`, (name) => {
        wasm.isGuest = true // the compiler works at the expense of the VM
        const status = wasm.api.luaL_loadbufferx(core.thread, pointer, sizeBytes, name, mode)
        wasm.isGuest = false
        return status
      }),
    )
    if (status === LuaStatus.ok) return new RegistryRef(core)
    const message = text.readLossy(core.thread, -1, MAX_MESSAGE_BYTES)
    wasm.api.lua_settop(core.thread, -2)
    throw new LuaError(status === LuaStatus.syntax ? 'syntax' : 'memory', message)
  }

  /** Requires a module as a script would: same cache, same rules. */
  require(moduleName: string, budget: LuaBudget): LuaRef {
    const { libraries } = this.#usable().runtime
    const call = this.#open()
    call.pushNative(libraries.require)
    call.pushString(moduleName)
    return this.#finishWithRef(call, budget)
  }

  /** The field of a table, metamethods included; `undefined` where it is nil. */
  field(table: LuaRef, name: string, budget: LuaBudget): LuaRef | undefined {
    const { libraries } = this.#usable().runtime
    const call = this.#open()
    call.pushNative(libraries.index)
    call.pushRef(table)
    call.pushString(name)
    call.invoke(1, budget)
    const ref = call.isNil(1) ? undefined : call.ref(1)
    call.end()
    return ref
  }

  /** Sets a field of a table, raw: no metamethod runs. */
  setField(table: LuaRef, name: string, value: LuaValue | LuaRef): void {
    const core = this.#usable()
    const { text, wasm } = core.runtime
    const { api } = wasm
    const top = api.lua_gettop(core.thread)
    try {
      registryRef(table).push(core)
      if (api.lua_type(core.thread, -1) !== LuaType.table) {
        throw new LuaError('value', 'the reference holds no table')
      }
      text.pushString(core.thread, name)
      pushValueOrRef(core, value)
      api.lua_rawset(core.thread, -3)
    } finally {
      api.lua_settop(core.thread, top)
    }
  }

  /** Copies a plain value into Lua and holds it there. */
  ref(value: LuaValue): LuaRef {
    const core = this.#usable()
    core.runtime.writer.push(core, core.thread, value)
    return new RegistryRef(core)
  }

  /** Copies what a reference holds out of Lua. */
  toValue(ref: LuaRef): LuaValue {
    const core = this.#usable()
    const { wasm, reader } = core.runtime
    registryRef(ref).push(core)
    const top = wasm.api.lua_gettop(core.thread)
    try {
      return reader.read(core, core.thread, top)
    } finally {
      wasm.api.lua_settop(core.thread, top - 1)
    }
  }

  /**
   * Begins a call of a function; see {@link LuaCall}. One call can be built at a time: beginning the next
   * one abandons it.
   */
  beginCall(fn: LuaRef): LuaCall {
    this.#usable()
    const call = this.#open()
    call.pushRef(fn)
    return call
  }

  /**
   * Begins a call of a function that can be set aside while it runs; see {@link LuaTask}. As with
   * {@link beginCall}, beginning another call before it runs, or after it has ended, abandons it.
   *
   * @throws LuaError `busy` while another task is under way, and within a call of this VM
   */
  beginTask(fn: LuaRef): LuaTask {
    const core = this.#usable()
    this.#startAnew()
    if (core.depth > 0) {
      throw new LuaError('busy', `the VM '${this.name}' runs: a task cannot begin within a call`)
    }
    const task = new LuaTask().open(core)
    task.pushRef(fn)
    this.#task = task
    return task
  }

  /**
   * Prepares the one call that is made again and again, `fn(subject, state, …)`; see {@link LuaRepeatedCall}. A VM has one: it
   * takes the place of the one before.
   *
   * @param keys The fields of `subject` that are set, by their place in this list.
   * @throws LuaError `busy` while the VM runs, `value` when `subject` is no table
   */
  repeat(fn: LuaRef, subject: LuaRef, keys: readonly LuaKey[]): LuaRepeatedCall {
    const core = this.#usable()
    this.#startAnew()
    if (core.depth > 0) throw new LuaError('busy', `the VM '${this.name}' runs`)
    return new LuaRepeatedCall(core, fn, subject, keys)
  }

  /** Calls a function with plain values, the convenient way. */
  call(fn: LuaRef, args: readonly LuaValue[], budget: LuaBudget): LuaValue {
    const call = this.beginCall(fn)
    for (const value of args) call.pushValue(value)
    call.invoke(1, budget)
    try {
      return call.value(1)
    } finally {
      call.end()
    }
  }

  /** Collects all garbage now, for a host that knows a good moment; Lua does so by itself in time. */
  collectGarbage(): void {
    this.#usable().collectGarbage()
  }

  /** Frees all memory. Nothing of the script runs. Closing twice does nothing. */
  close(): void {
    this.#core.close()
  }

  #usable(): VmCore {
    this.#core.checkUsable()
    return this.#core
  }

  /** Makes sure that no task is in the way of a call that is about to begin. */
  #startAnew(): void {
    if (this.#core.depth > 0) return // within a call, or within the task
    if (this.#core.task !== undefined) {
      throw new LuaError('busy', `the VM '${this.name}' is busy: a task of it is set aside`)
    }
    this.#task?.end()
    this.#task = undefined
  }

  #open(): LuaCall {
    const core = this.#core
    if (this.#task !== undefined) this.#startAnew()
    let call = this.#calls[core.depth]
    if (call === undefined) {
      call = new LuaCall()
      this.#calls[core.depth] = call
    }
    return call.open(core)
  }

  #finishWithRef(call: LuaCall, budget: LuaBudget): LuaRef {
    call.invoke(1, budget)
    const ref = call.ref(1)
    call.end()
    return ref
  }

  #defineNative(path: string, fn: Pointer): void {
    const { wasm } = this.#core.runtime
    this.#define(path, () => wasm.api.lua_pushcclosure(this.#core.thread, fn, 0))
  }

  /** Sets the field that a path of globals names to what `push` pushes. */
  #define(path: string, push: (name: string) => void): void {
    const core = this.#usable()
    const { api } = core.runtime.wasm
    const L = core.thread
    const names = path.split('.')
    const last = names.pop() ?? ''
    const top = api.lua_gettop(L)
    try {
      // Raw all the way: the script may have changed its globals, and nothing of it must run here.
      api.lua_rawgeti(L, LUA_REGISTRY, LUA_GLOBALS)
      for (const name of names) this.#pushSubtable(name)
      core.runtime.text.pushString(L, last)
      push(last)
      api.lua_rawset(L, -3)
    } finally {
      api.lua_settop(L, top)
    }
  }

  /** Pushes a table's field, made a table if it is none. */
  #pushSubtable(name: string): void {
    const { thread: L, runtime } = this.#core
    const { api } = runtime.wasm
    runtime.text.pushString(L, name)
    if (api.lua_rawget(L, -2) === LuaType.table) return
    api.lua_settop(L, -2)
    api.lua_createtable(L, 0, 0)
    runtime.text.pushString(L, name)
    api.lua_pushvalue(L, -2)
    api.lua_rawset(L, -4)
  }
}
