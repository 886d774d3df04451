import type { Clock, TimerHandle } from '../clock.ts'

/** Something that must be heard of now and then. */
export interface Watched {
  /** Called about once a second; closes itself when it has been silent too long. */
  checkSilence(nowMs: number): void
}

const SWEEP_MS = 1_000

/** One timer that looks after all connections, so that an idle one costs no timer of its own. */
export class SilenceMonitor {
  readonly #clock: Clock
  readonly #watched: Iterable<Watched>
  #timer: TimerHandle | undefined
  #isStopped = true

  constructor(clock: Clock, watched: Iterable<Watched>) {
    this.#clock = clock
    this.#watched = watched
  }

  start(): void {
    this.#isStopped = false
    this.#arm()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(() => {
      const nowMs = this.#clock.nowMs()
      for (const one of this.#watched) one.checkSilence(nowMs)
      if (!this.#isStopped) this.#arm()
    }, SWEEP_MS)
  }
}
