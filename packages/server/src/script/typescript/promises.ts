/** Whether a callback returned a promise, which it may not where this is asked. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * For callbacks that run within a tick: their result.
 * @throws when it is a promise
 */
export function synchronous<T>(callback: string, result: T): T {
  if (!isPromise(result)) return result
  // The promise is given up; if it fails later, that is nobody's error.
  result.then(undefined, () => {})
  throw new Error(
    `${callback} returned a promise: only init may be async, the other callbacks of a room may not`,
  )
}
