import type { Address } from './address.ts'

/** Room for one datagram: more than the largest that is ever accepted or sent. */
export const SLOT_BYTES = 1536

/**
 * Datagrams side by side in one buffer. The first 1536 bytes are the workspace, where one datagram at a time is
 * built or taken apart: cryptography there finds its views made already. The slots follow.
 */
export class DatagramBatch {
  readonly buffer: Uint8Array
  readonly capacity: number
  readonly #lengths: Uint16Array
  readonly #ips: string[]
  readonly #ports: Uint16Array
  #count = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.buffer = new Uint8Array((capacity + 1) * SLOT_BYTES)
    this.#lengths = new Uint16Array(capacity)
    this.#ips = new Array<string>(capacity).fill('')
    this.#ports = new Uint16Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count === this.capacity
  }

  /** Where a slot's datagram begins in `buffer`. */
  offsetOf(slot: number): number {
    return (slot + 1) * SLOT_BYTES
  }

  lengthOf(slot: number): number {
    return this.#lengths[slot] ?? 0
  }

  ipOf(slot: number): string {
    return this.#ips[slot] ?? ''
  }

  portOf(slot: number): number {
    return this.#ports[slot] ?? 0
  }

  /** Moves the workspace's first `length` bytes into the next slot. The batch must not be full. */
  commit(length: number, remote: Address): void {
    this.buffer.copyWithin(this.offsetOf(this.#count), 0, length)
    this.#append(length, remote.ip, remote.port)
  }

  /**
   * Copies a received datagram into the next slot.
   * @returns false, having done nothing, when the batch is full or the datagram is larger than a slot
   */
  push(datagram: Uint8Array, ip: string, port: number): boolean {
    if (this.isFull || datagram.length > SLOT_BYTES) return false
    this.buffer.set(datagram, this.offsetOf(this.#count))
    this.#append(datagram.length, ip, port)
    return true
  }

  /** Copies a slot's datagram into the workspace. @returns its length */
  take(slot: number): number {
    const offset = this.offsetOf(slot)
    const length = this.lengthOf(slot)
    this.buffer.copyWithin(0, offset, offset + length)
    return length
  }

  clear(): void {
    this.#count = 0
  }

  #append(length: number, ip: string, port: number): void {
    this.#lengths[this.#count] = length
    this.#ips[this.#count] = ip
    this.#ports[this.#count] = port
    this.#count += 1
  }
}
