/** The newest tick of a room, and when it ran. */
export interface TickNote {
  readonly tick: number
  readonly timeMs: number
}

/** How far rooms have moved against the clock between two surveys. */
export interface Drift {
  readonly rooms: number
  /** Median of the rooms; negative = ticks came too early. */
  readonly medianMs: number
  /** The room that is furthest off, either way. */
  readonly worstMs: number
  readonly ticks: number
}

/**
 * Between two of its ticks a room that keeps to `start + n × period` takes n periods, give or take how late each of the
 * two was. What is beyond that is drift.
 */
export function driftBetween(
  before: readonly TickNote[],
  after: readonly TickNote[],
  periodMs: number,
): Drift {
  let ticks = 0
  const drifts = after.map(({ tick, timeMs }, room) => {
    const earlier = before[room]
    if (earlier === undefined) throw new Error('the surveys are not of the same rooms')
    ticks += tick - earlier.tick
    return timeMs - earlier.timeMs - (tick - earlier.tick) * periodMs
  })
  drifts.sort((one, other) => one - other)
  const first = drifts[0] ?? 0
  const last = drifts.at(-1) ?? 0
  return {
    rooms: drifts.length,
    medianMs: drifts[drifts.length >> 1] ?? 0,
    worstMs: Math.abs(first) > Math.abs(last) ? first : last,
    ticks,
  }
}
