import type { SecureRandom } from '../crypto/crypto-provider.ts'
import { readUint32 } from '../handshake/bytes.ts'
import { connectionIdSlot, connectionIdTag, connectionIdWorker, encodeConnectionId } from './connection-id.ts'

/** Connections by the slot their id names: finding one is an array access and a comparison. */
export class ConnectionSlots<T> {
  readonly #worker: number
  readonly #capacity: number
  readonly #random: SecureRandom
  readonly #entries: (T | undefined)[] = []
  readonly #tags: number[] = []
  readonly #free: number[] = []
  readonly #tagBytes = new Uint8Array(4)

  constructor(worker: number, capacity: number, random: SecureRandom) {
    this.#worker = worker
    this.#capacity = capacity
    this.#random = random
  }

  get size(): number {
    return this.#entries.length - this.#free.length
  }

  get isFull(): boolean {
    return this.size >= this.#capacity
  }

  /** Reserves a slot and makes the id of its next connection. Not to be called when full. */
  allocate(): { readonly slot: number; readonly connectionId: Uint8Array } {
    if (this.isFull) throw new RangeError('All connection slots are taken')
    const slot = this.#free.pop() ?? this.#entries.length
    this.#random.fill(this.#tagBytes)
    const tag = readUint32(this.#tagBytes, 0)
    this.#entries[slot] = undefined
    this.#tags[slot] = tag
    return { slot, connectionId: encodeConnectionId(this.#worker, slot, tag) }
  }

  set(slot: number, entry: T): void {
    this.#entries[slot] = entry
  }

  get(slot: number): T | undefined {
    return this.#entries[slot]
  }

  release(slot: number): void {
    this.#entries[slot] = undefined
    this.#free.push(slot)
  }

  /** The connection a received id belongs to. */
  find(buffer: Uint8Array, idOffset: number): T | undefined {
    if (connectionIdWorker(buffer, idOffset) !== this.#worker) return undefined
    const slot = connectionIdSlot(buffer, idOffset)
    if (slot >= this.#entries.length || this.#tags[slot] !== connectionIdTag(buffer, idOffset))
      return undefined
    return this.#entries[slot]
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const entry of this.#entries) if (entry !== undefined) yield entry
  }
}
