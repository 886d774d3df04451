import type { LuaVm } from '@kaosnet/lua'
import type { RoomId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { MatchHandler } from '../room/match-handler.ts'
import type { HookName, ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import { CallPool } from './call-pool.ts'
import type { CallUsage, LoadedScripts } from './loaded-scripts.ts'
import { LuaEntryState } from './lua-entry-state.ts'
import type { LuaLanguage } from './lua-language.ts'
import { LuaMatchHandler } from './lua-match-handler.ts'
import { PRELUDE_MODULE } from './prelude.ts'
import { failedOutcome } from './script-error.ts'
import type { ScriptSources } from './script-sources.ts'

/** One version of the Lua scripts: a pool of entry states for RPCs and hooks, and rooms on demand. */
export class LuaScripts implements LoadedScripts {
  readonly version: string
  readonly hasEntry: boolean
  readonly rpcs: ReadonlySet<string>
  readonly before: ReadonlySet<HookName>
  readonly after: ReadonlySet<HookName>
  readonly modules: ReadonlySet<string>
  readonly #language: LuaLanguage
  readonly #sources: ScriptSources | undefined
  readonly #pool: CallPool<LuaEntryState>

  /** @throws {LuaError} when the entry script fails */
  constructor(
    language: LuaLanguage,
    version: string,
    sources: ScriptSources | undefined,
    loadsEntry: boolean,
  ) {
    const { clock, config } = language.parts
    const { entry, callVmsMin, callVmsMax, callQueue, callSliceMs } = config.scripts
    this.version = version
    this.#language = language
    this.#sources = sources
    this.hasEntry = loadsEntry && sources?.has(entry) === true
    const first = this.#createEntry()
    const { rpcs, before, after } = first.registrations
    this.rpcs = new Set(rpcs.keys())
    this.before = new Set(before.keys())
    this.after = new Set(after.keys())
    this.modules = new Set(sources?.names().filter((name) => name !== entry))
    this.#pool = new CallPool(
      {
        clock,
        create: () => this.#createEntry(),
        // Without an entry script there is nothing to call.
        min: this.hasEntry ? callVmsMin : 1,
        max: Math.max(callVmsMin, callVmsMax),
        queueBound: callQueue,
        sliceMs: callSliceMs,
        onError: (call, error) => this.#failed(call, error),
      },
      [first],
    )
  }

  createMatch(roomId: RoomId, module: string): MatchHandler {
    const { clock, config, logger } = this.#language.parts
    const vm = this.#createVm(module, logger.child({ roomId, module }), { kind: 'room', roomId })
    try {
      return new LuaMatchHandler({
        vm,
        keys: this.#language.keys,
        clock,
        roomId,
        module,
        version: this.version,
        env: config.scripts.env,
        budgets: this.#language.budgets,
      })
    } catch (error) {
      vm.close()
      throw error
    }
  }

  invoke(call: ScriptCall): Promise<ScriptOutcome> {
    return this.#pool.run(call)
  }

  usage(): CallUsage {
    return this.#pool.usage()
  }

  retire(): void {
    this.#pool.retire()
  }

  #createEntry(): LuaEntryState {
    const { logger, config } = this.#language.parts
    const { entry, env } = config.scripts
    const state = new LuaEntryState(this.#language.budgets, env)
    const vm = this.#createVm(entry, logger.child({ module: entry }), {
      kind: 'entry',
      registrations: state.registrations,
    })
    try {
      state.load(vm, this.hasEntry ? [PRELUDE_MODULE, entry] : [])
    } catch (error) {
      vm.close()
      throw error
    }
    return state
  }

  #createVm(name: string, logger: Logger, role: Parameters<LuaLanguage['createVm']>[3]): LuaVm {
    return this.#language.createVm(name, logger, this.#sources, role)
  }

  #failed(call: ScriptCall, error: unknown): ScriptOutcome {
    const { logger, stats } = this.#language.parts
    return failedOutcome(call, error, logger, stats)
  }
}
