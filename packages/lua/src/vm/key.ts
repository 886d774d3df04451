import type { Pointer } from '../wasm/lua-api.ts'
import type { RuntimeCore } from './runtime-core.ts'

/**
 * A field name that lies in the Lua memory already, so that writing a field copies and allocates nothing.
 * Made by `LuaRuntime.key` and good for every VM of that runtime.
 */
export class LuaKey {
  readonly name: string
  /** @internal */
  readonly runtime: RuntimeCore
  /** @internal */
  readonly pointer: Pointer

  /** @internal */
  constructor(runtime: RuntimeCore, name: string) {
    this.name = name
    this.runtime = runtime
    this.pointer = runtime.text.cString(name)
  }
}
