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

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#sessions.values()
  }
}
