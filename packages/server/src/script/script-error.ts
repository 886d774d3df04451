import { LuaError } from '@kaosnet/lua'

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

/** Whether a script was stopped because it used more time or memory than it may. */
export function isOverBudget(error: unknown): boolean {
  return error instanceof LuaError && (error.kind === 'budget' || error.kind === 'memory')
}
