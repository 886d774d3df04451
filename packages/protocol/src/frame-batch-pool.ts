import { FrameBatch } from './frame-batch.ts'

/** Beyond so many nobody collects at once, or they have been used for something unusual. */
const KEPT = 1_024
const KEPT_BYTES = 4_096

/** Empty batches that can be used again, by any connection: an idle one holds none, a busy one makes none. */
export class FrameBatchPool {
  readonly #headBytes: number
  readonly #free: FrameBatch[] = []

  /** @param headBytes see {@link FrameBatch} */
  constructor(headBytes = 0) {
    this.#headBytes = headBytes
  }

  take(): FrameBatch {
    return this.#free.pop() ?? new FrameBatch(this.#headBytes)
  }

  /** @param batch Empty, and nobody uses what was last drained from it. */
  giveBack(batch: FrameBatch): void {
    if (this.#free.length < KEPT && batch.capacity <= KEPT_BYTES) this.#free.push(batch)
  }
}
