import { FrameBatch } from './frame-batch.ts'

/** What one lane has collected in this turn. */
export interface LaneBatches {
  lane: number
  readonly reliable: FrameBatch
  readonly unreliable: FrameBatch
}

/** Beyond so many nobody sends at once, or they have been used for something unusual. */
const KEPT = 1_024
const KEPT_BYTES = 4_096

/** Batches that were handed over and can be used again, by any connection: an idle one holds none, a busy one makes none. */
export class LaneBatchPool {
  readonly #free: LaneBatches[] = []

  take(lane: number): LaneBatches {
    const batches = this.#free.pop()
    if (batches === undefined) return { lane, reliable: new FrameBatch(), unreliable: new FrameBatch() }
    batches.lane = lane
    return batches
  }

  /** @param batches Empty. */
  giveBack(batches: LaneBatches): void {
    const { reliable, unreliable } = batches
    if (this.#free.length < KEPT && reliable.capacity + unreliable.capacity <= KEPT_BYTES) {
      this.#free.push(batches)
    }
  }
}
