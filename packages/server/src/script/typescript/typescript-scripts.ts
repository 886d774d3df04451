import { KaosError } from '@kaosnet/protocol'
import type { Clock } from '../../clock.ts'
import type { HostConfig } from '../../config.ts'
import type { HostStats } from '../../host/host-stats.ts'
import type { RoomId } from '../../ids.ts'
import type { Logger } from '../../observe/logger.ts'
import type { Random } from '../../random.ts'
import type { CallerInfo, HookName, ScriptCall, ScriptOutcome } from '../../room/room-host.ts'
import type { CallUsage, LoadedScripts, OnInvalidInput } from '../loaded-scripts.ts'
import { failedOutcome } from '../script-error.ts'
import type { ScriptServices } from '../script-services.ts'
import { moduleMessage, routerMessage } from './hook-fields.ts'
import type { ModuleSet } from './module-set.ts'
import type { NodeApi, ScriptLog } from './node-api.ts'
import { createNodeApi, createScriptLog } from './node-script-api.ts'
import { seededRandom } from './random-numbers.ts'
import type { CallContext } from './scripts-definition.ts'
import { TypeScriptMatchHandler } from './typescript-match-handler.ts'

export interface TypeScriptParts {
  readonly config: HostConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly stats: HostStats
  readonly services: ScriptServices
}

/**
 * One version of TypeScript and JavaScript modules, trusted and without budgets: RPCs and hooks of the entry module, and
 * rooms.
 */
export class TypeScriptScripts implements LoadedScripts {
  readonly version: string
  readonly hasEntry: boolean
  readonly rpcs: ReadonlySet<string>
  readonly before: ReadonlySet<HookName>
  readonly after: ReadonlySet<HookName>
  readonly modules: ReadonlySet<string>
  readonly #parts: TypeScriptParts
  readonly #set: ModuleSet
  readonly #node: NodeApi
  readonly #entryLog: ScriptLog
  #underWay = 0

  constructor(parts: TypeScriptParts, version: string, set: ModuleSet) {
    this.version = version
    this.hasEntry = set.hasEntry
    this.rpcs = new Set(set.rpcs.keys())
    this.before = new Set(set.before.keys())
    this.after = new Set(set.after.keys())
    this.modules = new Set(set.rooms.keys())
    this.#parts = parts
    this.#set = set
    this.#node = createNodeApi(parts.services)
    this.#entryLog = createScriptLog(parts.logger.child({ module: parts.config.scripts.entry }))
  }

  createMatch(roomId: RoomId, module: string, onInvalidInput: OnInvalidInput): TypeScriptMatchHandler {
    const { clock, config, logger, random, services } = this.#parts
    const definition = this.#set.rooms.get(module)
    if (definition === undefined) throw new Error(`there is no match module "${module}"`)
    return new TypeScriptMatchHandler({
      definition,
      roomId,
      module,
      version: this.version,
      env: config.scripts.env,
      clock,
      services,
      node: this.#node,
      log: createScriptLog(logger.child({ roomId, module })),
      random: seededRandom(random.uint32()),
      tickHz: config.rooms.tickHz,
      onInvalidInput,
    })
  }

  async invoke(call: ScriptCall): Promise<ScriptOutcome> {
    const { clock, config, logger, stats } = this.#parts
    if (this.#underWay >= config.scripts.callQueue) {
      const error = new KaosError('TOO_MANY_REQUESTS', 'too many RPCs and hooks are being run')
      return failedOutcome(call, error, logger, stats)
    }
    this.#underWay++
    let isHeld = true
    const giveBack = (): void => {
      if (isHeld) this.#underWay--
      isHeld = false
    }
    // Nobody waits for it any more then; one that never ends must not keep its place for good.
    const timer = clock.setTimer(giveBack, config.limits.requestTimeoutMs)
    try {
      return await this.#invoke(call)
    } catch (error) {
      return failedOutcome(call, error, logger, stats)
    } finally {
      timer.cancel()
      giveBack()
    }
  }

  usage(): CallUsage {
    return { vms: 0, busyVms: this.#underWay, queued: 0, memoryBytes: 0 }
  }

  /** There is nothing to free: what rooms and calls still use, they hold themselves. */
  retire(): void {}

  async #invoke(call: ScriptCall): Promise<ScriptOutcome> {
    const context = this.#context(call.caller)
    switch (call.kind) {
      case 'rpc': {
        const handler = registered(this.#set.rpcs.get(call.name), call)
        return { kind: 'value', value: await handler(context, call.payload) }
      }
      case 'before': {
        const hook = registered(this.#set.before.get(call.name), call)
        return hookOutcome(call.name, await hook(context, moduleMessage(call.message)))
      }
      case 'after': {
        const hook = registered(this.#set.after.get(call.name), call)
        await hook(context, moduleMessage(call.message))
        return { kind: 'value', value: undefined }
      }
      default:
        return call satisfies never
    }
  }

  #context(caller: CallerInfo): CallContext {
    const { sessions, rooms } = this.#node
    return {
      ...caller,
      env: this.#parts.config.scripts.env,
      version: this.version,
      log: this.#entryLog,
      sessions,
      rooms,
    }
  }
}

function hookOutcome(name: HookName, answer: unknown): ScriptOutcome {
  if (answer === undefined || answer === null) return { kind: 'rejected', reason: undefined }
  if (typeof answer !== 'object') throw new Error(`the before-hook of ${name} returned no message`)
  if ('reject' in answer) return { kind: 'rejected', reason: String(answer.reject) || undefined }
  return { kind: 'value', value: routerMessage(answer) }
}

function registered<T>(handler: T | undefined, call: ScriptCall): T {
  if (handler === undefined) throw new Error(`no ${call.kind} "${call.name}" is registered`)
  return handler
}
