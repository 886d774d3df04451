import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { LuaError } from '../errors.ts'
import { calendarImports } from './calendar.ts'
import type { LuaApi, LuaThread, Pointer } from './lua-api.ts'
import { toWasmFunction, type WasmSignature } from './wasm-function.ts'

const WASM_PAGE_BYTES = 65_536

/**
 * What host code may use beyond the memory limit, so that writing an argument or an error message never
 * fails half way through Lua's own bookkeeping.
 */
const HOST_RESERVE_BYTES = 64 * 1024 * 1024

/** Emscripten's `longjmp` is this exception: thrown by the import, caught by `invoke_vii`. */
const LONGJMP = Number.POSITIVE_INFINITY

/** True for the exception that carries a Lua error through JavaScript frames; it must never be swallowed. */
export function isLuaUnwinding(thrown: unknown): boolean {
  return thrown === LONGJMP
}

/**
 * One instance of wasmoon's WebAssembly build of Lua 5.4, used without wasmoon's own JavaScript: the raw
 * exports cost a tenth of its wrappers, and an instance that imports nothing but this file's functions can
 * reach no file, no environment and no clock but ours, whatever a script finds.
 */
export class LuaWasm {
  readonly api: LuaApi
  /** The memory as bytes. Replaced whenever the memory grows, so never keep it across a call. */
  bytes: Buffer
  /** The memory as 32-bit words; see {@link bytes}. */
  words: Int32Array
  /**
   * True while Lua code runs, false while host code does. Memory limits bind only Lua code: it has a
   * protected call around it that an allocation failure can unwind to, host code may have none.
   */
  isGuest = false
  /** Called when a Lua error has been raised and its stack still stands. Must not throw. */
  beforeUnwinding: () => void = () => {}
  /** What C's `time()` answers with. */
  unixMs: () => number = () => 0

  readonly #memoryLimitBytes: number
  /** The table's functions by address: a table is slow to look into. */
  readonly #functions: ((first: number, second: number) => void)[] = []

  /** Compiles and instantiates the module; `memoryLimitBytes` bounds the memory of all VMs together. */
  static async load(memoryLimitBytes: number): Promise<LuaWasm> {
    const path = createRequire(import.meta.url).resolve('wasmoon/dist/glue.wasm')
    return new LuaWasm(await WebAssembly.compile(await readFile(path)), memoryLimitBytes)
  }

  private constructor(module: WebAssembly.Module, memoryLimitBytes: number) {
    this.#memoryLimitBytes = memoryLimitBytes
    const { exports } = new WebAssembly.Instance(module, this.#imports(module))
    this.api = exports as unknown as LuaApi
    this.bytes = Buffer.from(this.api.memory.buffer)
    this.words = new Int32Array(this.api.memory.buffer)
    this.api.emscripten_stack_init()
    this.api.__wasm_call_ctors()
  }

  get memoryBytes(): number {
    return this.bytes.byteLength
  }

  /** Gives a JavaScript function an address that C can call. Addresses are never freed: share them. */
  addFunction(signature: WasmSignature, fn: (...args: never[]) => unknown): Pointer {
    return this.addExport(toWasmFunction(signature, fn))
  }

  /** Gives one of the module's own exports, or what {@link toWasmFunction} made, an address. */
  addExport(fn: unknown): Pointer {
    const table = this.api.__indirect_function_table
    const address = table.grow(1)
    table.set(address, fn)
    return address
  }

  /** The C function at an address, callable from JavaScript in the caller's own Lua frame. */
  functionAt(address: Pointer): (L: LuaThread) => number {
    return this.api.__indirect_function_table.get(address)
  }

  #imports(module: WebAssembly.Module): WebAssembly.Imports {
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {}
    for (const { module: space, name } of WebAssembly.Module.imports(module)) {
      imports[space] ??= {}
      imports[space][name] = () => {
        throw new LuaError('fatal', `the Lua module called ${name}, which the sandbox does not have`)
      }
    }
    Object.assign(imports.env ?? {}, {
      invoke_vii: this.#invoke.bind(this),
      _emscripten_throw_longjmp: () => {
        this.beforeUnwinding()
        throw LONGJMP
      },
      emscripten_resize_heap: this.#resizeHeap.bind(this),
      emscripten_date_now: () => this.unixMs(),
      ...calendarImports(this),
    })
    Object.assign(imports.wasi_snapshot_preview1 ?? {}, {
      environ_sizes_get: (count: Pointer, sizeBytes: Pointer) => {
        const words = new Int32Array(this.api.memory.buffer)
        words[count >> 2] = 0
        words[sizeBytes >> 2] = 0
        return 0
      },
      environ_get: () => 0,
    })
    return imports
  }

  /**
   * Emscripten's `setjmp`: C calls everything that may `longjmp` through here. Any other exception is none
   * of Lua's business and flies on to the host, which gives the instance up.
   */
  #invoke(address: Pointer, first: number, second: number): void {
    const { api, isGuest } = this
    const stack = api.stackSave()
    try {
      this.#functions[address] ??= api.__indirect_function_table.get(address)
      this.#functions[address]?.(first, second)
    } catch (thrown) {
      if (thrown !== LONGJMP) throw thrown
      this.isGuest = isGuest
      api.stackRestore(stack)
      api.setThrew(1, 0)
    }
  }

  #resizeHeap(requestedBytes: number): number {
    const size = requestedBytes >>> 0
    const limit = this.#memoryLimitBytes + (this.isGuest ? 0 : HOST_RESERVE_BYTES)
    if (size > limit) return 0
    const target = Math.min(limit, Math.max(size, Math.ceil(this.memoryBytes * 1.25)))
    try {
      this.api.memory.grow(Math.ceil((target - this.memoryBytes) / WASM_PAGE_BYTES))
    } catch {
      return 0 // the machine has no more; malloc answers null and Lua says "not enough memory"
    }
    this.bytes = Buffer.from(this.api.memory.buffer)
    this.words = new Int32Array(this.api.memory.buffer)
    return 1
  }
}
