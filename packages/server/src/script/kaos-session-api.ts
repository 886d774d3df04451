import type { SessionId } from '../ids.ts'
import type { KaosContext } from './kaos-context.ts'

/** `kaos.session_get`, `kaos.session_kick` (docs/lua.md#sessions). */
export function defineSessionApi({ vm, services }: KaosContext): void {
  vm.defineFunction('kaos.session_get', (call) => {
    const session = services.sessionGet(call.string(1, 'session_id') as SessionId)
    if (session === undefined) return undefined
    return {
      session_id: session.sessionId,
      user_id: session.userId,
      username: session.username,
      vars: session.vars,
      is_authenticated: session.isAuthenticated,
      transport: session.transport,
      latency_ms: session.latencyMs,
      started_ms: Math.round(session.startedUnixMs),
      rooms: session.rooms,
    }
  })
  vm.defineFunction('kaos.session_kick', (call) => {
    const id = call.string(1, 'session_id') as SessionId
    return services.sessionKick(id, call.optionalString(2, 'reason') ?? 'kicked')
  })
}
