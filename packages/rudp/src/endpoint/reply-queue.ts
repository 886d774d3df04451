import type { Address } from './address.ts'

/** The longest answer outside a connection is ACCEPT. */
const REPLY_BYTES = 128

/** Answers that belong to no connection, waiting for the next flush. A ring of fixed size. */
export class ReplyQueue {
  readonly #capacity: number
  readonly #bytes: Uint8Array
  readonly #lengths: Uint16Array
  readonly #remotes: (Address | undefined)[]
  #first = 0
  #count = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#bytes = new Uint8Array(capacity * REPLY_BYTES)
    this.#lengths = new Uint16Array(capacity)
    this.#remotes = new Array<Address | undefined>(capacity).fill(undefined)
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** @returns false when the queue is full: the answer is lost, and the client will ask again */
  push(reply: Uint8Array, length: number, remote: Address): boolean {
    if (this.#count === this.#capacity) return false
    const slot = (this.#first + this.#count) % this.#capacity
    for (let index = 0; index < length; index += 1)
      this.#bytes[slot * REPLY_BYTES + index] = reply[index] ?? 0
    this.#lengths[slot] = length
    // The caller's address object may be used again for the next datagram.
    this.#remotes[slot] = { ip: remote.ip, port: remote.port }
    this.#count += 1
    return true
  }

  /** Hands the oldest answer over. Not to be called on an empty queue. */
  shift(out: Uint8Array, offset: number): { readonly length: number; readonly remote: Address } {
    const slot = this.#first
    const remote = this.#remotes[slot]
    if (this.#count === 0 || remote === undefined) throw new RangeError('The reply queue is empty')
    const length = this.#lengths[slot] ?? 0
    for (let index = 0; index < length; index += 1) {
      out[offset + index] = this.#bytes[slot * REPLY_BYTES + index] ?? 0
    }
    this.#remotes[slot] = undefined
    this.#first = (slot + 1) % this.#capacity
    this.#count -= 1
    return { length, remote }
  }
}
