import type { Batch } from './batch-pool.ts'
import { FrameBatch } from './frame-batch.ts'

/** What one lane has collected in this turn. */
export class LaneBatches implements Batch {
  lane = 0
  readonly reliable = new FrameBatch()
  readonly unreliable = new FrameBatch()

  get capacity(): number {
    return this.reliable.capacity + this.unreliable.capacity
  }
}
