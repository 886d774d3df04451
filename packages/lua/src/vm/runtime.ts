import { LuaWasm } from '../wasm/lua-wasm.ts'
import { LuaKey } from './key.ts'
import type { LuaVmOptions } from './options.ts'
import { RuntimeCore } from './runtime-core.ts'
import { LuaVm } from './vm.ts'
import { VmCore } from './vm-core.ts'

const DEFAULT_RUNTIME_MEMORY_BYTES = 1024 * 1024 * 1024

export interface LuaRuntimeOptions {
  /** Bytes that all VMs together may hold; 1 GiB unless told, at most 1.9 GiB. */
  readonly memoryLimitBytes?: number
}

/**
 * One WebAssembly instance with many VMs in it. A thread needs one; it must not be shared between threads.
 *
 * ```ts
 * const runtime = await LuaRuntime.load()
 * const vm = runtime.createVm({ name: 'arena', clock, randomSeed: 1, modules, onPrint })
 * const arena = vm.require('arena', { instructions: 1_000_000, wallMs: 100 })
 * ```
 */
export class LuaRuntime {
  readonly #core: RuntimeCore
  readonly #keys = new Map<string, LuaKey>()

  private constructor(core: RuntimeCore) {
    this.#core = core
  }

  static async load(options: LuaRuntimeOptions = {}): Promise<LuaRuntime> {
    const wasm = await LuaWasm.load(options.memoryLimitBytes ?? DEFAULT_RUNTIME_MEMORY_BYTES)
    return new LuaRuntime(new RuntimeCore(wasm))
  }

  /** Makes a VM with nothing in it but the sandbox's libraries. */
  createVm(options: LuaVmOptions): LuaVm {
    this.#core.checkUsable()
    return new LuaVm(new VmCore(this.#core, options))
  }

  /** A field name for `LuaCall.setField`. Keys live as long as the runtime, so make each name's once. */
  key(name: string): LuaKey {
    let key = this.#keys.get(name)
    if (key === undefined) {
      this.#core.checkUsable()
      key = new LuaKey(this.#core, name)
      this.#keys.set(name, key)
    }
    return key
  }

  get vmCount(): number {
    return this.#core.vms.size
  }

  /** Size of the WebAssembly memory. It grows with need and never shrinks. */
  get memoryBytes(): number {
    return this.#core.wasm.memoryBytes
  }

  get closed(): boolean {
    return this.#core.closed
  }

  /** Closes every VM. Closing twice does nothing. */
  close(): void {
    if (this.#core.closed) return
    for (const vm of this.#core.vms) vm.close()
    this.#core.closed = true
  }
}
