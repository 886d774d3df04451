import type { Clock, TimerHandle } from '../clock.ts'

export interface WatchdogOptions {
  readonly clock: Clock
  /** A number that moves while the watched one lives. */
  readonly readBeat: () => number
  readonly timeoutMs: number
  readonly onStuck: () => void
}

const CHECKS = 10

/**
 * Notices when something stops beating. It counts its own checks, not the time between them: when the watching thread
 * itself was held up, or the whole machine slept, that is nobody else's fault.
 */
export class Watchdog {
  readonly #options: WatchdogOptions
  #lastBeat = 0
  #silentChecks = 0
  #timer: TimerHandle | undefined

  constructor(options: WatchdogOptions) {
    this.#options = options
    this.#lastBeat = options.readBeat()
    this.#arm()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    const { clock, timeoutMs } = this.#options
    this.#timer = clock.setTimer(() => this.#check(), timeoutMs / CHECKS)
  }

  #check(): void {
    const beat = this.#options.readBeat()
    this.#silentChecks = beat === this.#lastBeat ? this.#silentChecks + 1 : 0
    this.#lastBeat = beat
    if (this.#silentChecks < CHECKS) return this.#arm()
    this.stop()
    this.#options.onStuck()
  }
}
