import { type LuaBudget, LuaError, type LuaRef, LuaRuntime, type LuaValue, type LuaVm } from '@kaosnet/lua'
import type { Clock } from '../clock.ts'
import type { ServerConfig } from '../config.ts'
import type { RoomId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Random } from '../random.ts'
import type { MatchHandler } from '../room/match-handler.ts'
import type { CallerInfo, ScriptCall, ScriptManifest, ScriptOutcome } from '../room/room-host.ts'
import { defineKaosApi } from './kaos-api.ts'
import type { KaosContext } from './kaos-context.ts'
import { LuaMatchHandler } from './lua-match-handler.ts'
import { type LuaMatchKeys, luaMatchKeys } from './lua-match-keys.ts'
import { PRELUDE_MODULE, PRELUDE_SOURCE } from './prelude.ts'
import { Registrations } from './registrations.ts'
import type { ScriptEngine, SignalRoom } from './script-engine.ts'
import { isOverBudget, scriptErrorFields } from './script-error.ts'
import { ScriptFolder } from './script-folder.ts'
import type { ScriptServices } from './script-services.ts'

export interface LuaScriptEngineParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly services: ScriptServices
}

/** Runs Lua: one state for the entry script's RPCs and hooks, and one of its own for each room. */
export class LuaScriptEngine implements ScriptEngine {
  readonly #parts: LuaScriptEngineParts
  readonly #registrations = new Registrations()
  readonly #budgets: { readonly call: LuaBudget; readonly tick: LuaBudget }
  #folder: ScriptFolder | undefined
  #runtime: LuaRuntime | undefined
  #keys: LuaMatchKeys | undefined
  #entryVm: LuaVm | undefined
  #signalRoom: SignalRoom = () => undefined

  constructor(parts: LuaScriptEngineParts) {
    const { scripts } = parts.config
    this.#parts = parts
    this.#budgets = {
      call: { instructions: scripts.callInstructions, wallMs: scripts.callBudgetMs },
      tick: { instructions: scripts.tickInstructions, wallMs: scripts.tickBudgetMs },
    }
  }

  async load(signalRoom: SignalRoom): Promise<ScriptManifest> {
    const { dir, entry } = this.#parts.config.scripts
    this.#signalRoom = signalRoom
    this.#runtime = await LuaRuntime.load()
    this.#keys = luaMatchKeys(this.#runtime)
    if (dir !== undefined) this.#folder = new ScriptFolder(dir)
    if (this.#folder?.has(entry) === true) this.#loadEntry(entry)
    const { rpcs, before, after } = this.#registrations
    return {
      rpcs: new Set(rpcs.keys()),
      before: new Set(before.keys()),
      after: new Set(after.keys()),
      hasMatchModule: (name) => name !== entry && this.#folder?.has(name) === true,
    }
  }

  createMatch(roomId: RoomId, module: string): MatchHandler {
    const { clock, config, logger } = this.#parts
    const vm = this.#createVm(module, logger.child({ roomId, module }), { kind: 'room', roomId })
    try {
      return new LuaMatchHandler({
        vm,
        keys: this.#loaded(this.#keys),
        clock,
        roomId,
        module,
        env: config.scripts.env,
        budgets: this.#budgets,
      })
    } catch (error) {
      vm.close()
      throw error
    }
  }

  invoke(call: ScriptCall): ScriptOutcome {
    try {
      switch (call.kind) {
        case 'rpc':
          return this.#invokeRpc(call)
        case 'before':
          return this.#invokeBefore(call)
        case 'after':
          return this.#invokeAfter(call)
        default:
          return call satisfies never
      }
    } catch (error) {
      this.#parts.metrics.scriptFailed(call.kind)
      this.#parts.logger.error({ [call.kind]: call.name, ...scriptErrorFields(error) }, 'script error')
      const message = error instanceof Error ? error.message : String(error)
      return { kind: 'failed', error: message, isOverBudget: isOverBudget(error) }
    }
  }

  close(): void {
    this.#entryVm?.close()
    this.#runtime?.close()
  }

  #loadEntry(entry: string): void {
    const role = { kind: 'entry', registrations: this.#registrations } as const
    const vm = this.#createVm(entry, this.#parts.logger.child({ module: entry }), role)
    this.#entryVm = vm
    vm.require(PRELUDE_MODULE, this.#budgets.call).release()
    try {
      vm.require(entry, this.#budgets.call).release()
    } catch (error) {
      vm.close()
      throw error
    }
  }

  #createVm(name: string, logger: Logger, role: KaosContext['role']): LuaVm {
    const { clock, config, random, services } = this.#parts
    const vm = this.#loaded(this.#runtime).createVm({
      name,
      memoryLimitBytes: config.scripts.memoryBytes,
      clock: { unixMs: () => clock.unixMs(), monotonicMs: () => clock.nowMs() },
      randomSeed: random.uint32(),
      modules: (module) =>
        module === PRELUDE_MODULE
          ? { source: PRELUDE_SOURCE, chunkName: 'kaos/prelude.lua' }
          : this.#folder?.read(module),
      onPrint: (text) => logger.info({}, text),
      onInternalError: (error, functionName) =>
        logger.error({ function: functionName, ...scriptErrorFields(error) }, 'a kaos function failed'),
    })
    defineKaosApi({ vm, services, clock, random, logger, signalRoom: this.#signalRoom, role })
    return vm
  }

  #invokeRpc(call: Extract<ScriptCall, { kind: 'rpc' }>): ScriptOutcome {
    const handler = this.#registered(this.#registrations.rpcs.get(call.name), call)
    const lua = this.#loaded(this.#entryVm).beginCall(handler)
    lua.pushValue(this.#context(call.caller))
    lua.pushValue(call.payload as LuaValue)
    lua.invoke(1, this.#budgets.call)
    try {
      return { kind: 'value', value: lua.value(1, 'result') }
    } finally {
      lua.end()
    }
  }

  #invokeBefore(call: Extract<ScriptCall, { kind: 'before' }>): ScriptOutcome {
    const handler = this.#registered(this.#registrations.before.get(call.name), call)
    const lua = this.#loaded(this.#entryVm).beginCall(handler)
    lua.pushValue(this.#context(call.caller))
    lua.pushValue(call.message as LuaValue)
    lua.invoke(2, this.#budgets.call)
    try {
      if (lua.isNil(1)) return { kind: 'rejected', reason: lua.optionalString(2, 'reason') }
      return { kind: 'value', value: lua.value(1, 'message') }
    } finally {
      lua.end()
    }
  }

  #invokeAfter(call: Extract<ScriptCall, { kind: 'after' }>): ScriptOutcome {
    const handler = this.#registered(this.#registrations.after.get(call.name), call)
    const lua = this.#loaded(this.#entryVm).beginCall(handler)
    lua.pushValue(this.#context(call.caller))
    lua.pushValue(call.message as LuaValue)
    lua.invoke(0, this.#budgets.call)
    lua.end()
    return { kind: 'value', value: undefined }
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
      env: this.#parts.config.scripts.env,
    }
  }

  #registered(handler: LuaRef | undefined, call: ScriptCall): LuaRef {
    if (handler === undefined) throw new LuaError('value', `no ${call.kind} "${call.name}" is registered`)
    return handler
  }

  #loaded<T>(part: T | undefined): T {
    if (part === undefined) throw new Error('the script engine is not loaded')
    return part
  }
}
