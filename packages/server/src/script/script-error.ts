import { LuaError } from '@kaosnet/lua'
import { KaosError } from '@kaosnet/protocol'
import type { HostStats } from '../host/host-stats.ts'
import type { Logger } from '../observe/logger.ts'
import type { ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import type { BudgetKind } from './loaded-scripts.ts'

/** An error of a script as fields of a log line: the message and, for Lua, the traceback. */
export function scriptErrorFields(error: unknown): { error: string; traceback?: string; stack?: string } {
  if (error instanceof LuaError) {
    return error.traceback === ''
      ? { error: error.message }
      : { error: error.message, traceback: error.traceback }
  }
  if (error instanceof Error) return { error: error.message, ...(error.stack ? { stack: error.stack } : {}) }
  return { error: String(error) }
}

/** What a script used more of than it may; undefined for any other error. */
export function budgetCause(error: unknown): 'instructions' | 'time' | 'memory' | undefined {
  if (!(error instanceof LuaError)) return undefined
  if (error.kind === 'memory') return 'memory'
  return error.kind === 'budget' ? error.budget : undefined
}

/** Notes an error of a script in log and figures. */
export function noteScriptError(
  error: unknown,
  callback: string,
  kind: BudgetKind,
  logger: Logger,
  stats: HostStats,
): void {
  stats.scriptFailed(callback)
  const cause = budgetCause(error)
  if (cause !== undefined) stats.budgetExceeded(kind, cause)
  logger.error({ callback, ...scriptErrorFields(error) }, 'script error')
}

/** Notes what an RPC or hook threw, and makes its outcome of it. */
export function failedOutcome(
  call: ScriptCall,
  error: unknown,
  logger: Logger,
  stats: HostStats,
): ScriptOutcome {
  const { kind, name } = call
  const code = failureCode(call, error)
  // No fault of the script's, and a line for each would make an overload worse.
  if (code !== 'TOO_MANY_REQUESTS') {
    noteScriptError(error, kind, kind === 'rpc' ? 'rpc' : 'hook', logger.child({ [kind]: name }), stats)
  }
  const text = error instanceof Error ? error.message : String(error)
  return { kind: 'failed', error: text, code }
}

/** A refusal of the node's (a limit, say) stays what it is; anything else is the script's failure. */
function failureCode(call: ScriptCall, error: unknown): Extract<ScriptOutcome, { kind: 'failed' }>['code'] {
  if (error instanceof KaosError && error.error === 'TOO_MANY_REQUESTS') return 'TOO_MANY_REQUESTS'
  if (budgetCause(error) !== undefined) return 'SCRIPT_BUDGET_EXCEEDED'
  return call.kind === 'rpc' ? 'RPC_FAILED' : 'HOOK_FAILED'
}
