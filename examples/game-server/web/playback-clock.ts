/** The least that playback stays behind the server: three snapshots, so that one may be lost. */
const MIN_DELAY_MS = 100
const MAX_DELAY_MS = 300
/** What comes on top of the delay for every millisecond of jitter. */
const DELAY_PER_JITTER = 2
/** Share of a later arrival that moves the estimate; earlier ones move it at once. */
const DRIFT_SHARE = 0.01
const JITTER_SHARE = 0.05
/** Playback catches up by running at most this much faster or slower: nobody sees it. */
const MAX_RATE_CHANGE = 0.08
const FULL_RATE_CHANGE_AT_MS = 80
/** Further off than this it jumps. */
const JUMP_MS = 400

/**
 * Plays the server's steps back smoothly although their snapshots arrive unevenly. The fastest arrivals tell when a
 * step happened (as if the network took no time), the spread of the others tells how far behind playback must stay.
 * Times are milliseconds of one local monotonic clock.
 */
export class PlaybackClock {
  readonly #periodMs: number
  /** When step 0 would have arrived by the fastest way. */
  #originMs: number | undefined
  #jitterMs = 0
  #playedMs = 0
  #updatedMs = 0

  constructor(tickRateHz: number) {
    this.#periodMs = 1000 / tickRateHz
  }

  /** How far behind the newest possible snapshot playback stays. */
  get delayMs(): number {
    return Math.min(MIN_DELAY_MS + DELAY_PER_JITTER * this.#jitterMs, MAX_DELAY_MS)
  }

  /** The step to show now, with a fraction. */
  get step(): number {
    return this.#playedMs / this.#periodMs
  }

  /** A snapshot of this step has arrived. */
  observe(step: number, nowMs: number): void {
    const originMs = nowMs - step * this.#periodMs
    if (this.#originMs === undefined || Math.abs(originMs - this.#originMs) > 2 * JUMP_MS) {
      const isFirst = this.#originMs === undefined
      this.#originMs = originMs
      this.#jitterMs = 0
      if (isFirst) {
        this.#playedMs = this.#targetMs(originMs, nowMs)
        this.#updatedMs = nowMs
      }
      return
    }
    const latenessMs = originMs - this.#originMs
    this.#originMs += latenessMs < 0 ? latenessMs : latenessMs * DRIFT_SHARE
    this.#jitterMs += (Math.abs(latenessMs) - this.#jitterMs) * JITTER_SHARE
  }

  /** Moves playback on to now. */
  advance(nowMs: number): void {
    if (this.#originMs === undefined) return
    const elapsedMs = Math.max(nowMs - this.#updatedMs, 0)
    this.#updatedMs = nowMs
    const behindMs = this.#targetMs(this.#originMs, nowMs) - (this.#playedMs + elapsedMs)
    if (Math.abs(behindMs) > JUMP_MS) {
      this.#playedMs += elapsedMs + behindMs
      return
    }
    const rateChange = Math.min(Math.max(behindMs / FULL_RATE_CHANGE_AT_MS, -1), 1) * MAX_RATE_CHANGE
    this.#playedMs += elapsedMs * (1 + rateChange)
  }

  #targetMs(originMs: number, nowMs: number): number {
    return nowMs - originMs - this.delayMs
  }
}
