import { KaosError } from '@kaosnet/protocol'
import type { Clock, TimerHandle } from '../clock.ts'
import type { ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import type { CallUsage } from './loaded-scripts.ts'

/** Something that runs one call at a time, piece by piece. */
export interface CallRunner {
  readonly memoryBytes: number
  /** Looked at after each call: one that is worn out is closed, and another made when it is needed. */
  readonly isWornOut: boolean
  begin(call: ScriptCall): { advance(sliceMs: number): ScriptOutcome | undefined }
  close(): void
}

export interface CallPoolOptions<T extends CallRunner> {
  readonly clock: Clock
  /** Makes a runner. @throws when it cannot be made */
  readonly create: () => T
  /** Runners that are kept even when there is nothing to do. */
  readonly min: number
  readonly max: number
  /** Calls that may wait for a runner. */
  readonly queueBound: number
  /** How long calls run, all together, before the rest of the host has its turn. */
  readonly sliceMs: number
  /** Turns what a call threw into its outcome. */
  readonly onError: (call: ScriptCall, error: unknown) => ScriptOutcome
}

interface Job<T extends CallRunner> {
  readonly call: ScriptCall
  readonly settle: (outcome: ScriptOutcome) => void
  runner?: T
  running?: ReturnType<T['begin']>
}

/** After this long without work, runners beyond the least number are closed. */
const IDLE_MS = 30_000

/**
 * Runs RPCs and hooks side by side in one thread: each has a runner of its own, and in one turn of the event loop all of
 * them together go on for about one slice, so that slow ones delay neither the rooms nor the other calls.
 */
export class CallPool<T extends CallRunner> {
  readonly #options: CallPoolOptions<T>
  /** The one used last at the end. */
  readonly #idle: { readonly runner: T; readonly sinceMs: number }[] = []
  readonly #waiting: Job<T>[] = []
  /** Calls that have begun, the one whose turn is next in front. */
  #active: Job<T>[] = []
  #runners = 0
  /** What calls have run in this turn. */
  #spentMs = 0
  #isScheduled = false
  #isRetired = false
  #idleTimer: TimerHandle | undefined
  readonly #turn = (): void => this.#runActive()

  /** @throws what making the least number of runners throws */
  constructor(options: CallPoolOptions<T>, first: readonly T[]) {
    this.#options = options
    this.#runners = first.length
    for (const runner of first) this.#keep(runner)
    try {
      while (this.#runners < options.min) this.#keep(this.#create())
    } catch (error) {
      this.retire()
      throw error
    }
  }

  usage(): CallUsage {
    let memoryBytes = 0
    for (const { runner } of this.#idle) memoryBytes += runner.memoryBytes
    for (const { runner } of this.#active) memoryBytes += runner?.memoryBytes ?? 0
    return { vms: this.#runners, busyVms: this.#active.length, queued: this.#waiting.length, memoryBytes }
  }

  /** Never rejects. A call begins at once if there is time left in this turn. */
  run(call: ScriptCall): Promise<ScriptOutcome> {
    return new Promise((settle) => {
      const job: Job<T> = { call, settle }
      if (this.#waiting.length === 0 && this.#begin(job)) return
      if (this.#waiting.length < this.#options.queueBound) this.#waiting.push(job)
      else {
        const error = new KaosError('TOO_MANY_REQUESTS', 'too many RPCs and hooks wait to be run')
        settle(this.#options.onError(call, error))
      }
    })
  }

  /** Closes everything once the calls under way and those that wait have ended. */
  retire(): void {
    this.#isRetired = true
    this.#idleTimer?.cancel()
    this.#idleTimer = undefined
    this.#closeUnneeded()
  }

  /** Gives the job a runner, and its first slice if there is time. False when all runners are busy. */
  #begin(job: Job<T>): boolean {
    try {
      const runner = this.#take()
      if (runner === undefined) return false
      job.runner = runner
      job.running = runner.begin(job.call) as ReturnType<T['begin']>
    } catch (error) {
      this.#finish(job, this.#options.onError(job.call, error))
      return true
    }
    if (this.#spentMs < this.#options.sliceMs) this.#advance(job)
    else this.#active.push(job)
    this.#schedule()
    return true
  }

  /** The runner used last, whose memory is warm; a new one when all are busy and there may be more. */
  #take(): T | undefined {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle.runner
    return this.#runners < this.#options.max ? this.#create() : undefined
  }

  #create(): T {
    const runner = this.#options.create()
    this.#runners++
    return runner
  }

  #advance(job: Job<T>): void {
    const { clock, onError, sliceMs } = this.#options
    const startMs = clock.nowMs()
    let outcome: ScriptOutcome | undefined
    try {
      outcome = job.running?.advance(sliceMs - this.#spentMs)
    } catch (error) {
      outcome = onError(job.call, error)
    }
    this.#spentMs += clock.nowMs() - startMs
    if (outcome === undefined) this.#active.push(job)
    else this.#finish(job, outcome)
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#options.clock.defer(this.#turn)
  }

  /** A new turn: each call goes on once, as far as the time of the turn goes, those that have waited longest first. */
  #runActive(): void {
    this.#isScheduled = false
    this.#spentMs = 0
    for (let left = this.#active.length; left > 0 && this.#spentMs < this.#options.sliceMs; left--) {
      this.#advance(this.#active.shift() as Job<T>)
    }
    if (this.#active.length > 0) this.#schedule()
  }

  #finish(job: Job<T>, outcome: ScriptOutcome): void {
    job.settle(outcome)
    if (job.runner !== undefined) this.#release(job.runner)
    // In a turn of their own, so that a long queue of short calls does not hold up the rest of the host.
    if (this.#waiting.length > 0) this.#options.clock.defer(() => this.#beginWaiting())
  }

  #beginWaiting(): void {
    const next = this.#waiting.shift()
    if (next !== undefined && !this.#begin(next)) this.#waiting.unshift(next)
  }

  #release(runner: T): void {
    if (runner.isWornOut) this.#close(runner)
    else this.#keep(runner)
    if (this.#isRetired) this.#closeUnneeded()
    else if (this.#runners > this.#options.min) this.#watchIdle()
  }

  #keep(runner: T): void {
    this.#idle.push({ runner, sinceMs: this.#options.clock.nowMs() })
  }

  /** Once retired: a runner stays only for a call that waits. */
  #closeUnneeded(): void {
    while (this.#idle.length > this.#waiting.length) this.#closeOldest()
  }

  /** Closes, when they have had nothing to do for long enough, the runners beyond the least number. */
  #watchIdle(): void {
    const [oldest] = this.#idle
    if (this.#idleTimer !== undefined || oldest === undefined) return
    const { clock, min } = this.#options
    this.#idleTimer = clock.setTimer(
      () => {
        this.#idleTimer = undefined
        const untilMs = clock.nowMs() - IDLE_MS
        while (this.#runners > min && (this.#idle[0]?.sinceMs ?? Number.POSITIVE_INFINITY) <= untilMs) {
          this.#closeOldest()
        }
        if (this.#runners > min) this.#watchIdle()
      },
      oldest.sinceMs + IDLE_MS - clock.nowMs(),
    )
  }

  #closeOldest(): void {
    const oldest = this.#idle.shift()
    if (oldest !== undefined) this.#close(oldest.runner)
  }

  #close(runner: T): void {
    this.#runners--
    runner.close()
  }
}
