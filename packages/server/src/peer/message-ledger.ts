import type { QueuedBytes } from './queued-bytes.ts'

/** So few that V8 keeps the numbers with the array itself. */
const FIRST_CAPACITY = 4
/** One number for each class. */
const STRIDE = 3

/**
 * What each message on its way is made of, oldest first: frames of several classes share a message, and their bytes are
 * free again when the network has taken it. A ring of numbers, so that no message costs an object.
 */
export class MessageLedger {
  readonly #queued: QueuedBytes
  #sizes = new Uint32Array(FIRST_CAPACITY * STRIDE)
  #first = 0
  #next = 0

  /** @param queued Already holds what is pushed; what is shifted out is subtracted from it. */
  constructor(queued: QueuedBytes) {
    this.#queued = queued
  }

  /** Messages on their way. */
  get length(): number {
    return this.#next - this.#first
  }

  /** The next push takes more memory. */
  get isFull(): boolean {
    return this.length * STRIDE === this.#sizes.length
  }

  push(controlBytes: number, reliableBytes: number, unreliableBytes: number): void {
    if (this.isFull) this.#grow()
    const at = this.#slotOf(this.#next++)
    this.#sizes[at] = controlBytes
    this.#sizes[at + 1] = reliableBytes
    this.#sizes[at + 2] = unreliableBytes
  }

  /** The oldest message has gone. */
  shift(): void {
    if (this.length === 0) return
    const at = this.#slotOf(this.#first++)
    this.#queued.control -= this.#sizes[at] as number
    this.#queued.reliable -= this.#sizes[at + 1] as number
    this.#queued.unreliable -= this.#sizes[at + 2] as number
  }

  #slotOf(message: number): number {
    return (message * STRIDE) % this.#sizes.length
  }

  #grow(): void {
    const grown = new Uint32Array(this.#sizes.length * 2)
    for (let message = this.#first; message < this.#next; message++) {
      const at = this.#slotOf(message)
      grown.set(this.#sizes.subarray(at, at + STRIDE), (message - this.#first) * STRIDE)
    }
    this.#sizes = grown
    this.#next -= this.#first
    this.#first = 0
  }
}
