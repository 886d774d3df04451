interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

/** Time that moves when it is told to, and a stop watch for everything that is called back. */
export class VirtualClock {
  #nowMs = 0
  readonly #timers = new Set<Timer>()
  #deferred: (() => void)[] = []
  /** How long each callback took, in microseconds. */
  turnsUs: number[] = []

  nowMs(): number {
    return this.#nowMs
  }

  unixMs(): number {
    return this.#nowMs
  }

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    const timer = { dueMs: this.#nowMs + delayMs, callback }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }

  /** Runs what is deferred, then moves time and runs the timers in between. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    this.#runDeferred()
    for (;;) {
      let next: Timer | undefined
      for (const timer of this.#timers) {
        if (timer.dueMs <= endMs && timer.dueMs < (next?.dueMs ?? Infinity)) next = timer
      }
      if (next === undefined) break
      this.#timers.delete(next)
      this.#nowMs = next.dueMs
      this.time(next.callback)
      this.#runDeferred()
    }
    this.#nowMs = endMs
  }

  time(callback: () => void): void {
    const start = process.hrtime.bigint()
    callback()
    this.turnsUs.push(Number(process.hrtime.bigint() - start) / 1_000)
  }

  #runDeferred(): void {
    while (this.#deferred.length > 0) {
      const work = this.#deferred
      this.#deferred = []
      for (const callback of work) this.time(callback)
    }
  }
}
