import type { MemberNumber, SessionId } from '../../ids.ts'

/** A member of a room: one frozen object for its whole stay, so it can be a key of a Map. */
export interface Presence {
  readonly member: MemberNumber
  readonly sessionId: SessionId
  readonly userId: string
  readonly username: string
  /** What the client gave with its join, untrusted; `{}` if nothing. */
  readonly metadata: Readonly<Record<string, unknown>>
}
