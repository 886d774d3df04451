import type { Clock, TimerHandle } from '../clock.ts'

interface PendingTimer {
  readonly dueMs: number
  readonly order: number
  readonly callback: () => void
}

/** A clock that moves only when told to. Timers and deferred work run in the order they are due. */
export class ManualClock implements Clock {
  #nowMs = 0
  readonly #unixOriginMs: number
  #order = 0
  readonly #timers = new Set<PendingTimer>()
  #deferred: (() => void)[] = []

  constructor(options: { nowMs?: number; unixMs?: number } = {}) {
    this.#nowMs = options.nowMs ?? 0
    this.#unixOriginMs = (options.unixMs ?? 1_700_000_000_000) - this.#nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  unixMs(): number {
    return this.#unixOriginMs + this.#nowMs
  }

  setTimer(callback: () => void, delayMs: number): TimerHandle {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }

  /** Timers that have not run; a component that was closed leaves none. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** Runs everything that was deferred, and what that defers in turn. */
  turn(): void {
    while (this.turnOnce());
  }

  /** Runs what is deferred now: one turn of the event loop. False when there was nothing. */
  turnOnce(): boolean {
    const work = this.#deferred
    this.#deferred = []
    for (const callback of work) callback()
    return work.length > 0
  }

  /** Moves time forward, running each timer at its own moment. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    this.turn()
    for (let next = this.#nextDue(endMs); next !== undefined; next = this.#nextDue(endMs)) {
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.callback()
      this.turn()
    }
    this.#nowMs = endMs
  }

  /** Moves time without running anything: the process was busy or suspended. */
  stall(durationMs: number): void {
    this.#nowMs += durationMs
  }

  #nextDue(endMs: number): PendingTimer | undefined {
    let next: PendingTimer | undefined
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs) continue
      if (next === undefined || timer.dueMs < next.dueMs) next = timer
      else if (timer.dueMs === next.dueMs && timer.order < next.order) next = timer
    }
    return next
  }
}
