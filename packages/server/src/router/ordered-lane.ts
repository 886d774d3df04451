/** Work that may have to wait: returns a promise only when it does. */
export type LaneTask = () => void | Promise<void>

/**
 * Runs tasks one after the other. A task that finishes at once costs nothing; while one waits (for a before-hook, say),
 * the next ones queue up, within a bound.
 */
export class OrderedLane {
  readonly #bound: number
  readonly #onError: (error: unknown, op: number, requestId: number) => void
  #queue: { task: LaneTask; op: number; requestId: number }[] = []
  #isBusy = false

  constructor(bound: number, onError: (error: unknown, op: number, requestId: number) => void) {
    this.#bound = bound
    this.#onError = onError
  }

  /** Whether a task must be queued, so that what it uses must outlive the call. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** False when too much waits already: the task will not run. */
  run(op: number, requestId: number, task: LaneTask): boolean {
    if (!this.#isBusy) {
      this.#start(op, requestId, task)
      return true
    }
    if (this.#queue.length >= this.#bound) return false
    this.#queue.push({ task, op, requestId })
    return true
  }

  /** Forgets what waits. */
  clear(): void {
    this.#queue = []
  }

  #start(op: number, requestId: number, task: LaneTask): void {
    try {
      const waiting = task()
      if (waiting === undefined) return
      this.#isBusy = true
      void this.#finish(waiting, op, requestId)
    } catch (error) {
      this.#onError(error, op, requestId)
    }
  }

  async #finish(waiting: Promise<void>, op: number, requestId: number): Promise<void> {
    try {
      await waiting
    } catch (error) {
      this.#onError(error, op, requestId)
    }
    this.#isBusy = false
    while (!this.#isBusy) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#start(next.op, next.requestId, next.task)
    }
  }
}
