import type { Clock } from '../../clock.ts'
import type { ServerConfig } from '../../config.ts'
import type { RoomId } from '../../ids.ts'
import type { Logger } from '../../observe/logger.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { Random } from '../../random.ts'
import type { CallerInfo, ScriptCall, ScriptManifest, ScriptOutcome } from '../../room/room-host.ts'
import type { ScriptEngine, SignalRoom } from '../script-engine.ts'
import { scriptErrorFields } from '../script-error.ts'
import type { ScriptServices } from '../script-services.ts'
import { moduleMessage, routerMessage } from './hook-fields.ts'
import { loadModuleSet, type ModuleSet } from './module-set.ts'
import type { NodeApi, ScriptLog } from './node-api.ts'
import { createNodeApi, createScriptLog } from './node-script-api.ts'
import { seededRandom } from './random-numbers.ts'
import type { OnInvalidInput } from './room-inputs.ts'
import type { CallContext } from './scripts-definition.ts'
import { SourceEvaluator } from './source-evaluator.ts'
import { TypeScriptMatchHandler } from './typescript-match-handler.ts'

export interface TypeScriptEngineParts {
  readonly config: ServerConfig
  /** Folder of the modules. */
  readonly modulesDir: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly services: ScriptServices
}

/** What a load of the modules gave to the outside. */
export interface TypeScriptManifest extends ScriptManifest {
  readonly version: string
}

/**
 * Runs TypeScript and JavaScript modules in the calling thread, trusted and without budgets: RPCs and hooks of the entry
 * module, and rooms.
 */
export class TypeScriptEngine implements Omit<ScriptEngine, 'createMatch' | 'invoke'> {
  readonly #parts: TypeScriptEngineParts
  readonly #evaluator = new SourceEvaluator()
  readonly #entryLog: ScriptLog
  #set: ModuleSet | undefined
  #node: NodeApi | undefined

  constructor(parts: TypeScriptEngineParts) {
    this.#parts = parts
    this.#entryLog = createScriptLog(parts.logger.child({ module: parts.config.scripts.entry }))
  }

  /** Of the loaded modules; undefined before the first load. */
  get version(): string | undefined {
    return this.#set?.version
  }

  /**
   * Loads the modules, again if they were loaded before: new rooms, RPCs and hooks are then the new ones, running rooms and
   * calls stay what they are.
   * @throws when anything cannot be loaded; what was loaded before then stays in force
   */
  async load(signalRoom: SignalRoom): Promise<TypeScriptManifest> {
    const { config, modulesDir, services } = this.#parts
    const set = await loadModuleSet(modulesDir, config.scripts.entry, this.#evaluator)
    this.#set = set
    this.#node = createNodeApi(services, signalRoom)
    return {
      version: set.version,
      rpcs: new Set(set.rpcs.keys()),
      before: new Set(set.before.keys()),
      after: new Set(set.after.keys()),
      hasMatchModule: (name) => set.rooms.has(name),
    }
  }

  /**
   * A handler with a state of its own, of the version that is loaded now.
   * @param onInvalidInput Hears of messages that did not parse.
   * @throws when there is no such module
   */
  createMatch(
    roomId: RoomId,
    module: string,
    onInvalidInput: OnInvalidInput = () => {},
  ): TypeScriptMatchHandler {
    const { clock, config, logger, random, services } = this.#parts
    const { rooms, version } = loaded(this.#set)
    const definition = rooms.get(module)
    if (definition === undefined) throw new Error(`there is no match module "${module}"`)
    return new TypeScriptMatchHandler({
      definition,
      roomId,
      module,
      version,
      env: config.scripts.env,
      clock,
      services,
      node: loaded(this.#node),
      log: createScriptLog(logger.child({ roomId, module })),
      random: seededRandom(random.uint32()),
      tickHz: config.rooms.tickHz,
      onInvalidInput,
    })
  }

  /** Runs an RPC or a hook. Never rejects. */
  async invoke(call: ScriptCall): Promise<ScriptOutcome> {
    try {
      const set = loaded(this.#set)
      switch (call.kind) {
        case 'rpc':
          return await this.#invokeRpc(set, call)
        case 'before':
          return await this.#invokeBefore(set, call)
        case 'after':
          return await this.#invokeAfter(set, call)
        default:
          return call satisfies never
      }
    } catch (error) {
      this.#parts.metrics.scriptFailed(call.kind)
      this.#parts.logger.error({ [call.kind]: call.name, ...scriptErrorFields(error) }, 'script error')
      const message = error instanceof Error ? error.message : String(error)
      return { kind: 'failed', error: message, isOverBudget: false }
    }
  }

  /** Forgets the modules. Rooms that run have theirs. */
  close(): void {
    this.#set = undefined
  }

  async #invokeRpc(set: ModuleSet, call: Extract<ScriptCall, { kind: 'rpc' }>): Promise<ScriptOutcome> {
    const handler = registered(set.rpcs.get(call.name), call)
    return { kind: 'value', value: await handler(this.#context(set, call.caller), call.payload) }
  }

  async #invokeBefore(set: ModuleSet, call: Extract<ScriptCall, { kind: 'before' }>): Promise<ScriptOutcome> {
    const hook = registered(set.before.get(call.name), call)
    const answer: unknown = await hook(this.#context(set, call.caller), moduleMessage(call.message))
    if (answer === undefined || answer === null) return { kind: 'rejected', reason: undefined }
    if (typeof answer !== 'object') throw new Error(`the before-hook of ${call.name} returned no message`)
    if ('reject' in answer) return { kind: 'rejected', reason: String(answer.reject) || undefined }
    return { kind: 'value', value: routerMessage(answer) }
  }

  async #invokeAfter(set: ModuleSet, call: Extract<ScriptCall, { kind: 'after' }>): Promise<ScriptOutcome> {
    const hook = registered(set.after.get(call.name), call)
    await hook(this.#context(set, call.caller), moduleMessage(call.message))
    return { kind: 'value', value: undefined }
  }

  #context(set: ModuleSet, caller: CallerInfo): CallContext {
    const { sessions, rooms } = loaded(this.#node)
    return {
      ...caller,
      env: this.#parts.config.scripts.env,
      version: set.version,
      log: this.#entryLog,
      sessions,
      rooms,
    }
  }
}

function registered<T>(handler: T | undefined, call: ScriptCall): T {
  if (handler === undefined) throw new Error(`no ${call.kind} "${call.name}" is registered`)
  return handler
}

function loaded<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the modules are not loaded')
  return part
}
