import type { ClientClock } from './clock.ts'

/**
 * Waits for a promise until the signal is aborted, then rejects with the signal's reason.
 * @param onLate gets a result that came too late, to undo it
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  onLate: (value: T) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    promise
      .then((value) => (signal.aborted ? onLate(value) : resolve(value)), reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Waits; rejects with the signal's reason when that is aborted first. */
export function sleep(clock: ClientClock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const timer = clock.setTimer(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    const onAbort = (): void => {
      timer.cancel()
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Does something that ends when `outer` is aborted, or after a time with the error of `onTimeout`. */
export async function withDeadline<T>(
  clock: ClientClock,
  timeoutMs: number,
  outer: AbortSignal,
  onTimeout: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted()
  const inner = new AbortController()
  const onAbort = (): void => inner.abort(outer.reason)
  outer.addEventListener('abort', onAbort)
  const timer = clock.setTimer(() => inner.abort(onTimeout()), timeoutMs)
  try {
    return await work(inner.signal)
  } finally {
    timer.cancel()
    outer.removeEventListener('abort', onAbort)
  }
}
