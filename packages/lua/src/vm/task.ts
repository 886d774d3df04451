import { LuaError } from '../errors.ts'
import type { LuaBudget } from './budget.ts'
import { TaskRun } from './task-run.ts'
import { ValueBuilder } from './value-builder.ts'

/**
 * One call of a Lua function that can be set aside while it runs, so that a long one delays nothing else on
 * the thread. It is built and read as a {@link LuaCall} is:
 *
 * ```ts
 * const task = vm.beginTask(rpc)
 * task.pushValue(payload)
 * let isDone = task.run(1, budget, sliceMs)
 * while (!isDone) {
 *   await nextTurn()
 *   isDone = task.resume(sliceMs)
 * }
 * const answer = task.value(1)
 * task.end()
 * ```
 *
 * Until it has ended nothing else can be called in its VM: that throws a {@link LuaError} of kind `busy`.
 * Other VMs are not affected. Of the budget, instructions count over all slices, and time only while one
 * runs. The clock is looked at as for a budget, so a slice takes somewhat longer than `sliceMs`; it goes on
 * for as long as the script is within a C function that cannot be left (`table.sort`, `string.gsub`, a
 * host function, `require`).
 */
export class LuaTask extends ValueBuilder {
  #run: TaskRun | undefined

  /** Whether the task is under way: it has been run and has not ended. */
  get isSetAside(): boolean {
    return this.#run !== undefined && this.core?.closed === false && this.core.depth === 0
  }

  /**
   * Runs the function for about `sliceMs`. Answers true if it has ended, and the readers read its
   * `resultCount` results; false if it is set aside, to be resumed or ended.
   *
   * @throws LuaError `runtime`, `memory` or `budget`; the task has ended then
   */
  run(resultCount: number, budget: LuaBudget, sliceMs: number): boolean {
    const { owner: core } = this
    core.checkUsable()
    this.argumentCount() // throws if it has been run already
    this.seal()
    return this.#slice(() => new TaskRun(core, this.base, resultCount, budget), sliceMs)
  }

  /** Goes on where the task was set aside; else the same as {@link run}. */
  resume(sliceMs: number): boolean {
    const { core } = this
    const run = this.#run
    if (core?.closed !== false || run === undefined) throw new LuaError('closed', 'the task has ended')
    core.checkUsable()
    if (core.depth > 0) throw new LuaError('busy', 'the task runs already')
    core.checkDepth()
    return this.#slice(() => run, sliceMs)
  }

  /**
   * Ends the task and lets go of its results. One that is set aside is abandoned: nothing of the script runs
   * any more, close methods neither, and what it held is garbage. Ending twice does nothing.
   *
   * @throws LuaError `busy` from a host function that the task itself has called
   */
  override end(): void {
    const { core } = this
    if (core?.closed === false && !core.runtime.isLost) {
      if (this.#run !== undefined && core.depth > 0) {
        throw new LuaError('busy', 'a task cannot be ended while it runs')
      }
      this.#run?.abandon()
      core.runtime.wasm.api.lua_settop(this.thread, this.base - 1)
    }
    this.#run = undefined
    this.seal()
    super.end()
  }

  #slice(begin: () => TaskRun, sliceMs: number): boolean {
    const { owner: core } = this
    try {
      core.checkDepth()
      this.#run = begin()
      if (!this.#run.runSlice(sliceMs)) return false
      this.size = this.#run.resultCount
      this.#run = undefined
      return true
    } catch (error) {
      this.end()
      throw error
    }
  }
}
