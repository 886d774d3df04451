import { LuaError } from '../errors.ts'
import type { LuaValue } from '../values/lua-value.ts'
import { LUA_REGISTRY } from '../wasm/lua-api.ts'
import type { VmCore } from './vm-core.ts'

/**
 * A hold on a Lua value of any type that stays inside its VM: a function to call, a state table to hand back
 * next tick. It keeps the value alive until it is released or its VM is closed.
 */
export interface LuaRef {
  readonly released: boolean
  /** Lets go of the value. Releasing twice, or after the VM was closed, does nothing. */
  release(): void
}

/** A {@link LuaRef} as a slot in the Lua registry. */
export class RegistryRef implements LuaRef {
  readonly #core: VmCore
  readonly #slot: bigint
  #released = false

  /** Takes the value on top of the running thread's stack. */
  constructor(core: VmCore) {
    this.#core = core
    this.#slot = BigInt(core.runtime.wasm.api.luaL_ref(core.thread, LUA_REGISTRY))
  }

  get released(): boolean {
    return this.#released || this.#core.closed
  }

  /** Pushes the value on the running thread's stack. */
  push(core: VmCore): void {
    this.#check(core)
    core.runtime.wasm.api.lua_rawgeti(core.thread, LUA_REGISTRY, this.#slot)
  }

  /** Makes this a hold on the value at `index` instead. */
  replace(core: VmCore, index: number): void {
    this.#check(core)
    const { api } = core.runtime.wasm
    // luaL_ref gives nil a shared slot of its own, which must not be written to.
    if (this.#slot < 0n) throw new LuaError('value', 'a reference to nil cannot be replaced')
    api.lua_pushvalue(core.thread, index)
    api.lua_rawseti(core.thread, LUA_REGISTRY, this.#slot)
  }

  release(): void {
    if (this.released) return
    this.#released = true
    this.#core.runtime.wasm.api.luaL_unref(this.#core.thread, LUA_REGISTRY, Number(this.#slot))
  }

  #check(core: VmCore): void {
    if (this.#core !== core) throw new LuaError('value', 'the reference belongs to another VM')
    if (this.released) throw new LuaError('closed', 'the reference was released')
  }
}

/** The implementation behind a public reference. */
export function registryRef(ref: LuaRef): RegistryRef {
  if (ref instanceof RegistryRef) return ref
  throw new LuaError('value', 'not a reference of this package')
}

/** Pushes a copy of a plain value, or the value that a reference holds, on the running thread's stack. */
export function pushValueOrRef(core: VmCore, value: LuaValue | LuaRef): void {
  if (value instanceof RegistryRef) value.push(core)
  else core.runtime.writer.push(core, core.thread, value as LuaValue)
}
