/** Phases of a rate are opened so far apart at first: a wake-up costs more than dozens of light ticks. */
const WIDE_MS = 10
/** Phases are never closer than this: timers know whole milliseconds. */
const NARROW_MS = 1
/** A phase with so many rooms is full … */
const ROOMS_MAX = 64
/** … and so is one whose ticks take so long, one after the other: the last of them is that late. */
const BUSY_MS = 0.5
/** How much of the average tick's length the newest tick makes. */
const NEWEST_SHARE = 1 / 64

/** A grid of moments, `originMs + n × periodMs`, at which all its rooms tick. */
export class TickPhase {
  readonly tickHz: number
  readonly periodMs: number
  readonly originMs: number
  rooms = 0
  #averageMs = 0

  constructor(tickHz: number, originMs: number) {
    this.tickHz = tickHz
    this.periodMs = 1000 / tickHz
    this.originMs = originMs
  }

  /** A tick of one of its rooms has ended. */
  took(durationMs: number): void {
    this.#averageMs += (durationMs - this.#averageMs) * NEWEST_SHARE
  }

  get isFull(): boolean {
    return this.rooms >= ROOMS_MAX || this.rooms * this.#averageMs >= BUSY_MS
  }
}

/**
 * Which rooms of one host tick together. Rooms of one rate share a few moments of the period, evenly apart and evenly
 * full; the more rooms, and the longer their ticks, the more of them. A room keeps its phase.
 */
export class TickPhases {
  readonly #rates = new Map<number, TickPhase[]>()

  /** The emptiest phase of a rate, for one more room; the first room of a rate ticks in step with its own beginning. */
  take(tickHz: number, nowMs: number): TickPhase {
    let phases = this.#rates.get(tickHz)
    if (phases === undefined) {
      phases = [new TickPhase(tickHz, nowMs)]
      this.#rates.set(tickHz, phases)
      while (canDouble(phases, WIDE_MS)) double(phases)
    }
    if (phases.every(({ isFull }) => isFull) && canDouble(phases, NARROW_MS)) double(phases)
    // The first of the emptiest: in the order they were opened, each is far from those before it.
    const phase = phases.reduce((best, next) => (next.rooms < best.rooms ? next : best))
    phase.rooms++
    return phase
  }

  /** A room of the phase has ended. */
  leave(phase: TickPhase): void {
    phase.rooms--
    const phases = this.#rates.get(phase.tickHz)
    // Scripts choose their rates freely: what nobody uses is forgotten.
    if (phases?.every(({ rooms }) => rooms === 0)) this.#rates.delete(phase.tickHz)
  }
}

function canDouble(phases: readonly TickPhase[], gapMs: number): boolean {
  const [first] = phases
  return first !== undefined && first.periodMs / (phases.length * 2) >= gapMs
}

/** Adds a phase in the middle after each one there is. */
function double(phases: TickPhase[]): void {
  const count = phases.length
  for (const { tickHz, originMs, periodMs } of phases.slice()) {
    phases.push(new TickPhase(tickHz, originMs + periodMs / (count * 2)))
  }
}
