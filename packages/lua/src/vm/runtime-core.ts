import { LuaError } from '../errors.ts'
import { Libraries } from '../sandbox/libraries.ts'
import { ValueReader } from '../values/value-reader.ts'
import { ValueWriter } from '../values/value-writer.ts'
import { HeapText } from '../wasm/heap-text.ts'
import type { LuaThread, Pointer } from '../wasm/lua-api.ts'
import type { LuaWasm } from '../wasm/lua-wasm.ts'
import { MemoryLedger } from '../wasm/memory-ledger.ts'
import { probeThreadLayout, type ThreadLayout } from '../wasm/thread-layout.ts'
import { BYTES_PER_INSTRUCTION } from './budget.ts'
import { hostErrorMessage } from './host-error.ts'
import { StackInspector } from './stack-inspector.ts'
import type { VmCore } from './vm-core.ts'

const PROBE_MEMORY_BYTES = 1024 * 1024

/** What all VMs of one WebAssembly instance share. Internal; {@link LuaRuntime} is its public face. */
export class RuntimeCore {
  readonly wasm: LuaWasm
  readonly text: HeapText
  readonly ledger: MemoryLedger
  readonly layout: ThreadLayout
  readonly reader: ValueReader
  readonly writer: ValueWriter
  readonly inspector: StackInspector
  readonly libraries: Libraries
  readonly vms = new Set<VmCore>()
  /** The VM whose Lua code runs now. */
  active: VmCore | undefined
  /** Calls into Lua that are under way, in all VMs. */
  depth = 0
  closed = false
  #lost: LuaError | undefined

  constructor(wasm: LuaWasm) {
    this.wasm = wasm
    this.text = new HeapText(wasm)
    this.ledger = new MemoryLedger(wasm)
    const probe = this.ledger.open(PROBE_MEMORY_BYTES)
    this.layout = probeThreadLayout(wasm, this.ledger.allocator, probe.id)
    this.ledger.close(probe.id)
    this.reader = new ValueReader(wasm, this.text)
    this.writer = new ValueWriter(wasm, this.text)
    this.inspector = new StackInspector(wasm, this.text)
    this.libraries = new Libraries(this)
    this.ledger.meter = (sizeBytes) => {
      const instructions = Math.ceil(sizeBytes / BYTES_PER_INSTRUCTION)
      return this.active?.meter.maySpend(this.active.thread, instructions) ?? true
    }
    this.ledger.collectSoon = () => this.active?.meter.interrupt(this.active.thread)
    wasm.beforeUnwinding = () => {
      if (this.active !== undefined) this.libraries.failures.beforeUnwinding(this.active)
    }
    wasm.unixMs = () => this.active?.options.clock.unixMs() ?? 0
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** Throws if the instance cannot be used any more. */
  checkUsable(): void {
    if (this.#lost !== undefined) throw this.#lost
    if (this.closed) throw new LuaError('closed', 'the Lua runtime is closed')
  }

  /**
   * Gives the instance up: something other than a Lua error has torn through Lua's frames, so nothing in it
   * can be trusted any more.
   */
  lose(cause: unknown): LuaError {
    const reason = cause instanceof Error ? cause.message : String(cause)
    this.#lost ??= new LuaError('fatal', `the Lua runtime is lost: ${reason}`, { cause })
    return this.#lost
  }

  /** The VM whose code called a native function. */
  running(): VmCore {
    if (this.active === undefined) throw new LuaError('fatal', 'native code ran outside of a call')
    return this.active
  }

  /** Makes a C function of JavaScript code that all VMs can share. */
  native(fn: (L: LuaThread) => number): Pointer {
    return this.wasm.addFunction('ii', fn)
  }

  /**
   * Runs host code on behalf of native code. What it throws becomes a Lua error; what looks like a bug is
   * reported as one.
   */
  askHost<T>(L: LuaThread, functionName: string, ask: (core: VmCore) => T): T {
    const core = this.running()
    let message: string
    this.wasm.isGuest = false
    try {
      return ask(core)
    } catch (error) {
      message = hostErrorMessage(core, functionName, error)
    } finally {
      this.wasm.isGuest = true
    }
    return this.raise(L, message)
  }

  /** Charges the running VM for native work that is about to begin, and ends the call if that is too much. */
  spend(L: LuaThread, instructions: number): void {
    const core = this.running()
    if (!core.meter.maySpend(L, Math.ceil(instructions))) this.libraries.failures.trip(L)
  }

  /** Raises a Lua error from native code, with the position of the function at `level`. */
  raise(L: LuaThread, message: string, level = 1): never {
    return this.raiseText(L, this.positioned(L, message, level))
  }

  /** A message with the position of the function at `level` before it. */
  positioned(L: LuaThread, message: string, level = 1): string {
    return this.inspector.position(L, level) + message
  }

  /** Raises a Lua error whose object is just this text. */
  raiseText(L: LuaThread, message: string): never {
    const { wasm, text } = this
    wasm.isGuest = false // reporting must not fail for want of memory
    text.pushString(L, message)
    wasm.isGuest = true
    return wasm.api.lua_error(L)
  }
}
