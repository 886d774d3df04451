import { KaosError } from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type {
  CallerInfo,
  HookName,
  RoomHost,
  ScriptCall,
  ScriptManifest,
  ScriptOutcome,
} from '../room/room-host.ts'

/** A message as hooks see it: the fields of the wire. */
export type HookMessage = Readonly<Record<string, unknown>>

export interface HookPipelineParts {
  readonly host: RoomHost
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  /** An answer that takes longer is a failure. */
  readonly timeoutMs: number
}

/** Before-hooks, after-hooks and RPCs of the entry script, by way of the room host. */
export class HookPipeline {
  readonly #parts: HookPipelineParts
  #manifest: ScriptManifest | undefined

  constructor(parts: HookPipelineParts) {
    this.#parts = parts
  }

  setManifest(manifest: ScriptManifest): void {
    this.#manifest = manifest
  }

  hasBefore(name: HookName): boolean {
    return this.#manifest?.before.has(name) === true
  }

  hasAfter(name: HookName): boolean {
    return this.#manifest?.after.has(name) === true
  }

  /**
   * Runs the before-hook, if there is one.
   * @returns The message as the hook wants it.
   * @throws {KaosError} HOOK_REJECTED, HOOK_FAILED, SCRIPT_BUDGET_EXCEEDED or REQUEST_TIMEOUT
   */
  async before(name: HookName, caller: CallerInfo, message: HookMessage): Promise<HookMessage> {
    if (!this.hasBefore(name)) return message
    const outcome = await this.#invoke({ kind: 'before', name, caller, message })
    switch (outcome.kind) {
      case 'value':
        if (isRecord(outcome.value)) return outcome.value
        throw new KaosError('HOOK_FAILED', `the before-hook of ${name} returned no message table`)
      case 'rejected':
        throw new KaosError('HOOK_REJECTED', outcome.reason)
      case 'failed':
        throw new KaosError(outcome.code, outcome.error)
      default:
        return outcome satisfies never
    }
  }

  /** Runs the after-hook, if there is one. Its failure is logged and counted by the host and changes nothing. */
  after(name: HookName, caller: CallerInfo, message: HookMessage): void {
    void this.afterSettled(name, caller, message)
  }

  /** {@link after} for a caller that wants to know when it is over. Never rejects. */
  async afterSettled(name: HookName, caller: CallerInfo, message: HookMessage): Promise<void> {
    if (!this.hasAfter(name)) return
    try {
      await this.#invoke({ kind: 'after', name, caller, message })
    } catch (error) {
      this.#parts.logger.error({ hook: name, error: String(error) }, 'after-hook was not answered')
    }
  }

  /** @throws {KaosError} RPC_NOT_FOUND, RPC_FAILED, SCRIPT_BUDGET_EXCEEDED or REQUEST_TIMEOUT */
  async rpc(name: string, caller: CallerInfo, payload: unknown): Promise<unknown> {
    if (this.#manifest?.rpcs.has(name) !== true) {
      throw new KaosError('RPC_NOT_FOUND', `no RPC "${name}" is registered`)
    }
    const outcome = await this.#invoke({ kind: 'rpc', name, caller, payload })
    switch (outcome.kind) {
      case 'value':
        return outcome.value
      case 'rejected':
        throw new KaosError('RPC_FAILED', outcome.reason)
      case 'failed':
        throw new KaosError(outcome.code, outcome.error)
      default:
        return outcome satisfies never
    }
  }

  async #invoke(call: ScriptCall): Promise<ScriptOutcome> {
    const { host, clock, metrics, timeoutMs } = this.#parts
    const startMs = clock.nowMs()
    let expire: (error: KaosError) => void = () => {}
    const deadline = new Promise<never>((_, reject) => {
      expire = reject
    })
    const timer = clock.setTimer(() => {
      metrics.limitHit('requestTimeoutMs')
      expire(new KaosError('REQUEST_TIMEOUT', `${call.kind} ${call.name}: no answer in ${timeoutMs} ms`))
    }, timeoutMs)
    try {
      return await Promise.race([host.invoke(call), deadline])
    } finally {
      timer.cancel()
      metrics.scriptCalled(call.kind, clock.nowMs() - startMs)
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}
