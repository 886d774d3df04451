import { LuaRuntime, type LuaVm } from '@kaosnet/lua'
import type { Clock } from '../clock.ts'
import type { HostConfig } from '../config.ts'
import type { HostStats } from '../host/host-stats.ts'
import type { Logger } from '../observe/logger.ts'
import type { Random } from '../random.ts'
import { defineKaosApi } from './kaos-api.ts'
import type { KaosContext } from './kaos-context.ts'
import type { LoadedScripts, ScriptBundle } from './loaded-scripts.ts'
import { type LuaBudgets, luaBudgets } from './lua-budgets.ts'
import { type LuaMatchKeys, luaMatchKeys } from './lua-match-keys.ts'
import { LuaScripts } from './lua-scripts.ts'
import { PRELUDE_MODULE, PRELUDE_SOURCE } from './prelude.ts'
import { limitLogRate } from './script-logger.ts'
import { scriptErrorFields } from './script-error.ts'
import type { ScriptServices } from './script-services.ts'
import { ScriptSources } from './script-sources.ts'

export interface LuaLanguageParts {
  readonly config: HostConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly stats: HostStats
  readonly services: ScriptServices
}

/** Runs Lua: one WebAssembly instance for all states of a host, and in it a state of its own for each room. */
export class LuaLanguage {
  readonly parts: LuaLanguageParts
  readonly budgets: LuaBudgets
  #runtime: LuaRuntime | undefined
  #keys: LuaMatchKeys | undefined

  constructor(parts: LuaLanguageParts) {
    this.parts = parts
    this.budgets = luaBudgets(parts.config.scripts)
  }

  /** @param loadsEntry False where another language has the entry script. @throws {LuaError} when that fails */
  async load(bundle: ScriptBundle, loadsEntry = true): Promise<LoadedScripts> {
    this.#runtime ??= await LuaRuntime.load()
    this.#keys ??= luaMatchKeys(this.#runtime)
    const sources = bundle.lua === undefined ? undefined : new ScriptSources(bundle.lua)
    return new LuaScripts(this, bundle.version, sources, loadsEntry)
  }

  /** Field names that are written every tick. */
  get keys(): LuaMatchKeys {
    return this.#loaded(this.#keys)
  }

  /** Size of the memory of all states together. */
  get memoryBytes(): number {
    return this.#runtime?.memoryBytes ?? 0
  }

  createVm(
    name: string,
    logger: Logger,
    sources: ScriptSources | undefined,
    role: KaosContext['role'],
  ): LuaVm {
    const { clock, config, random, services, stats } = this.parts
    const limited = limitLogRate(logger, {
      clock,
      linesPerSecond: config.scripts.logLinesPerSecond,
      onDropped: (count) => {
        stats.droppedLogLines += count
      },
    })
    const vm = this.#loaded(this.#runtime).createVm({
      name,
      memoryLimitBytes: config.scripts.memoryBytes,
      clock: { unixMs: () => clock.unixMs(), monotonicMs: () => clock.nowMs() },
      randomSeed: random.uint32(),
      modules: (module) =>
        module === PRELUDE_MODULE
          ? { source: PRELUDE_SOURCE, chunkName: 'kaos/prelude.lua' }
          : sources?.read(module),
      onPrint: (text) => limited.info({}, text),
      onInternalError: (error, functionName) =>
        logger.error({ function: functionName, ...scriptErrorFields(error) }, 'a kaos function failed'),
    })
    defineKaosApi({ vm, services, clock, random, logger: limited, role })
    return vm
  }

  close(): void {
    this.#runtime?.close()
  }

  #loaded<T>(part: T | undefined): T {
    if (part === undefined) throw new Error('no scripts are loaded')
    return part
  }
}
