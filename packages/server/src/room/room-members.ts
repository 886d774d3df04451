import type { MemberNumber, SessionId } from '../ids.ts'

/** Who is in a room, as its host knows it. */
export class RoomMembers {
  readonly #sessions = new Map<MemberNumber, SessionId>()
  readonly #numbers = new Map<SessionId, MemberNumber>()
  /** Kicked by the script; they are in until the node has taken them out. */
  readonly #kicked = new Set<MemberNumber>()

  get size(): number {
    return this.#sessions.size
  }

  has(member: MemberNumber): boolean {
    return this.#sessions.has(member)
  }

  numberOf(session: SessionId): MemberNumber | undefined {
    return this.#numbers.get(session)
  }

  add(member: MemberNumber, session: SessionId): void {
    this.#sessions.set(member, session)
    this.#numbers.set(session, member)
  }

  /** False when there is no such member. */
  delete(member: MemberNumber): boolean {
    const session = this.#sessions.get(member)
    if (session === undefined) return false
    this.#sessions.delete(member)
    this.#kicked.delete(member)
    // The session may have come back as another member before this one's leave arrived.
    if (this.#numbers.get(session) === member) this.#numbers.delete(session)
    return true
  }

  /** False when the member has been kicked already. */
  markKicked(member: MemberNumber): boolean {
    if (this.#kicked.has(member)) return false
    this.#kicked.add(member)
    return true
  }

  clear(): void {
    this.#sessions.clear()
    this.#numbers.clear()
    this.#kicked.clear()
  }
}
