import { EMPTY_BYTES } from './empty-bytes.ts'

const FIRST_CAPACITY = 256
/** A queue that runs empty gives larger buffers back. */
const KEPT_CAPACITY = 8192

/**
 * First-in first-out storage for message payloads in one buffer that grows and shrinks, so that queueing
 * a message costs a copy and no object. Payloads are contiguous. Positions are counted from the start and never
 * reused; one stays valid until released, through any growth of the buffer, because no payload crosses a
 * multiple of the capacity and each capacity is a multiple of the one before.
 */
export class ByteQueue {
  #bytes: Uint8Array = EMPTY_BYTES
  #first = 0
  #next = 0

  /** Copies `data` in. @returns its position */
  push(data: Uint8Array): number {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(FIRST_CAPACITY)
    let position = this.#place(data.length)
    while (position + data.length - this.#first > this.#bytes.length) {
      this.#grow()
      position = this.#place(data.length)
    }
    this.#bytes.set(data, position & (this.#bytes.length - 1))
    this.#next = position + data.length
    return position
  }

  /** Copies `length` bytes from `position` on to `out`. */
  copyTo(position: number, length: number, out: Uint8Array, offset: number): void {
    const start = position & (this.#bytes.length - 1)
    out.set(this.#bytes.subarray(start, start + length), offset)
  }

  /** Gives up everything before `position`. */
  releaseBefore(position: number): void {
    this.#first = position
  }

  /** Gives up everything; the next position is 0 again. */
  clear(): void {
    this.#first = 0
    this.#next = 0
    if (this.#bytes.length > KEPT_CAPACITY) this.#bytes = EMPTY_BYTES
  }

  /** Gives the buffer back; the queue must be empty. */
  trim(): void {
    this.clear()
    this.#bytes = EMPTY_BYTES
  }

  /** Where a payload goes: at the end, or at the next multiple of the capacity if it would cross that. */
  #place(length: number): number {
    const capacity = this.#bytes.length
    const start = this.#next & (capacity - 1)
    return start + length <= capacity ? this.#next : this.#next + capacity - start
  }

  #grow(): void {
    const old = this.#bytes
    this.#bytes = new Uint8Array(2 * old.length)
    let position = this.#first
    while (position < this.#next) {
      const from = position & (old.length - 1)
      const length = Math.min(old.length - from, this.#next - position)
      this.#bytes.set(old.subarray(from, from + length), position & (this.#bytes.length - 1))
      position += length
    }
  }
}
