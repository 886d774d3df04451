import { type ErrorDetails, errorName, KaosError } from '@kaosnet/protocol'

/** There is no session because the server could not be reached or did not answer in time. Worth another try. */
export function connectFailed(message: string, cause?: unknown): KaosError {
  return new KaosError('SESSION_START_TIMEOUT', message, { cause })
}

/** There was a session, and its connection is gone without the server having ended it. Worth another try. */
export function connectionLost(message: string, cause?: unknown): KaosError {
  return new KaosError('SESSION_TIMEOUT', message, { cause })
}

/** The error behind a code of the wire. A code this version does not know becomes INTERNAL, and is kept in `details.code`. */
export function errorFromWire(code: number, message?: string, details?: ErrorDetails): KaosError {
  const known = errorName(code)
  const facts = known === undefined ? { ...details, code } : details
  return new KaosError(known ?? 'INTERNAL', message, facts === undefined ? {} : { details: facts })
}

/** Why a session is over that the server ended; code 0 is a normal end. */
export function sessionEnded(code: number, reason?: string, details?: ErrorDetails): KaosError {
  return code === 0 ? new KaosError('SESSION_KICKED', reason) : errorFromWire(code, reason, details)
}

/** No server makes us wait longer than an hour. */
const MAX_RETRY_AFTER_MS = 3_600_000

/** How long the server asked to wait before the next try; 0 when it did not say. */
export function retryAfterMs(error: KaosError): number {
  const given = error.details?.retry_after_ms
  return typeof given === 'number' && given > 0 ? Math.min(given, MAX_RETRY_AFTER_MS) : 0
}

/** A fault of ours, or one that nobody expected. */
export function internalError(message: string, cause: unknown): KaosError {
  return new KaosError('INTERNAL', message, { cause })
}

/** Passes a KaosError on and wraps anything else. */
export function toKaosError(
  thrown: unknown,
  wrap: (message: string, cause: unknown) => KaosError,
): KaosError {
  if (thrown instanceof KaosError) return thrown
  return wrap(thrown instanceof Error ? thrown.message : String(thrown), thrown)
}
