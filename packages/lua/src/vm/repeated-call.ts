import { LuaError } from '../errors.ts'
import { type LuaApi, type LuaThread, LuaType } from '../wasm/lua-api.ts'
import type { LuaBudget } from './budget.ts'
import type { LuaKey } from './key.ts'
import { type LuaRef, registryRef } from './ref.ts'
import type { VmCore } from './vm-core.ts'

/** Where things lie on the stack for good. */
const HANDLER = 1
const FUNCTION = 2
const SUBJECT = 3
const STATE = 4
const EMPTY_TABLE = 5
const KEYS = 6
/** Stack slots for a call, above those. */
const FREE_SLOTS = 20

/**
 * One call that a host makes many times a second in each of a thousand VMs: `fn(subject, state, …)`, where `subject` is a
 * table whose fields the host sets before, and the result is the next state. What it needs each time lies at the bottom
 * of the VM's stack for good, so that no call looks for it in the registry, nor in objects of the host: with so many VMs nothing
 * is in a cache when its time comes, and each place that is not touched is time saved. Made by `LuaVm.repeat`.
 */
export class LuaRepeatedCall {
  readonly #core: VmCore
  readonly #api: LuaApi
  readonly #thread: LuaThread
  readonly #top: number

  /** @internal While nothing runs in the VM; it takes the place of one that was made before. */
  constructor(core: VmCore, fn: LuaRef, subject: LuaRef, keys: readonly LuaKey[]) {
    const { main, runtime } = core
    const { api } = runtime.wasm
    this.#core = core
    this.#api = api
    this.#thread = main
    this.#top = KEYS - 1 + keys.length
    core.keptSlots = 0
    api.lua_settop(main, 0)
    if (api.lua_checkstack(main, this.#top + FREE_SLOTS) === 0) {
      throw new LuaError('value', 'the Lua stack is full')
    }
    api.lua_pushcclosure(main, runtime.libraries.failures.messageHandler, 0)
    registryRef(fn).push(core)
    registryRef(subject).push(core)
    if (api.lua_type(main, SUBJECT) !== LuaType.table) {
      api.lua_settop(main, 0)
      throw new LuaError('value', 'the reference holds no table')
    }
    api.lua_pushnil(main)
    api.lua_createtable(main, 0, 0)
    for (const { pointer } of keys) api.lua_pushstring(main, pointer)
    core.keptSlots = this.#top
  }

  /**
   * Begins a call: the subject's fields are set and arguments pushed after it. One that was not made is abandoned.
   * @throws LuaError when the VM cannot be used now
   */
  begin(): void {
    const core = this.#core
    core.checkUsable()
    if (core.depth > 0 || core.task !== undefined) {
      throw new LuaError('busy', `the VM '${core.options.name}' runs: a repeated call begins within no other`)
    }
    this.#api.lua_settop(this.#thread, this.#top)
  }

  /** Sets a field of the subject to an integer, raw: no metamethod runs. `key` counts from 0. */
  setInteger(key: number, value: number): void {
    this.#api.lua_pushvalue(this.#thread, KEYS + key)
    this.#api.lua_pushinteger(this.#thread, BigInt(value))
    this.#api.lua_rawset(this.#thread, SUBJECT)
  }

  /** Sets a field of the subject to a float, raw: no metamethod runs. */
  setNumber(key: number, value: number): void {
    this.#api.lua_pushvalue(this.#thread, KEYS + key)
    this.#api.lua_pushnumber(this.#thread, value)
    this.#api.lua_rawset(this.#thread, SUBJECT)
  }

  /** Pushes function, subject and state, after all fields are set. */
  pushFixed(): void {
    this.#api.lua_pushvalue(this.#thread, FUNCTION)
    this.#api.lua_pushvalue(this.#thread, SUBJECT)
    this.#api.lua_pushvalue(this.#thread, STATE)
  }

  pushInteger(value: number): void {
    this.#api.lua_pushinteger(this.#thread, BigInt(value))
  }

  /** Pushes a table with nothing in it: the same each time, unless somebody has put something in it since. */
  pushEmptyTable(): void {
    if (!this.#isStillEmpty()) {
      this.#api.lua_createtable(this.#thread, 0, 0)
      this.#api.lua_copy(this.#thread, -1, EMPTY_TABLE)
      return
    }
    this.#api.lua_pushvalue(this.#thread, EMPTY_TABLE)
  }

  /**
   * Calls the function.
   * @returns False when its result is nil; the state is as it was then.
   * @throws LuaError as `LuaCall.invoke` does; the call has ended then
   */
  invoke(budget: LuaBudget): boolean {
    const api = this.#api
    const L = this.#thread
    const top = this.#top
    this.#core.checkUsable()
    // Between what is kept and the arguments lies the function.
    this.#core.invoke(HANDLER, api.lua_gettop(L) - top - 1, 1, budget, top)
    return api.lua_type(L, top + 1) !== LuaType.nil
  }

  /** Whether the result is the very state that the function got. */
  get isSameState(): boolean {
    return this.#api.lua_rawequal(this.#thread, this.#top + 1, STATE) !== 0
  }

  /** Makes the result the state, here and in a reference to it. */
  keepResult(state: LuaRef): void {
    registryRef(state).replace(this.#core, this.#top + 1)
    this.#api.lua_copy(this.#thread, this.#top + 1, STATE)
  }

  /** Tells the state of the calls to come; within a call that has begun and has no arguments yet. */
  setState(state: LuaRef): void {
    registryRef(state).push(this.#core)
    this.#api.lua_copy(this.#thread, -1, STATE)
    this.#api.lua_settop(this.#thread, -2)
  }

  /** Ends the call and lets go of its result. */
  end(): void {
    if (!this.#core.closed) this.#api.lua_settop(this.#thread, this.#top)
  }

  #isStillEmpty(): boolean {
    const api = this.#api
    const L = this.#thread
    if (api.lua_getmetatable(L, EMPTY_TABLE) !== 0) {
      api.lua_settop(L, -2)
      return false
    }
    api.lua_pushnil(L)
    if (api.lua_next(L, EMPTY_TABLE) === 0) return true
    api.lua_settop(L, -3)
    return false
  }
}
