import { LuaError } from '../errors.ts'
import type { LuaValue } from '../values/lua-value.ts'
import { type LuaApi, LuaType, type Pointer } from '../wasm/lua-api.ts'
import type { LuaKey } from './key.ts'
import { type LuaRef, registryRef } from './ref.ts'
import { StackReader } from './stack-reader.ts'
import type { VmCore } from './vm-core.ts'

/** Stack slots asked for at a time. Lua grants 20 without asking. */
const SLOTS_PER_REQUEST = 16

/**
 * A function and its arguments as a host builds them on the Lua stack, value by value without any object per
 * value, and the results that take their place.
 */
export abstract class ValueBuilder extends StackReader {
  /** Stack slots asked for and not used yet. At `base` lies the message handler, then function and values. */
  #free = 0
  #api: LuaApi | undefined

  /** @internal Pushes the message handler; the function is to be pushed first of all. */
  open(core: VmCore): this {
    const { thread, runtime } = core
    const { api } = runtime.wasm
    if (core.depth === 0) api.lua_settop(thread, core.keptSlots)
    this.core = core
    this.thread = thread
    this.#api = api
    this.size = 0
    this.base = api.lua_gettop(thread) + 1
    this.#free = 0
    this.#reserve()
    api.lua_pushcclosure(thread, runtime.libraries.failures.messageHandler, 0)
    return this
  }

  /** @internal Pushes a C function of this package, as the function to call. */
  pushNative(fn: Pointer): void {
    this.#reserve().lua_pushcclosure(this.thread, fn, 0)
  }

  pushNil(): void {
    this.#reserve().lua_pushnil(this.thread)
  }

  pushBoolean(value: boolean): void {
    this.#reserve().lua_pushboolean(this.thread, value ? 1 : 0)
  }

  /** An integer within ±(2^53 − 1); any other number is cut to 64 bits or refused by `BigInt`. */
  pushInteger(value: number): void {
    this.#reserve().lua_pushinteger(this.thread, BigInt(value))
  }

  /** A float, even where the number is integral. */
  pushNumber(value: number): void {
    this.#reserve().lua_pushnumber(this.thread, value)
  }

  pushString(text: string): void {
    this.#reserve()
    this.owner.runtime.text.pushString(this.thread, text)
  }

  pushBytes(bytes: Uint8Array): void {
    this.#reserve()
    this.owner.runtime.text.pushBytes(this.thread, bytes)
  }

  pushRef(ref: LuaRef): void {
    this.#reserve()
    registryRef(ref).push(this.owner)
  }

  /** Any plain value; see {@link LuaValue}. */
  pushValue(value: LuaValue): void {
    this.#reserve()
    this.owner.runtime.writer.push(this.owner, this.thread, value)
  }

  /** A new table with room for so many items and fields; the setters that follow fill it. */
  newTable(itemCount: number, fieldCount: number): void {
    this.#reserve().lua_createtable(this.thread, itemCount, fieldCount)
  }

  /** Moves the value pushed last into the table below it, raw: no metamethod runs. */
  setField(key: LuaKey): void {
    const api = this.#tableBelow()
    if (key.runtime !== this.owner.runtime) {
      throw new LuaError('value', `the key '${key.name}' is of another runtime`)
    }
    this.#reserve()
    api.lua_pushstring(this.thread, key.pointer)
    api.lua_rotate(this.thread, -2, 1)
    api.lua_rawset(this.thread, -3)
    this.#free += 2
  }

  /** Moves the value pushed last into the table below it, at an index from 1. */
  setIndex(index: number): void {
    this.#tableBelow().lua_rawseti(this.thread, -2, BigInt(index))
    this.#free++
  }

  /** Makes a reference hold the result at a position instead of what it holds. */
  replaceRef(position: number, ref: LuaRef): void {
    registryRef(ref).replace(this.owner, this.base + position)
  }

  /** Ends the call and lets go of its results. Ending twice does nothing. */
  end(): void {
    if (this.core?.closed === false) this.#api?.lua_settop(this.thread, this.base - 1)
    this.#api = undefined
    this.core = undefined
  }

  protected override complaint(position: number, name: string | undefined, problem: string): string {
    return `bad result #${position}${name === undefined ? '' : ` '${name}'`} (${problem})`
  }

  /** The raw setters trust that there is a table: a mistake of the host must not corrupt the VM. */
  #tableBelow(): LuaApi {
    const api = this.#usable()
    if (api.lua_type(this.thread, -2) === LuaType.table) return api
    throw new LuaError('value', 'there is no table below the value pushed last')
  }

  /** Makes sure that there is a stack slot for one more value. */
  #reserve(): LuaApi {
    const api = this.#usable()
    if (--this.#free >= 0) return api
    if (api.lua_checkstack(this.thread, SLOTS_PER_REQUEST) === 0) {
      throw new LuaError('value', 'the Lua stack is full')
    }
    this.#free = SLOTS_PER_REQUEST - 1
    return api
  }

  /** How many arguments there are. */
  protected argumentCount(): number {
    return this.#usable().lua_gettop(this.thread) - this.base - 1
  }

  /** Takes no more values from now on. */
  protected seal(): void {
    this.#api = undefined
  }

  #usable(): LuaApi {
    if (this.#api === undefined || this.core?.closed !== false) {
      throw new LuaError('closed', 'the call has ended')
    }
    return this.#api
  }
}
