import { LuaError, MAX_MESSAGE_BYTES } from '../errors.ts'
import { isLuaUnwinding } from '../wasm/lua-wasm.ts'
import type { VmCore } from './vm-core.ts'

/**
 * The Lua message for what host code threw. An error that speaks of a bug is reported and marked as one.
 * What must fly on, a Lua error under way or the loss of the instance, is thrown again.
 */
export function hostErrorMessage(core: VmCore, functionName: string, error: unknown): string {
  if (isLuaUnwinding(error) || (error instanceof LuaError && error.kind === 'fatal')) throw error
  if (error instanceof Error && !looksLikeBug(error)) return error.message.slice(0, MAX_MESSAGE_BYTES)
  report(core, functionName, error)
  const reason = error instanceof Error ? error.message : String(error)
  return `internal error: ${reason}`.slice(0, MAX_MESSAGE_BYTES)
}

/** The report is the last resort: what fails in it has nowhere else to go. */
function report(core: VmCore, functionName: string, error: unknown): void {
  try {
    core.options.onInternalError?.(error, functionName)
  } catch {}
}

function looksLikeBug(error: Error): boolean {
  return (
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof RangeError ||
    error instanceof SyntaxError
  )
}
