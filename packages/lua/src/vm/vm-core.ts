import { LuaError } from '../errors.ts'
import { DEFAULT_JSON_LIMITS, type LuaJsonLimits } from '../json/json-problem.ts'
import { DEFAULT_VALUE_LIMITS, type LuaValueLimits } from '../values/lua-value.ts'
import { LUA_MASKCOUNT, LuaStatus, type LuaThread, type Pointer } from '../wasm/lua-api.ts'
import { hasCollected, isCollectionDue, type MemoryAccount } from '../wasm/memory-ledger.ts'
import { BudgetMeter, type BudgetTrip, type LuaBudget } from './budget.ts'
import { type FailureReport, failureOf, MEMORY_MESSAGE } from './failure.ts'
import type { HostFunctionEntry } from './host-functions.ts'
import type { LuaVmOptions } from './options.ts'
import type { RuntimeCore } from './runtime-core.ts'
import type { TaskRun } from './task-run.ts'

export const DEFAULT_MEMORY_LIMIT_BYTES = 16 * 1024 * 1024

/**
 * Calls into Lua within calls into Lua, over all VMs of a runtime. Together with Lua's own bound on C calls
 * it keeps the native stack far from its end.
 */
export const MAX_NESTED_CALLS = 16
const C_CALLS_MASK = 0xffff
/** Up to 1,023 table slots, 16 KiB: about what a small VM allocates between two collections. */
const OUT_OF_STEP_BITS = 10
/** The golden ratio's bits: steps of it spread evenly over 64 bits. */
const SEED_STEP = 0x9e37_79b9_7f4a_7c15n

/** One `lua_State` and what belongs to it. Internal; {@link LuaVm} is its public face. */
export class VmCore {
  readonly runtime: RuntimeCore
  readonly options: LuaVmOptions
  readonly meter: BudgetMeter
  readonly memory: MemoryAccount
  readonly valueLimits: LuaValueLimits
  jsonLimits: LuaJsonLimits = DEFAULT_JSON_LIMITS
  readonly hostFunctions: HostFunctionEntry[] = []
  /** Modules that are being loaded, outermost first. */
  readonly loadingModules: string[] = []
  /** The main thread. */
  readonly main: LuaThread
  /** The thread that runs, or would run: the main thread or a coroutine. */
  thread: LuaThread
  /** The threads that wait for a coroutine they have given control to, outermost first. */
  readonly waiting: LuaThread[] = []
  /** Calls into this VM that are under way. */
  depth = 0
  /** What lies at the bottom of the main thread's stack for good; see {@link LuaRepeatedCall}. */
  keptSlots = 0
  closed = false
  /** The task that runs or is set aside. */
  task: TaskRun | undefined
  /** The last error that no handler of the script's own saw first. */
  failure: FailureReport | undefined
  /** Where the present call used up its budget. */
  tripReport: FailureReport | undefined
  /** Where the VM ran out of memory last. */
  memoryReport: FailureReport | undefined
  /** The message of the last module that did not compile. */
  syntaxMessage: string | undefined
  /** The metatable that marks arrays, as its address and as its key in the registry. */
  readonly arrayMarker: Pointer
  readonly arrayMarkerKey: Pointer
  readonly #accountId: number
  #seed: bigint

