import type { Session } from '../session/session.ts'
import { SessionInbox, type SessionInboxParts } from './session-inbox.ts'

/** The inbox of each session, kept from one connection to the next. */
export class SessionInboxes {
  readonly #parts: SessionInboxParts
  readonly #inboxes = new WeakMap<Session, SessionInbox>()

  constructor(parts: SessionInboxParts) {
    this.#parts = parts
  }

  of(session: Session): SessionInbox {
    let inbox = this.#inboxes.get(session)
    if (inbox === undefined) {
      inbox = new SessionInbox(session, this.#parts)
      this.#inboxes.set(session, inbox)
    }
    return inbox
  }
}
