import type { LuaValue } from './values/lua-value.ts'

/**
 * What went wrong:
 * - `runtime`: the script raised an error (or called something wrongly) and did not catch it;
 * - `syntax`: a chunk does not compile;
 * - `memory`: the VM reached its memory limit;
 * - `budget`: the call used up its instructions or its time;
 * - `value`: a value cannot cross between JavaScript and Lua;
 * - `busy`: a task of the VM is set aside or runs, so that nothing else may be called in it now;
 * - `closed`: the VM, the runtime or a reference is used after its end;
 * - `fatal`: the WebAssembly instance is lost, and every VM in it with it.
 */
export type LuaErrorKind = 'runtime' | 'syntax' | 'memory' | 'budget' | 'value' | 'busy' | 'closed' | 'fatal'

/** Which part of a budget was used up. */
export type LuaBudgetPart = 'instructions' | 'time'

/** Bound on every message that a script has a say in. */
export const MAX_MESSAGE_BYTES = 4096

export interface LuaErrorDetails {
  traceback?: string
  value?: LuaValue
  budget?: LuaBudgetPart | undefined
  cause?: unknown
}

/** The one error this package throws. */
export class LuaError extends Error {
  readonly kind: LuaErrorKind
  /** Lua's stack at the point of the error, at most 8 KiB; empty where there was none to take. */
  readonly traceback: string
  /** The error object as a plain value, where it was one and a small one. */
  readonly value: LuaValue
  /** For kind `budget`: what was used up. */
  readonly budget: LuaBudgetPart | undefined

  constructor(kind: LuaErrorKind, message: string, details: LuaErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'LuaError'
    this.kind = kind
    this.traceback = details.traceback ?? ''
    this.value = details.value
    this.budget = details.budget
  }
}
