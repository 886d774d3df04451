import { LuaError } from '../errors.ts'
import { LuaStatus, type LuaThread, type Pointer } from '../wasm/lua-api.ts'
import type { BudgetTrip, LuaBudget } from './budget.ts'
import { MEMORY_MESSAGE } from './failure.ts'
import type { RuntimeCore } from './runtime-core.ts'
import type { VmCore } from './vm-core.ts'

const LUA_INT_BYTES = 4

/**
 * One function under way in a coroutine of its own, slice by slice. Its place on the main thread's stack
 * keeps the coroutine alive, and takes the results in the end. Internal; {@link LuaTask} is its public face.
 *
 * Lua lets a count hook give control back to `lua_resume` (manual §4.7, `lua_yield`), which is all that
 * setting aside is. In a coroutine of the script's own it gives control back to whoever resumed that, who
 * gives way in the same manner, and so on down to the task (`sandbox/coroutine.ts`). None of them may be
 * within a C function that cannot be left: where one is, the function goes on until it is not.
 */
export class TaskRun {
  /** The coroutine. Scripts never see it: to them it is the main thread; see `sandbox/coroutine.ts`. */
  readonly thread: LuaThread
  readonly resultCount: number
  /** How the function ended. */
  status: number = LuaStatus.ok
  /** Whether the running coroutine has given way for the task to be set aside, and not yielded of its own. */
  isGivingWay = false

  readonly #core: VmCore
  /** The main thread's stack index of the coroutine. */
  readonly #base: number
  /** What the next `lua_resume` passes on: the values to begin with, nothing after that. */
  #passedCount = 0
  #sliceEndMs = 0
  #unmeteredBytes = 0
  /** The script's own coroutines that were under way when the task was set aside. */
  #coroutines: readonly LuaThread[] = []

