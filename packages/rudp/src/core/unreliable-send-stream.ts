import { ByteQueue } from './byte-queue.ts'
import type { DropCounters } from './drop-counters.ts'
import { NO_RECORDS } from './empty-numbers.ts'
import { messageOverheadBytes } from './frame-writer.ts'
import { FRAGMENT_BYTES } from './limits.ts'
import type { PacketWriter } from './packet-writer.ts'
import { grownRing } from './ring.ts'

/** A message's record: where its payload is … */
const POSITION = 0
const QUEUED_AT_MS = 1
const LENGTH = 2
/** … and the flush after which it was queued. */
const FLUSH = 3
const MESSAGE_FIELDS = 4

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
  readonly #drops: DropCounters
  readonly #payloads = new ByteQueue()

  #first = 0
  #next = 0
  #mask = -1
  #messages = NO_RECORDS
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
    drops: DropCounters,
  ) {
    this.channel = channel
    this.mode = mode
    this.#isSequenced = isSequenced
    this.#ttlMs = ttlMs
    this.#maxBytes = maxBytes
    this.#drops = drops
  }

  get hasUnsent(): boolean {
    return this.#first < this.#next
  }

  /** Gives the memory of an empty queue back; the next message takes it anew. */
  trim(): void {
    if (this.#first < this.#next) return
    this.#messages = NO_RECORDS
    this.#mask = -1
    this.#payloads.trim()
  }

  /** Queues a copy. `flush` counts the connection's flushes. @returns whether it took the place of an older one */
  push(data: Uint8Array, flush: number, nowMs: number): boolean {
    const isSuperseding = this.#isSequenced && this.#first < this.#next
    if (isSuperseding) this.#drop('unreliable-superseded')
    while (this.#first < this.#next && this.#queuedBytes + data.length > this.#maxBytes) {
      this.#drop('unreliable-overflow')
    }
    if (this.#next - this.#first > this.#mask) this.#grow()
    const slot = (this.#next++ & this.#mask) * MESSAGE_FIELDS
    this.#messages[slot + POSITION] = this.#payloads.push(data)
    this.#messages[slot + QUEUED_AT_MS] = nowMs
    this.#messages[slot + LENGTH] = data.length
    this.#messages[slot + FLUSH] = flush
    this.#queuedBytes += data.length
    return isSuperseding
  }

  /** Drops what was queued before the flush with this number and still waits. */
  dropQueuedBefore(flush: number): void {
    while (this.#first < this.#next && this.#messages[this.#oldest + FLUSH]! < flush) {
      this.#drop('unreliable-congested')
    }
  }

  /** Bytes of the next frame, 0 when there is none. Drops what has expired. */
  nextFrameBytes(nowMs: number): number {
    while (this.#first < this.#next && nowMs - this.#messages[this.#oldest + QUEUED_AT_MS]! > this.#ttlMs) {
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
    const position = this.#messages[this.#oldest + POSITION]!
    this.#payloads.copyTo(position + this.#fragmentsSent * FRAGMENT_BYTES, length, writer.out, dataAt)
    this.#fragmentsSent++
    if (this.#fragmentsSent === fragmentCount) this.#remove()
    return true
  }

  /** Where the record of the oldest message is. */
  get #oldest(): number {
    return (this.#first & this.#mask) * MESSAGE_FIELDS
  }

  #fragmentCount(): number {
    return Math.max(1, Math.ceil(this.#messages[this.#oldest + LENGTH]! / FRAGMENT_BYTES))
  }

  #fragmentBytes(): number {
    const left = this.#messages[this.#oldest + LENGTH]! - this.#fragmentsSent * FRAGMENT_BYTES
    return Math.min(FRAGMENT_BYTES, left)
  }

  #drop(reason: UnreliableDropReason): void {
    this.#drops.count(reason)
    this.#remove()
  }

  /** Takes the oldest message out. Its sequence number is used up if any of it was sent. */
  #remove(): void {
    if (this.#fragmentsSent > 0) this.#nextSequence = (this.#nextSequence + 1) & 0xffff
    this.#fragmentsSent = 0
    this.#queuedBytes -= this.#messages[this.#oldest + LENGTH]!
    this.#first++
    if (this.#first === this.#next) this.#payloads.clear()
    else this.#payloads.releaseBefore(this.#messages[this.#oldest + POSITION]!)
  }

  #grow(): void {
    this.#messages = grownRing(this.#messages, MESSAGE_FIELDS, this.#first, this.#next)
    this.#mask = this.#messages.length / MESSAGE_FIELDS - 1
  }
}
