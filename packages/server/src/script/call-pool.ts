import { KaosError } from '@kaosnet/protocol'
import type { Clock, TimerHandle } from '../clock.ts'
import type { ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import type { CallUsage } from './loaded-scripts.ts'

/** Something that runs one call at a time, piece by piece. */
export interface CallRunner {
  readonly memoryBytes: number
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
  /** How long a call runs before the rest of the host, and then the other calls, have their turn. */
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
 * Runs RPCs and hooks side by side in one thread: each has a runner of its own and goes on for one slice per turn of the
 * event loop, so that a slow one delays neither the rooms nor the other calls.
 */
export class CallPool<T extends CallRunner> {
  readonly #options: CallPoolOptions<T>
  readonly #idle: T[] = []
  readonly #waiting: Job<T>[] = []
  /** Calls that have begun, the one whose turn is next in front. */
  #active: Job<T>[] = []
  #runners = 0
  #isScheduled = false
  #isRetired = false
  #idleTimer: TimerHandle | undefined
  readonly #turn = (): void => this.#runSlice()

  /** @throws what making the least number of runners throws */
  constructor(options: CallPoolOptions<T>, first: readonly T[]) {
    this.#options = options
    this.#idle.push(...first)
    this.#runners = first.length
    while (this.#runners < options.min) this.#idle.push(this.#create())
  }

  usage(): CallUsage {
    let memoryBytes = 0
    for (const runner of this.#idle) memoryBytes += runner.memoryBytes
    for (const { runner } of this.#active) memoryBytes += runner?.memoryBytes ?? 0
    return { vms: this.#runners, busyVms: this.#active.length, queued: this.#waiting.length, memoryBytes }
  }

  /** Never rejects. A call that ends within its first slice has been run when this returns. */
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
    this.#closeUnneeded()
  }

  /** Gives the job a runner and its first slice. False when all runners are busy. */
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
    this.#advance(job)
    return true
  }

  /** The runner used last, whose memory is warm; a new one when all are busy and there may be more. */
  #take(): T | undefined {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    return this.#runners < this.#options.max ? this.#create() : undefined
  }

  #create(): T {
    const runner = this.#options.create()
    this.#runners++
    return runner
  }

  #advance(job: Job<T>): void {
    let outcome: ScriptOutcome | undefined
    try {
      outcome = job.running?.advance(this.#options.sliceMs)
    } catch (error) {
      outcome = this.#options.onError(job.call, error)
    }
    if (outcome !== undefined) return this.#finish(job, outcome)
    this.#active.push(job)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#options.clock.defer(this.#turn)
  }

  /** One slice per turn of the event loop, whatever the number of calls: ticks come in between. */
  #runSlice(): void {
    this.#isScheduled = false
    const job = this.#active.shift()
    if (job !== undefined) this.#advance(job)
    if (this.#active.length > 0) this.#schedule()
  }

  #finish(job: Job<T>, outcome: ScriptOutcome): void {
    if (job.runner !== undefined) this.#release(job.runner)
    job.settle(outcome)
    // In a turn of their own, so that a long queue of short calls does not hold up the rest of the host.
    if (this.#waiting.length > 0) this.#options.clock.defer(() => this.#beginWaiting())
  }

  #beginWaiting(): void {
    const next = this.#waiting.shift()
    if (next !== undefined && !this.#begin(next)) this.#waiting.unshift(next)
  }

  #release(runner: T): void {
    this.#idle.push(runner)
    if (this.#isRetired) this.#closeUnneeded()
    else if (this.#runners > this.#options.min) this.#watchIdle()
  }

  /** Once retired: a runner stays only for a call that waits. */
  #closeUnneeded(): void {
    while (this.#idle.length > this.#waiting.length) this.#close(this.#idle.shift() as T)
  }

  #watchIdle(): void {
    this.#idleTimer?.cancel()
    this.#idleTimer = this.#options.clock.setTimer(() => {
      while (this.#runners > this.#options.min && this.#idle.length > 0) this.#close(this.#idle.shift() as T)
    }, IDLE_MS)
  }

  #close(runner: T): void {
    this.#runners--
    runner.close()
  }
}