  constructor(runtime: RuntimeCore, options: LuaVmOptions) {
    const { wasm, ledger, layout, libraries } = runtime
    this.runtime = runtime
    this.options = options
    this.valueLimits = { ...DEFAULT_VALUE_LIMITS, ...options.valueLimits }
    const { id, account } = ledger.open(options.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES)
    this.#accountId = id
    this.memory = account
    this.meter = new BudgetMeter(wasm, layout.hookCountWord, options.clock)
    this.main = wasm.api.lua_newstate(ledger.allocator, id)
    if (this.main === 0) {
      ledger.close(id)
      throw new LuaError('memory', `no memory for the VM '${options.name}'`)
    }
    this.thread = this.main
    wasm.api.lua_atpanic(this.main, libraries.panic)
    wasm.api.lua_sethook(this.main, libraries.hook, LUA_MASKCOUNT, 1)
    this.#seed = BigInt.asIntN(64, BigInt(options.randomSeed))
    libraries.install(this.main, this.#seed)
    // VMs that were made together and allocate alike would collect their garbage together, in the same ticks of their
    // rooms: some garbage to begin with, more or less of it by the seed, puts them out of step.
    wasm.api.lua_createtable(this.main, Number(BigInt.asUintN(OUT_OF_STEP_BITS, this.#seed)), 0)
    wasm.api.lua_settop(this.main, -2)
    this.arrayMarkerKey = libraries.values.markerKey
    this.arrayMarker = libraries.values.install(this.main)
    runtime.vms.add(this)
  }

  /** The seed for a script that asks for a new one, as deterministic as the first. */
  nextSeed(): bigint {
    this.#seed = BigInt.asIntN(64, this.#seed + SEED_STEP)
    return this.#seed
  }

  checkUsable(): void {
    this.runtime.checkUsable()
    if (this.closed) throw new LuaError('closed', `the VM '${this.options.name}' is closed`)
  }

  /**
   * Calls the function that lies below `argCount` arguments on top of the stack, with the message handler
   * at the absolute index `handler`. The results replace function and arguments; on an
   * error the stack ends at `top`.
   */
  invoke(handler: number, argCount: number, resultCount: number, budget: LuaBudget, top = handler - 1): void {
    const { runtime, meter, thread } = this
    const { wasm, active: outerVm } = runtime
    this.checkDepth()
    if (!this.isWithinLimit()) {
      wasm.api.lua_settop(thread, top)
      throw new LuaError('memory', MEMORY_MESSAGE)
    }
    let status: number
    let tripped: BudgetTrip | undefined
    try {
      const ownCCalls = this.inheritCCalls(outerVm)
      const suspended = this.depth > 0 ? meter.suspend(thread) : undefined
      meter.begin(thread, budget, suspended)
      runtime.ledger.restartMetering()
      if (isCollectionDue(this.memory)) meter.interrupt(thread)
      this.depth++
      runtime.depth++
      runtime.active = this
      wasm.isGuest = true
      status = wasm.api.lua_pcallk(thread, argCount, resultCount, handler, 0, 0)
      wasm.isGuest = false
      runtime.active = outerVm
      runtime.depth--
      this.depth--
      this.restoreCCalls(ownCCalls)
      tripped = meter.tripped
      const used = meter.end(thread, suspended)
      // A call into another VM has its own budget, but the caller pays for it too.
      if (outerVm !== undefined && outerVm !== this) outerVm.meter.maySpend(outerVm.thread, used)
    } catch (error) {
      throw runtime.lose(error) // Lua catches its own errors: this one tore through its frames
    }
    if (status !== LuaStatus.ok || tripped !== undefined) this.fail(status, tripped, top)
  }

  /** Throws what went wrong in a call, whose error object lies on top of the stack, and cuts the stack to `top`. */
  fail(status: number, tripped: BudgetTrip | undefined, top: number): never {
    const failure = failureOf(this, status, tripped)
    this.runtime.wasm.api.lua_settop(this.thread, top)
    // Now that nothing of the call is left on the stack, all that it held is garbage.
    if (isCollectionDue(this.memory)) this.collectGarbage()
    throw failure
  }

  /** Forgets what was noted of a failure that has been told, or that nobody will hear of. */
  forgetFailure(): void {
    this.failure = undefined
    this.tripReport = undefined
    this.memoryReport = undefined
  }

  /** Throws if one more call would be too many within one another. */
  checkDepth(): void {
    if (this.runtime.depth < MAX_NESTED_CALLS) return
    throw new LuaError('runtime', `calls into Lua are nested more than ${MAX_NESTED_CALLS} deep`)
  }

  /**
   * Whether the VM is within its limit, if need be after a collection. What the host writes is never refused,
   * so a script that only keeps what it is given meets its limit here.
   */
  isWithinLimit(): boolean {
    if (this.memory.usedBytes > this.memory.limitBytes) this.collectGarbage()
    return this.memory.usedBytes <= this.memory.limitBytes
  }

  /** Collects all garbage there is. */
  collectGarbage(): void {
    this.runtime.libraries.collectGarbage(this.thread)
    hasCollected(this.memory)
  }

  /** Frees everything. Nothing of the script runs: there are no finalizers (see the sandbox). */
  close(): void {
    if (this.closed) return
    const { isLost, ledger, vms, wasm } = this.runtime
    if (this.depth > 0 && !isLost) {
      throw new LuaError('runtime', `the VM '${this.options.name}' cannot be closed while it runs`)
    }
    this.closed = true
    vms.delete(this)
    if (!isLost) wasm.api.lua_close(this.main)
    ledger.close(this.#accountId)
  }

  /** Lets the calls of the VM that calls this one count on; answers with this one's own count. */
  inheritCCalls(outerVm: VmCore | undefined): number {
    const { words } = this.runtime.wasm
    const own = words[this.#cCallsWord(this.thread)] ?? 0
    if (outerVm !== undefined && outerVm !== this) {
      const outer = words[this.#cCallsWord(outerVm.thread)] ?? 0
      words[this.#cCallsWord(this.thread)] = own + (outer & C_CALLS_MASK)
    }
    return own
  }

  /** Puts back what {@link inheritCCalls} answered with. */
  restoreCCalls(own: number): void {
    this.runtime.wasm.words[this.#cCallsWord(this.thread)] = own
  }

  #cCallsWord(thread: LuaThread): number {
    return (thread >> 2) + this.runtime.layout.cCallsWord
  }
}
