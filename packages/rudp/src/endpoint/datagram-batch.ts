import type { Address } from './address.ts'

/** Room for one datagram: more than the largest that is ever accepted or sent. */
export const SLOT_BYTES = 1536

/** Words of one slot's header. */
export const HEADER_WORDS = 8

/** Where in a header its fields are. */
export const HeaderWord = {
  /** Length of the datagram, in bytes. */
  Length: 0,
  Port: 1,
  /** 4, 6, or 0 for no address. Native code's, as are the next two. */
  Family: 2,
  /** Of IPv6. */
  ScopeId: 3,
  /** The first of four: the address's 4 or 16 bytes in network order. */
  Address: 4,
} as const

/**
 * Datagrams side by side in one buffer. The first 1536 bytes are the workspace, where one datagram at a time is
 * built or taken apart: cryptography there finds its views made already. The slots follow.
 */
export class DatagramBatch {
  readonly buffer: Uint8Array
  /** {@link HEADER_WORDS} for each slot, in the machine's byte order, laid out so that native code can share them. */
  readonly headers: Uint32Array
  readonly capacity: number
  readonly #ips: string[]
  #count = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.buffer = new Uint8Array((capacity + 1) * SLOT_BYTES)
    this.headers = new Uint32Array(capacity * HEADER_WORDS)
    this.#ips = new Array<string>(capacity).fill('')
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
    return this.headers[slot * HEADER_WORDS + HeaderWord.Length] ?? 0
  }

  ipOf(slot: number): string {
    return this.#ips[slot] ?? ''
  }

  portOf(slot: number): number {
    return this.headers[slot * HEADER_WORDS + HeaderWord.Port] ?? 0
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

  /**
   * Takes over slots that native code has filled, headers included, into an empty batch. Datagrams that were larger
   * than a slot are left out.
   * @param ipOf the text of a slot's address
   * @returns how many were left out
   */
  adopt(filled: number, ipOf: (headers: Uint32Array, slot: number) => string): number {
    let kept = 0
    for (let slot = 0; slot < filled; slot += 1) {
      if (this.lengthOf(slot) > SLOT_BYTES) continue
      if (kept !== slot) this.#move(slot, kept)
      this.#ips[kept] = ipOf(this.headers, kept)
      kept += 1
    }
    this.#count = kept
    return filled - kept
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
    const header = this.#count * HEADER_WORDS
    this.headers[header + HeaderWord.Length] = length
    this.headers[header + HeaderWord.Port] = port
    this.#ips[this.#count] = ip
    this.#count += 1
  }

  #move(from: number, to: number): void {
    this.buffer.copyWithin(this.offsetOf(to), this.offsetOf(from), this.offsetOf(from) + this.lengthOf(from))
    this.headers.copyWithin(to * HEADER_WORDS, from * HEADER_WORDS, (from + 1) * HEADER_WORDS)
  }
}