  /** Takes what lies on the main thread's stack from `base` up: message handler, function and arguments. */
  constructor(core: VmCore, base: number, resultCount: number, budget: LuaBudget) {
    const { main, meter } = core
    const { libraries, wasm } = core.runtime
    const { api } = wasm
    this.#core = core
    this.#base = base
    this.resultCount = resultCount
    this.#passedCount = api.lua_gettop(main) - base + 1
    api.lua_checkstack(main, 2)
    this.thread = api.lua_newthread(main)
    api.lua_rotate(main, base, 1)
    if (api.lua_checkstack(this.thread, this.#passedCount + resultCount + 1) === 0) {
      throw new LuaError('value', 'the Lua stack is full')
    }
    api.lua_pushcclosure(this.thread, libraries.tasks.body, 0)
    api.lua_xmove(main, this.thread, this.#passedCount)
    meter.begin(this.thread, budget, undefined)
    meter.pause()
    core.task = this
  }

  /**
   * Runs for about so long. Answers whether the function has ended: its results lie above `base` then.
   *
   * @throws LuaError as a call does; the task has ended then
   */
  runSlice(sliceMs: number): boolean {
    const core = this.#core
    const { main, meter, runtime } = core
    const { active: outerVm, ledger, libraries, wasm } = runtime
    if (!core.isWithinLimit()) throw new LuaError('memory', MEMORY_MESSAGE)
    let status: number
    try {
      const ownCCalls = core.inheritCCalls(outerVm)
      meter.unpause()
      meter.interrupt(this.thread) // Lua itself does so on going on; this way all slices are alike
      const leftBefore = meter.left(this.thread)
      this.#sliceEndMs = meter.nowMs + sliceMs
      ledger.restartMetering(this.#unmeteredBytes)
      core.depth++
      runtime.depth++
      runtime.active = core
      core.thread = this.thread
      this.isGivingWay = false
      wasm.isGuest = true
      status = libraries.tasks.resume(this.thread, main, this.#passedCount)
      wasm.isGuest = false
      core.thread = main
      runtime.active = outerVm
      runtime.depth--
      core.depth--
      core.restoreCCalls(ownCCalls)
      meter.pause()
      this.#unmeteredBytes = ledger.unmeteredBytes
      this.#passedCount = 0
      // The caller from another VM pays for the part that it has waited for.
      outerVm?.meter.maySpend(outerVm.thread, leftBefore - meter.left(this.thread))
    } catch (error) {
      throw runtime.lose(error) // Lua catches its own errors: this one tore through its frames
    }
    if (status === LuaStatus.yield && meter.tripped === undefined) return false
    this.#finish(status === LuaStatus.ok ? this.status : status)
    return true
  }

  /** Gives up a task that is set aside. Nothing of the script runs: its coroutine is garbage from now on. */
  abandon(): void {
    if (this.#core.task !== this) return
    this.#leave()
    this.#core.forgetFailure()
  }

  /** The count hook of a thread of this VM has run: sets the task aside if it is time and possible. */
  yieldIfDue(L: LuaThread): void {
    const { meter } = this.#core
    if (meter.nowMs < this.#sliceEndMs || !this.#mayYield(L)) return
    // Lua runs the hook again after the next instruction, whatever the counter says: put it in the reserve.
    meter.interrupt(L)
    this.#giveWay(L)
  }

  /**
   * Leaves a task that has used up its budget where it is, for good. An error would have to unwind every
   * `pcall` that the script is in, which can be as many as its memory holds, with no slice between them.
   */
  dropIfPossible(L: LuaThread): boolean {
    const { meter, runtime } = this.#core
    if (meter.tripped === undefined || !this.#mayYield(L)) return false
    runtime.libraries.failures.noteTrip(this.#core, meter.tripped)
    this.#giveWay(L)
    return true
  }

  /** Whether control can come back from the running thread to the task, through all that wait in between. */
  #mayYield(L: LuaThread): boolean {
    const { runtime, waiting } = this.#core
    const { api } = runtime.wasm
    return api.lua_isyieldable(L) !== 0 && waiting.every((thread) => api.lua_isyieldable(thread) !== 0)
  }

  /** Makes the hook that is running give control back to `lua_resume` once it returns. */
  #giveWay(L: LuaThread): void {
    this.isGivingWay = true
    this.#coroutines = [...this.#core.waiting, L].slice(1) // all but the task's own
    this.#core.runtime.wasm.api.lua_yieldk(L, 0, 0, 0)
  }

  #finish(status: number): void {
    const { main, runtime } = this.#core
    const { api } = runtime.wasm
    const tripped = this.#leave()
    const top = this.#base - 1
    if (status !== LuaStatus.ok || tripped !== undefined) {
      if (status !== LuaStatus.yield) api.lua_xmove(this.thread, main, 1) // the error object
      this.#core.fail(status, tripped, top)
    }
    api.lua_checkstack(main, this.resultCount)
    api.lua_settop(main, top) // nothing is collected before the results have left the coroutine
    api.lua_pushnil(main)
    api.lua_xmove(this.thread, main, this.resultCount)
  }

  /** Charges the VM for the task, which is none of its any more. */
  #leave(): BudgetTrip | undefined {
    const { meter, runtime } = this.#core
    this.#core.task = undefined
    // As after the error that ends a call over its budget: they are dead, their close methods pending.
    for (const thread of this.#coroutines) {
      runtime.wasm.bytes[thread + runtime.layout.statusByte] = LuaStatus.memory
    }
    meter.end(this.thread, undefined)
    return meter.tripped
  }
}

/** The C side of tasks, one for all VMs of a runtime. */
export class TaskFunctions {
  /**
   * The function at the bottom of every task: calls the function it is given under its message handler, so
   * that an error is seen to and unwound as in a call from the host.
   */
  readonly body: Pointer
  readonly #runtime: RuntimeCore
  /** Where `lua_resume` leaves a number that the body knows already. */
  readonly #resultCount: Pointer

  constructor(runtime: RuntimeCore) {
    const { text, wasm } = runtime
    const { api } = wasm
    this.#runtime = runtime
    this.#resultCount = text.allocate(LUA_INT_BYTES)
    const finish = (L: LuaThread, status: number): number => {
      const task = runtime.running().task
      if (task !== undefined) task.status = status === LuaStatus.yield ? LuaStatus.ok : status
      return api.lua_gettop(L) - 1 // all above the message handler
    }
    const continuation = wasm.addFunction('iiii', finish)
    this.body = runtime.native((L) => {
      const resultCount = runtime.running().task?.resultCount ?? 0
      return finish(L, api.lua_pcallk(L, api.lua_gettop(L) - 2, resultCount, 1, 0, continuation))
    })
  }

  /** `lua_resume`: begins or goes on with a task, and answers with a {@link LuaStatus}. */
  resume(thread: LuaThread, from: LuaThread, passedCount: number): number {
    return this.#runtime.wasm.api.lua_resume(thread, from, passedCount, this.#resultCount)
  }
}
