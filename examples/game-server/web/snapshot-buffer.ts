import type { PlayerMotion, Snapshot } from './snapshot.ts'

/** More than a second; older ones are of no use. */
const CAPACITY = 40
/** Beyond the newest snapshot players go on in a straight line for at most this long. */
const MAX_EXTRAPOLATION_STEPS = 4
/** Nobody moves this far in a step: the player was placed anew. */
const TELEPORT_DISTANCE = 200

/** Where a player is at a moment between snapshots. */
export interface SampledMotion {
  readonly slot: number
  readonly x: number
  readonly y: number
  readonly vx: number
  readonly vy: number
  readonly cooldownTicks: number
  readonly isProtected: boolean
}

/** Keeps the newest snapshots and tells where everybody was at any moment between them. */
export class SnapshotBuffer {
  readonly #snapshots: Snapshot[] = []
  readonly #stepSeconds: number

  constructor(tickRateHz: number) {
    this.#stepSeconds = 1 / tickRateHz
  }

  get newestStep(): number | undefined {
    return this.#snapshots.at(-1)?.step
  }

  /** Returns false for a snapshot that is not newer than all before it: unreliable data may come late or twice. */
  push(snapshot: Snapshot): boolean {
    const newest = this.newestStep
    if (newest !== undefined && snapshot.step <= newest) return false
    this.#snapshots.push(snapshot)
    if (this.#snapshots.length > CAPACITY) this.#snapshots.shift()
    return true
  }

  /** The motion of every player at a step, which may have a fraction. */
  sample(step: number): SampledMotion[] {
    const index = this.#snapshots.findIndex((snapshot) => snapshot.step > step)
    const later = this.#snapshots[index]
    const earlier = index === -1 ? this.#snapshots.at(-1) : this.#snapshots[index - 1]
    if (later === undefined) return earlier === undefined ? [] : this.#extrapolate(earlier, step)
    if (earlier === undefined) return [...later.players]
    return this.#interpolate(earlier, later, step)
  }

  #extrapolate(newest: Snapshot, step: number): SampledMotion[] {
    const seconds = Math.min(step - newest.step, MAX_EXTRAPOLATION_STEPS) * this.#stepSeconds
    return newest.players.map((player) => ({
      ...player,
      x: player.x + player.vx * seconds,
      y: player.y + player.vy * seconds,
    }))
  }

  /** Players who are only in the earlier snapshot have left, those only in the later one are not there yet. */
  #interpolate(earlier: Snapshot, later: Snapshot, step: number): SampledMotion[] {
    const share = (step - earlier.step) / (later.step - earlier.step)
    const ends = new Map(later.players.map((player) => [player.slot, player]))
    const sampled: SampledMotion[] = []
    for (const start of earlier.players) {
      const end = ends.get(start.slot)
      if (end !== undefined) sampled.push(between(start, end, share, later.step - earlier.step))
    }
    return sampled
  }
}

function between(start: PlayerMotion, end: PlayerMotion, share: number, steps: number): SampledMotion {
  const hasTeleported = Math.hypot(end.x - start.x, end.y - start.y) > TELEPORT_DISTANCE * steps
  if (hasTeleported) return share < 0.5 ? start : end
  const mix = (from: number, to: number) => from + (to - from) * share
  return {
    slot: start.slot,
    x: mix(start.x, end.x),
    y: mix(start.y, end.y),
    vx: mix(start.vx, end.vx),
    vy: mix(start.vy, end.vy),
    cooldownTicks: start.cooldownTicks,
    isProtected: start.isProtected,
  }
}
