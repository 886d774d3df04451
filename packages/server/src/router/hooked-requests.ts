import { type ClientPayload, type ClientPayloadName, ClientPayloads, KaosError } from '@kaosnet/protocol'
import type { HookName } from '../room/room-host.ts'
import type { Session } from '../session/session.ts'
import { callerOf } from '../session/session-service.ts'
import type { HookMessage, HookPipeline } from './hook-pipeline.ts'

/** Requests, and the hook of each. */
export type HookedRequest = Exclude<ClientPayloadName, 'SessionStart' | 'SessionEnd' | 'RoomLeave'>

/** Hooks around the requests of a session. */
export class HookedRequests {
  readonly #hooks: HookPipeline

  constructor(hooks: HookPipeline) {
    this.#hooks = hooks
  }

  /**
   * Runs the before-hook of a request with the fields of its payload, and checks what comes back as the wire would.
   * @throws {KaosError} HOOK_REJECTED, HOOK_FAILED, SCRIPT_BUDGET_EXCEEDED or REQUEST_TIMEOUT
   */
  async before<N extends HookedRequest>(
    hook: HookName,
    name: N,
    session: Session,
    request: ClientPayload<N>,
  ): Promise<ClientPayload<N>> {
    if (!this.#hooks.hasBefore(hook)) return request
    const message = await this.#hooks.before(hook, callerOf(session), withoutId(request))
    try {
      return ClientPayloads[name].check({ ...message, id: request.id }, '') as ClientPayload<N>
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new KaosError('HOOK_FAILED', `the before-hook of ${hook} returned an invalid message: ${why}`, {
        cause,
      })
    }
  }

  after(hook: HookName, session: Session, message: HookMessage): void {
    if (this.#hooks.hasAfter(hook)) this.#hooks.after(hook, callerOf(session), message)
  }
}

/** The fields of a request as hooks see them. */
export function withoutId(request: object): HookMessage {
  const { id: _, ...message } = request as { id?: number }
  return message
}
