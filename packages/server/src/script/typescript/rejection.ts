/** A refusal with a reason for the one who asked: what {@link reject} makes. */
export interface Rejection {
  /** Shown to the client; '' = no reason given. */
  readonly reject: string
}

/**
 * Refuses: a join from `joinAttempt`, a message from a before-hook.
 *
 * @example
 * if (presence.metadata.password !== room.env.password) return reject('wrong password')
 */
export function reject(reason = ''): Rejection {
  return { reject: reason }
}
