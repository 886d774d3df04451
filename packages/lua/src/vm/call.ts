import { LuaError } from '../errors.ts'
import type { LuaBudget } from './budget.ts'
import { ValueBuilder } from './value-builder.ts'

/**
 * One call of a Lua function, built value by value without any object per value:
 *
 * ```ts
 * const call = vm.beginCall(matchLoop)
 * call.pushRef(state)
 * call.newTable(messages.length, 0)
 * for (const [index, message] of messages.entries()) {
 *   call.newTable(0, 2)
 *   call.pushInteger(message.op)
 *   call.setField(keys.op)
 *   call.pushBytes(message.data)
 *   call.setField(keys.data)
 *   call.setIndex(index + 1)
 * }
 * call.invoke(1, budget)
 * if (!call.isNil(1)) call.replaceRef(1, state)
 * call.end()
 * ```
 *
 * The VM reuses the object: it is void after {@link end}, after an error, and when the next call begins. The
 * readers of results are those of {@link ValueBuilder}, and count from 1.
 */
export class LuaCall extends ValueBuilder {
  /**
   * Calls the function. After it the readers read the `resultCount` results.
   *
   * @throws LuaError `runtime`, `memory` or `budget`; the call has ended then
   */
  invoke(resultCount: number, budget: LuaBudget): void {
    const core = this.owner
    core.checkUsable()
    const argCount = this.argumentCount()
    try {
      core.invoke(this.base, argCount, resultCount, budget)
    } catch (error) {
      if (!(error instanceof LuaError && error.kind === 'fatal')) this.end()
      throw error
    }
    this.size = resultCount
  }
}
