import { ByteQueue } from './byte-queue.ts'
import { messageOverheadBytes } from './frame-writer.ts'
import { FRAGMENT_BYTES } from './limits.ts'
import type { PacketWriter } from './packet-writer.ts'
import { grownRing } from './ring.ts'

const FIRST_CAPACITY = 4

/** Why an unreliable message was not sent. */
export type UnreliableDropReason =
  | 'expired'
  | 'unreliable-superseded'
  | 'unreliable-congested'
  | 'unreliable-overflow'

/**
 * The outgoing unreliable messages of one channel and mode. They wait for the next flush and at most one more;
 * in a sequenced stream only the newest waits. Nothing is kept once it was sent.
 */
export class UnreliableSendStream {
  readonly channel: number
  readonly mode: number
  readonly #isSequenced: boolean
  readonly #ttlMs: number
  readonly #maxBytes: number
  readonly #onDropped: (reason: UnreliableDropReason) => void
  readonly #payloads = new ByteQueue()

  #first = 0
  #next = 0
  #mask = FIRST_CAPACITY - 1
  #positions = new Float64Array(FIRST_CAPACITY)
  #queuedAtMs = new Float64Array(FIRST_CAPACITY)
  #lengths = new Uint32Array(FIRST_CAPACITY)
  /** The flush after which each was queued. */
  #flushes = new Float64Array(FIRST_CAPACITY)
  #queuedBytes = 0
  /** Fragments of the oldest message that were sent. */
  #fragmentsSent = 0
  #nextSequence = 0

  constructor(
    channel: number,
    mode: number,
    isSequenced: boolean,
    ttlMs: number,
    maxBytes: number,
    onDropped: (reason: UnreliableDropReason) => void,
  ) {
    this.channel = channel
    this.mode = mode
    this.#isSequenced = isSequenced
    this.#ttlMs = ttlMs
    this.#maxBytes = maxBytes
    this.#onDropped = onDropped
  }

  get hasUnsent(): boolean {
    return this.#first < this.#next
  }

  /** Queues a copy. `flush` counts the connection's flushes. @returns whether it took the place of an older one */
  push(data: Uint8Array, flush: number, nowMs: number): boolean {
    const isSuperseding = this.#isSequenced && this.#first < this.#next
    if (isSuperseding) this.#drop('unreliable-superseded')
    while (this.#first < this.#next && this.#queuedBytes + data.length > this.#maxBytes) {
      this.#drop('unreliable-overflow')
    }
    if (this.#next - this.#first > this.#mask) this.#grow()
    const slot = this.#next++ & this.#mask
    this.#positions[slot] = this.#payloads.push(data)
    this.#queuedAtMs[slot] = nowMs
    this.#lengths[slot] = data.length
    this.#flushes[slot] = flush
    this.#queuedBytes += data.length
    return isSuperseding
  }

  /** Drops what was queued before the flush with this number and still waits. */
  dropQueuedBefore(flush: number): void {
    while (this.#first < this.#next && this.#flushes[this.#first & this.#mask]! < flush) {
      this.#drop('unreliable-congested')
    }
  }

  /** Bytes of the next frame, 0 when there is none. Drops what has expired. */
  nextFrameBytes(nowMs: number): number {
    while (this.#first < this.#next && nowMs - this.#queuedAtMs[this.#first & this.#mask]! > this.#ttlMs) {
      this.#drop('expired')
    }
    if (this.#first === this.#next) return 0
    const length = this.#fragmentBytes()
    return messageOverheadBytes(this.mode, this.#fragmentsSent, this.#fragmentCount(), length) + length
  }

  /** Writes the next frame. @returns false: no room */
  writeNext(writer: PacketWriter): boolean {
    const fragmentCount = this.#fragmentCount()
    const length = this.#fragmentBytes()
    const dataAt = writer.reserveMessage(
      this.channel,
      this.mode,
      this.#nextSequence,
      this.#fragmentsSent,
      fragmentCount,
      length,
    )
    if (dataAt < 0) return false
    const position = this.#positions[this.#first & this.#mask]!
    this.#payloads.copyTo(position + this.#fragmentsSent * FRAGMENT_BYTES, length, writer.out, dataAt)
    this.#fragmentsSent++
    if (this.#fragmentsSent === fragmentCount) this.#remove()
    return true
  }

  #fragmentCount(): number {
    return Math.max(1, Math.ceil(this.#lengths[this.#first & this.#mask]! / FRAGMENT_BYTES))
  }

  #fragmentBytes(): number {
    const left = this.#lengths[this.#first & this.#mask]! - this.#fragmentsSent * FRAGMENT_BYTES
    return Math.min(FRAGMENT_BYTES, left)
  }

  #drop(reason: UnreliableDropReason): void {
    this.#onDropped(reason)
    this.#remove()
  }

  /** Takes the oldest message out. Its sequence number is used up if any of it was sent. */
  #remove(): void {
    if (this.#fragmentsSent > 0) this.#nextSequence = (this.#nextSequence + 1) & 0xffff
    this.#fragmentsSent = 0
    this.#queuedBytes -= this.#lengths[this.#first & this.#mask]!
    this.#first++
    if (this.#first === this.#next) this.#payloads.clear()
    else this.#payloads.releaseBefore(this.#positions[this.#first & this.#mask]!)
  }

  #grow(): void {
    this.#positions = grownRing(this.#positions, this.#first, this.#next)
    this.#queuedAtMs = grownRing(this.#queuedAtMs, this.#first, this.#next)
    this.#lengths = grownRing(this.#lengths, this.#first, this.#next)
    this.#flushes = grownRing(this.#flushes, this.#first, this.#next)
    this.#mask = this.#positions.length - 1
  }
}
