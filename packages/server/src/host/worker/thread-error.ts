import { LuaError } from '@kaosnet/lua'
import { type ErrorName, KaosError } from '@kaosnet/protocol'
import { ScriptLoadError } from '../../errors.ts'

/** An error on its way to another thread. */
export interface ThreadError {
  /** In the error table; undefined for any other error. */
  readonly error: ErrorName | undefined
  readonly message: string
  readonly stack: string | undefined
  /** Of Lua. */
  readonly traceback: string | undefined
}

export function packError(thrown: unknown): ThreadError {
  const error = thrown instanceof KaosError ? thrown.error : undefined
  const traceback = thrown instanceof LuaError ? thrown.traceback : undefined
  if (!(thrown instanceof Error)) return { error, message: String(thrown), stack: undefined, traceback }
  return { error, message: thrown.message, stack: thrown.stack, traceback }
}

export function unpackError({ error, message, stack, traceback }: ThreadError): Error {
  if (error !== undefined) return new KaosError(error, message)
  if (traceback !== undefined) return new ScriptLoadError(message, traceback)
  const unpacked = new Error(message)
  if (stack !== undefined) unpacked.stack = stack
  return unpacked
}

/** What came of a call into another thread. */
export type ThreadResult =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: ThreadError }

/** @throws the error, if it is one */
export function unpackResult(result: ThreadResult): unknown {
  if (result.kind === 'value') return result.value
  throw unpackError(result.error)
}
