import type { MemberNumber, SessionId } from '../ids.ts'
import type { MemberInfo } from './room-host.ts'

/** Who is in a room, as its host knows it. */
export class RoomMembers {
  readonly #members = new Map<MemberNumber, MemberInfo>()
  readonly #numbers = new Map<SessionId, MemberNumber>()
  #size = 0

  /** A field, because every tick asks for it. */
  get size(): number {
    return this.#size
  }

  has(member: MemberNumber): boolean {
    return this.#members.has(member)
  }

  numberOf(session: SessionId): MemberNumber | undefined {
    return this.#numbers.get(session)
  }

  [Symbol.iterator](): IterableIterator<MemberInfo> {
    return this.#members.values()
  }

  add(info: MemberInfo): void {
    this.#members.set(info.member, info)
    this.#size = this.#members.size
    this.#numbers.set(info.sessionId, info.member)
  }

  /** False when there is no such member. */
  delete(member: MemberNumber): boolean {
    const session = this.#members.get(member)?.sessionId
    if (session === undefined) return false
    this.#members.delete(member)
    this.#size = this.#members.size
    // The session may have come back as another member before this one's leave arrived.
    if (this.#numbers.get(session) === member) this.#numbers.delete(session)
    return true
  }

  /** The script has kicked the member: it is in until the node has taken it out, but no session leads to it any more. */
  markKicked(member: MemberNumber): void {
    const session = this.#members.get(member)?.sessionId
    if (session !== undefined && this.#numbers.get(session) === member) this.#numbers.delete(session)
  }

  clear(): void {
    this.#members.clear()
    this.#size = 0
    this.#numbers.clear()
  }
}
