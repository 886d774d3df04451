import type { SessionId } from '../ids.ts'
import type { Session } from './session.ts'

/** The sessions of this node by id. */
export class SessionRegistry {
  readonly #sessions = new Map<SessionId, Session>()

  get size(): number {
    return this.#sessions.size
  }

  get(id: SessionId): Session | undefined {
    return this.#sessions.get(id)
  }

  add(session: Session): void {
    this.#sessions.set(session.id, session)
  }

  delete(id: SessionId): void {
    this.#sessions.delete(id)
  }

  /** Sessions whose connection is lost and that may come back. */
  get awayCount(): number {
    let count = 0
    for (const session of this.#sessions.values()) if (session.isAway) count++
    return count
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#sessions.values()
  }
}
