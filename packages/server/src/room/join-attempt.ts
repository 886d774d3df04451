import { KaosError } from '@kaosnet/protocol'
import type { Clock, TimerHandle } from '../clock.ts'
import type { Session } from '../session/session.ts'

/** How asking for a seat has ended; `gone`: nobody is there any more who could be told. */
export type JoinOutcome = 'accepted' | 'gone' | KaosError

/** A session asks to come in, to whichever room. */
export interface JoinRequest {
  readonly session: Session
  /** The request to answer. */
  readonly requestId: number
  readonly metadata: Readonly<Record<string, unknown>> | undefined
  /** For `match_join_attempt` alone. */
  readonly password: string | undefined
}

/** A {@link JoinRequest} on its way to its one answer, which comes in time or is a refusal. */
export class JoinAttempt {
  readonly request: JoinRequest
  readonly #onSettled: (outcome: JoinOutcome) => void
  readonly #deadline: TimerHandle
  #isSettled = false
  #seat: { readonly release: (() => void) | undefined } | undefined

  constructor(
    request: JoinRequest,
    limit: { readonly clock: Clock; readonly timeoutMs: number; readonly onTimeout: () => void },
    onSettled: (outcome: JoinOutcome) => void,
  ) {
    this.request = request
    this.#onSettled = onSettled
    this.#deadline = limit.clock.setTimer(() => {
      limit.onTimeout()
      this.#seat?.release?.()
      this.settle(new KaosError('REQUEST_TIMEOUT', `no room answered within ${limit.timeoutMs} ms`))
    }, limit.timeoutMs)
  }

  /** It was answered, or there is nobody left to answer. */
  get isOver(): boolean {
    return this.#isSettled || this.request.session.isEnded
  }

  /** Whether it has a seat, which counts as one of the session's rooms, even if the room has not agreed yet. */
  get hasSeat(): boolean {
    return this.#seat !== undefined
  }

  /** A room is being asked. @param release Gives the seat back when that takes too long. */
  seated(release: () => void): void {
    this.#seat = { release }
  }

  /** The room has refused; there may be others. */
  unseated(): void {
    this.#seat = undefined
  }

  /** The room has let it in: there is no hurry any more, and no seat to give back. */
  admitted(): void {
    this.#seat = { release: undefined }
    this.#deadline.cancel()
  }

  /** Only the first time counts. */
  settle(outcome: JoinOutcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#deadline.cancel()
    this.#onSettled(this.request.session.isEnded && outcome !== 'accepted' ? 'gone' : outcome)
  }
}
