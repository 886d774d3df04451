/** Collects, is handed over, and is empty again. */
export interface Batch {
  /** Bytes of memory it keeps. */
  readonly capacity: number
}

/** Beyond so many nobody collects at once, or they have been used for something unusual. */
const KEPT = 1_024
const KEPT_BYTES = 4_096

/** Empty batches that can be used again, by any connection: an idle one holds none, a busy one makes none. */
export class BatchPool<T extends Batch> {
  readonly #create: () => T
  readonly #free: T[] = []

  constructor(create: () => T) {
    this.#create = create
  }

  take(): T {
    return this.#free.pop() ?? this.#create()
  }

  /** @param batch Empty, and nobody uses what was last drained from it. */
  giveBack(batch: T): void {
    if (this.#free.length < KEPT && batch.capacity <= KEPT_BYTES) this.#free.push(batch)
  }
}
