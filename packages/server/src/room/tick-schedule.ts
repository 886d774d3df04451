import type { TickPhase } from './tick-phases.ts'

/** Of time: tenths of a microsecond. */
const UNITS_PER_MS = 10_000

/**
 * When a room's ticks are due: tick `n` at `start + n × period`, whatever happened to the ticks before it, so that a
 * room never drifts. A tick that runs late runs once, as the newest one that is due; the ones it passed over are
 * skipped. The start is the next moment of the room's phase, and due times are reckoned from the origin of the phase: those
 * of rooms in one phase are the same to the last bit.
 */
export class TickSchedule {
  readonly phase: TickPhase
  /** Moments of the phase: the room's start, and its newest tick. */
  readonly #start: number
  #newest = 0
  #skipped = 0
  /** How long after its moment the newest tick ran, in units: a small integer, which lies in the object itself. */
  #lateness = 0

  constructor(phase: TickPhase, nowMs: number) {
    this.phase = phase
    // Zero is added to make −0 one.
    this.#start = Math.ceil((nowMs - phase.originMs) / phase.periodMs) + 0
    this.#newest = this.#start
    this.#lateness = this.#unitsSince(nowMs, this.#start)
  }

  get periodMs(): number {
    return this.phase.periodMs
  }

  /** The newest tick that ran; 0 before the first. */
  get tick(): number {
    return this.#newest - this.#start
  }

  /** Ticks passed over right before the present one. */
  get skipped(): number {
    return this.#skipped
  }

  get nextDueMs(): number {
    return this.phase.originMs + (this.#newest + 1) * this.phase.periodMs
  }

  /**
   * Moves on to the newest tick that is due; call it when {@link nextDueMs} has come.
   * @returns The true time since the last run, in seconds.
   */
  begin(nowMs: number): number {
    const { originMs, periodMs } = this.phase
    const before = this.#newest
    // A timer may fire a rounding error early: that is still the next tick.
    const newest = Math.max(before + 1, Math.floor((nowMs - originMs) / periodMs))
    const lateness = this.#unitsSince(nowMs, newest)
    const dtMs = (newest - before) * periodMs + (lateness - this.#lateness) / UNITS_PER_MS
    this.#skipped = newest - before - 1
    this.#newest = newest
    this.#lateness = lateness
    return dtMs / 1000
  }

  #unitsSince(nowMs: number, moment: number): number {
    return Math.round((nowMs - this.phase.originMs - moment * this.phase.periodMs) * UNITS_PER_MS) + 0
  }
}
