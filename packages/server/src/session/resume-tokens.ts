import { createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../random.ts'
import type { Session } from './session.ts'

interface Issued {
  readonly session: Session
  readonly hash: Buffer
}

/** What a client resumes with. */
export interface UsedToken {
  readonly token: string
  /** Counts the client's tries to resume this session. */
  readonly attempt: number
}

/** The tokens of one session: the newest, and the one before until the newest is known to have arrived. */
interface SessionTokens {
  readonly newest: string
  readonly previous: string | undefined
  /** The client's number of the try that was accepted last. */
  readonly attempt: number
}

/**
 * Who may resume which session. Only hashes are kept. A token is good once: each resume issues the next. Since the answer
 * that carries it may be lost, the one it replaces stays good until the client shows that it has the new one.
 */
export class ResumeTokens {
  readonly #random: Random
  readonly #byHash = new Map<string, Issued>()
  readonly #bySession = new Map<Session, SessionTokens>()

  constructor(random: Random) {
    this.#random = random
  }

  /** @param used The token that the session was resumed with, and the try; undefined when it starts. */
  issue(session: Session, used?: UsedToken): string {
    const previous = used === undefined ? undefined : keyOf(hashOf(used.token))
    const old = this.#bySession.get(session)
    for (const key of [old?.newest, old?.previous]) {
      if (key !== undefined && key !== previous) this.#byHash.delete(key)
    }
    const token = this.#random.token()
    const hash = hashOf(token)
    this.#byHash.set(keyOf(hash), { session, hash })
    this.#bySession.set(session, { newest: keyOf(hash), previous, attempt: used?.attempt ?? 0 })
    return token
  }

  /** A try that was overtaken by a later one does not count: the client has given it up. */
  find({ token, attempt }: UsedToken): Session | undefined {
    const hash = hashOf(token)
    const issued = this.#byHash.get(keyOf(hash))
    // Whoever can measure the look-up learns of hashes, not of tokens; the comparison itself takes the same time always.
    if (issued === undefined || !timingSafeEqual(issued.hash, hash)) return undefined
    const { session } = issued
    return attempt > (this.#bySession.get(session)?.attempt ?? 0) ? session : undefined
  }

  /** The client has the newest token: the one before is used up. */
  confirm(session: Session): void {
    const tokens = this.#bySession.get(session)
    if (tokens?.previous === undefined) return
    this.#byHash.delete(tokens.previous)
    this.#bySession.set(session, { ...tokens, previous: undefined })
  }

  revoke(session: Session): void {
    const tokens = this.#bySession.get(session)
    this.#bySession.delete(session)
    for (const key of [tokens?.newest, tokens?.previous]) if (key !== undefined) this.#byHash.delete(key)
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function keyOf(hash: Buffer): string {
  return hash.toString('base64')
}
