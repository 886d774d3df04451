import type { Clock } from '../clock.ts'

/** Something with collected output. */
export interface Flushable {
  flush(): void
}

/** Flushes each peer that sent something once per event-loop turn, so that frames of one tick share a message. */
export class FlushQueue {
  readonly #clock: Clock
  #dirty: Flushable[] = []
  #spare: Flushable[] = []
  #isScheduled = false
  readonly #onFlushed: () => void
  readonly #run = (): void => this.flush()

  /** @param onFlushed The turn's output has been handed to the connections. */
  constructor(clock: Clock, onFlushed: () => void = () => {}) {
    this.#clock = clock
    this.#onFlushed = onFlushed
  }

  /** The caller adds a peer once per turn. */
  add(peer: Flushable): void {
    this.#dirty.push(peer)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#clock.defer(this.#run)
  }

  flush(): void {
    this.#isScheduled = false
    const batch = this.#dirty
    this.#dirty = this.#spare
    for (const peer of batch) peer.flush()
    batch.length = 0
    this.#spare = batch
    this.#onFlushed()
  }
}
