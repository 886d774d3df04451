import { LuaError, type LuaRef, type LuaValue, type LuaVm } from '@kaosnet/lua'
import type { CallerInfo, ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import type { LuaBudgets } from './lua-budgets.ts'
import { Registrations } from './registrations.ts'

/** A call that runs piece by piece. */
export interface RunningCall {
  readonly call: ScriptCall
  /** Goes on for about so long. The outcome when the call has ended. @throws {LuaError} what the script raised */
  advance(sliceMs: number): ScriptOutcome | undefined
}

/** One state of the entry script: its RPCs and hooks, of which it runs one at a time. */
export class LuaEntryState {
  readonly registrations = new Registrations()
  readonly #budgets: LuaBudgets
  readonly #env: Readonly<Record<string, string>>
  #vm: LuaVm | undefined

  constructor(budgets: LuaBudgets, env: Readonly<Record<string, string>>) {
    this.#budgets = budgets
    this.#env = env
  }

  /** Runs the entry script in a fresh VM. @throws {LuaError} what it raises */
  load(vm: LuaVm, modules: readonly string[]): void {
    this.#vm = vm
    for (const module of modules) vm.require(module, this.#budgets.load).release()
  }

  get memoryBytes(): number {
    return this.#vm?.memoryBytes ?? 0
  }

  /** Whether scripts have filled its memory for good: later calls would fail for want of it. */
  get isWornOut(): boolean {
    const vm = this.#vm
    if (vm === undefined || vm.memoryBytes < vm.memoryLimitBytes * WORN_OUT_SHARE) return false
    vm.collectGarbage()
    return vm.memoryBytes >= vm.memoryLimitBytes * WORN_OUT_SHARE
  }

  /** @throws {LuaError} when nothing of that name is registered, or the arguments do not fit */
  begin(call: ScriptCall): RunningCall {
    const vm = this.#vm
    const handler = this.#handlerOf(call)
    if (vm === undefined || handler === undefined) {
      throw new LuaError('value', `no ${call.kind} "${call.name}" is registered`)
    }
    const task = vm.beginTask(handler)
    try {
      task.pushValue(this.#context(call.caller))
      task.pushValue((call.kind === 'rpc' ? call.payload : call.message) as LuaValue)
    } catch (error) {
      task.end()
      throw error
    }
    let isBegun = false
    return {
      call,
      advance: (sliceMs) => {
        const isDone = isBegun
          ? task.resume(sliceMs)
          : task.run(RESULTS[call.kind], this.#budgets[call.kind === 'rpc' ? 'rpc' : 'hook'], sliceMs)
        isBegun = true
        if (!isDone) return undefined
        try {
          if (call.kind === 'after') return { kind: 'value', value: undefined }
          if (call.kind === 'rpc') return { kind: 'value', value: task.value(1, 'result') }
          if (task.isNil(1)) return { kind: 'rejected', reason: task.optionalString(2, 'reason') }
          return { kind: 'value', value: task.value(1, 'message') }
        } finally {
          task.end()
        }
      },
    }
  }

  close(): void {
    this.#vm?.close()
  }

  #handlerOf({ kind, name }: ScriptCall): LuaRef | undefined {
    const { rpcs, before, after } = this.registrations
    if (kind === 'rpc') return rpcs.get(name)
    return kind === 'before' ? before.get(name) : after.get(name)
  }

  #context(caller: CallerInfo): LuaValue {
    return {
      session_id: caller.sessionId,
      user_id: caller.userId,
      username: caller.username,
      vars: caller.vars,
      is_authenticated: caller.isAuthenticated,
      client_ip: caller.clientAddress,
      transport: caller.transport,
      env: this.#env,
    }
  }
}

const WORN_OUT_SHARE = 0.75

/** How many results each kind of call has. */
const RESULTS = { rpc: 1, before: 2, after: 0 } as const
