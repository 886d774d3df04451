import { ByteQueue } from './byte-queue.ts'
import type { DropCounters } from './drop-counters.ts'
import { NO_RECORDS } from './empty-numbers.ts'
import { messageOverheadBytes } from './frame-writer.ts'
import { FRAGMENT_BYTES } from './limits.ts'
import type { PacketWriter } from './packet-writer.ts'
import { grownRing } from './ring.ts'
import type { SendAccount } from './send-account.ts'
import type { SendCredit } from './send-credit.ts'
import { type SentPackets, UNIT_MESSAGE } from './sent-packets.ts'

/** Sequence numbers from the oldest unacknowledged to the newest message. */
export const MESSAGE_WINDOW = 1024

const UNIT_UNSENT = 0
const UNIT_IN_FLIGHT = 1
const UNIT_LOST = 2
const UNIT_DONE = 3

/** A message's record: where its payload is … */
const POSITION = 0
const QUEUED_AT_MS = 1
const LENGTH = 2
/** … its units, and how many of them are settled … */
const FIRST_UNIT = 3
const UNIT_COUNT = 4
const DONE_COUNT = 5
/** … and its sequence number, once it is begun. */
const SEQUENCE = 6
const MESSAGE_FIELDS = 7

/** A unit's record: its state, its message, and the packet that carried it last. */
const STATE = 0
const MESSAGE = 1
const LAST_PACKET = 2
const LAST_SENT_AT_MS = 3
const UNIT_FIELDS = 4

/** What one reliable stream needs of its connection. */
export interface ReliableStreamContext {
  readonly account: SendAccount
  readonly credit: SendCredit
  readonly sent: SentPackets
  /** Messages in fragments that may be on their way at once. */
  readonly maxPartialMessages: number
  readonly drops: DropCounters
}

/**
 * The outgoing reliable messages of one channel and mode. Messages are cut into *units* of at most 1100 bytes,
 * each of which is sent, lost and acknowledged alone. Both are counted from the start and kept in rings; what is
 * acknowledged leaves from the old end.
 */
export class ReliableSendStream {
  readonly id: number
  readonly channel: number
  readonly mode: number
  readonly #ttlMs: number
  readonly #context: ReliableStreamContext
  readonly #payloads = new ByteQueue()

  #firstMessage = 0
  #nextMessage = 0
  #messageMask = -1
  #messages = NO_RECORDS

  #firstUnit = 0
  /** The oldest unit never sent. */
  #unsentUnit = 0
  #nextUnit = 0
  #unitMask = -1
  #units = NO_RECORDS

  #nextSequence = 0
  #lostUnits = 0
  #partials = 0

  /** @param id names the stream in `SentPackets`, 0..255 */
  constructor(id: number, channel: number, mode: number, ttlMs: number, context: ReliableStreamContext) {
    this.id = id
    this.channel = channel
    this.mode = mode
    this.#ttlMs = ttlMs
    this.#context = context
  }

  /** Messages that are kept: from the oldest the peer has not acknowledged to the newest. */
  get queuedMessages(): number {
    return this.#nextMessage - this.#firstMessage
  }

  get hasUnsent(): boolean {
    return this.#unsentUnit < this.#nextUnit
  }

  get hasLost(): boolean {
    return this.#lostUnits > 0
  }

  /** When the oldest message that is not yet acknowledged was queued, Infinity when there is none. */
  get oldestQueuedAtMs(): number {
    if (this.#firstMessage === this.#nextMessage) return Number.POSITIVE_INFINITY
    return this.#messages[this.#messageSlot(this.#firstMessage) + QUEUED_AT_MS]!
  }

  /** Gives the memory of an empty queue back; the next message takes it anew. */
  trim(): void {
    if (this.#firstMessage < this.#nextMessage) return
    this.#messages = NO_RECORDS
    this.#messageMask = -1
    this.#units = NO_RECORDS
    this.#unitMask = -1
    this.#payloads.trim()
  }

  /** Queues a copy. The caller has checked the limits. */
  push(data: Uint8Array, nowMs: number): void {
    const unitCount = Math.max(1, Math.ceil(data.length / FRAGMENT_BYTES))
    if (this.#nextMessage - this.#firstMessage > this.#messageMask) this.#growMessages()
    while (this.#nextUnit + unitCount - this.#firstUnit > this.#unitMask + 1) this.#growUnits()
    const message = this.#nextMessage++
    const slot = this.#messageSlot(message)
    this.#messages[slot + POSITION] = this.#payloads.push(data)
    this.#messages[slot + QUEUED_AT_MS] = nowMs
    this.#messages[slot + LENGTH] = data.length
    this.#messages[slot + FIRST_UNIT] = this.#nextUnit
    this.#messages[slot + UNIT_COUNT] = unitCount
    this.#messages[slot + DONE_COUNT] = 0
    for (let index = 0; index < unitCount; index++) {
      const unitSlot = this.#unitSlot(this.#nextUnit++)
      this.#units[unitSlot + STATE] = UNIT_UNSENT
      this.#units[unitSlot + MESSAGE] = message
    }
    this.#context.account.queuedBytes += data.length
    this.#context.account.queuedMessages++
  }

  /** Bytes of the next frame never sent, 0 when there is none or it must wait. Drops what has expired. */
  nextFrameBytes(nowMs: number): number {
    while (this.#unsentUnit < this.#nextUnit) {
      const slot = this.#messageOf(this.#unsentUnit)
      const isBegun = this.#messages[slot + FIRST_UNIT] !== this.#unsentUnit
      if (!isBegun && nowMs - this.#messages[slot + QUEUED_AT_MS]! > this.#ttlMs) {
        this.#expire(slot)
        continue
      }
      return isBegun || this.#mayBegin(slot) ? this.#frameBytes(this.#unsentUnit) : 0
    }
    return 0
  }

  /** Writes the next frame never sent, which `nextFrameBytes` has just allowed. @returns false: no room */
  writeNext(writer: PacketWriter): boolean {
    const unit = this.#unsentUnit
    const slot = this.#messageOf(unit)
    const isFirst = this.#messages[slot + FIRST_UNIT] === unit
    if (this.#frameBytes(unit) > writer.room) return false
    const { account, credit } = this.#context
    if (isFirst) {
      this.#messages[slot + SEQUENCE] = this.#nextSequence
      this.#nextSequence = (this.#nextSequence + 1) & 0xffff
      credit.commit(this.channel, this.#messages[slot + LENGTH]!)
      if (this.#messages[slot + UNIT_COUNT]! > 1) this.#notePartial(1)
      account.messagesSent++
    }
    this.#unsentUnit++
    account.framesSent++
    return this.#write(unit, writer)
  }

  /** Bytes of the oldest frame that was lost, 0 when there is none. */
  lostFrameBytes(): number {
    const unit = this.#oldestLost()
    return unit < 0 ? 0 : this.#frameBytes(unit)
  }

  /** Writes the oldest frame that was lost. @returns false: there is none, or no room */
  writeLost(writer: PacketWriter): boolean {
    const unit = this.#oldestLost()
    if (unit < 0 || !this.#write(unit, writer)) return false
    this.#context.account.framesRetransmitted++
    writer.isRepeating = true
    return true
  }

  /**
   * Writes frames that are on their way once more, oldest first, as far as they fit: those last sent at least
   * `intervalMs` ago. @returns how many were written
   */
  writeRepeats(writer: PacketWriter, intervalMs: number): number {
    let written = 0
    for (let unit = this.#firstUnit; unit < this.#unsentUnit; unit++) {
      const slot = this.#unitSlot(unit)
      if (
        this.#units[slot + STATE] !== UNIT_IN_FLIGHT ||
        this.#units[slot + LAST_PACKET] === writer.packetNumber
      )
        continue
      if (writer.nowMs - this.#units[slot + LAST_SENT_AT_MS]! < intervalMs) continue
      if (!this.#write(unit, writer)) break
      written++
    }
    if (written > 0) writer.isRepeating = true
    return written
  }

  /** A packet that carried the unit was acknowledged. `index` is the low 32 bits of the unit. */
  onAcked(index: number): void {
    const unit = this.#unitAt(index)
    if (unit < 0) return
    const slot = this.#unitSlot(unit)
    const state = this.#units[slot + STATE]
    if (state === UNIT_DONE) return
    if (state === UNIT_LOST) this.#noteLost(-1)
    else this.#context.account.inFlightFrames--
    this.#units[slot + STATE] = UNIT_DONE
    const message = this.#messageOf(unit)
    this.#messages[message + DONE_COUNT]!++
    if (this.#messages[message + DONE_COUNT] === this.#messages[message + UNIT_COUNT]) {
      if (this.#messages[message + UNIT_COUNT]! > 1) this.#notePartial(-1)
      this.#releaseDone()
    }
  }

  /** The packet was lost. The unit is sent again unless a later packet carried it too. */
  onLost(index: number, packetNumber: number): void {
    const unit = this.#unitAt(index)
    if (unit < 0) return
    const slot = this.#unitSlot(unit)
    if (this.#units[slot + STATE] !== UNIT_IN_FLIGHT || this.#units[slot + LAST_PACKET] !== packetNumber)
      return
    this.#units[slot + STATE] = UNIT_LOST
    this.#context.account.inFlightFrames--
    this.#noteLost(1)
  }

  #write(unit: number, writer: PacketWriter): boolean {
    const slot = this.#unitSlot(unit)
    const message = this.#messageOf(unit)
    const fragment = unit - this.#messages[message + FIRST_UNIT]!
    const length = this.#unitBytes(unit)
    const dataAt = writer.reserveMessage(
      this.channel,
      this.mode,
      this.#messages[message + SEQUENCE]!,
      fragment,
      this.#messages[message + UNIT_COUNT]!,
      length,
    )
    if (dataAt < 0) return false
    this.#payloads.copyTo(
      this.#messages[message + POSITION]! + fragment * FRAGMENT_BYTES,
      length,
      writer.out,
      dataAt,
    )
    writer.isPrompt = true
    if (this.#units[slot + STATE] === UNIT_LOST) this.#noteLost(-1)
    if (this.#units[slot + STATE] !== UNIT_IN_FLIGHT) this.#context.account.inFlightFrames++
    this.#units[slot + STATE] = UNIT_IN_FLIGHT
    this.#units[slot + LAST_PACKET] = writer.packetNumber
    this.#units[slot + LAST_SENT_AT_MS] = writer.nowMs
    this.#context.sent.addUnit(UNIT_MESSAGE, this.id, unit)
    return true
  }

  #mayBegin(slot: number): boolean {
    const oldest = this.#messageSlot(this.#firstMessage)
    const isWindowFull =
      oldest !== slot &&
      ((this.#nextSequence - this.#messages[oldest + SEQUENCE]!) & 0xffff) >= MESSAGE_WINDOW
    const { account, credit, maxPartialMessages } = this.#context
    return (
      !isWindowFull &&
      credit.canCommit(this.channel, this.#messages[slot + LENGTH]!) &&
      (this.#messages[slot + UNIT_COUNT] === 1 ||
        // One stream leaves half of the places to the others.
        (account.partialMessages < maxPartialMessages && this.#partials < maxPartialMessages / 2))
    )
  }

  #expire(slot: number): void {
    const count = this.#messages[slot + UNIT_COUNT]!
    for (let index = 0; index < count; index++) {
      this.#units[this.#unitSlot(this.#unsentUnit++) + STATE] = UNIT_DONE
    }
    this.#messages[slot + DONE_COUNT] = count
    this.#context.drops.count('expired')
    this.#releaseDone()
  }

  #releaseDone(): void {
    const { account } = this.#context
    while (this.#firstMessage < this.#nextMessage) {
      const slot = this.#messageSlot(this.#firstMessage)
      if (this.#messages[slot + DONE_COUNT] !== this.#messages[slot + UNIT_COUNT]) break
      account.queuedBytes -= this.#messages[slot + LENGTH]!
      account.queuedMessages--
      this.#firstUnit += this.#messages[slot + UNIT_COUNT]!
      this.#firstMessage++
    }
    if (this.#firstMessage === this.#nextMessage) this.#payloads.clear()
    else this.#payloads.releaseBefore(this.#messages[this.#messageSlot(this.#firstMessage) + POSITION]!)
  }

  #oldestLost(): number {
    if (this.#lostUnits === 0) return -1
    for (let unit = this.#firstUnit; unit < this.#unsentUnit; unit++) {
      if (this.#units[this.#unitSlot(unit) + STATE] === UNIT_LOST) return unit
    }
    return -1
  }

  #notePartial(change: number): void {
    this.#partials += change
    this.#context.account.partialMessages += change
  }

  #noteLost(change: number): void {
    this.#lostUnits += change
    this.#context.account.lostFrames += change
  }

  /** Where the record of a message is. */
  #messageSlot(message: number): number {
    return (message & this.#messageMask) * MESSAGE_FIELDS
  }

  /** Where the record of a unit is. */
  #unitSlot(unit: number): number {
    return (unit & this.#unitMask) * UNIT_FIELDS
  }

  /** Where the record of a unit's message is. */
  #messageOf(unit: number): number {
    return this.#messageSlot(this.#units[this.#unitSlot(unit) + MESSAGE]!)
  }

  #unitBytes(unit: number): number {
    const slot = this.#messageOf(unit)
    return Math.min(
      FRAGMENT_BYTES,
      this.#messages[slot + LENGTH]! - (unit - this.#messages[slot + FIRST_UNIT]!) * FRAGMENT_BYTES,
    )
  }

  #frameBytes(unit: number): number {
    const slot = this.#messageOf(unit)
    const length = this.#unitBytes(unit)
    const fragment = unit - this.#messages[slot + FIRST_UNIT]!
    return messageOverheadBytes(this.mode, fragment, this.#messages[slot + UNIT_COUNT]!, length) + length
  }

  /** The unit with these low 32 bits, -1 when it is settled and gone. */
  #unitAt(index: number): number {
    const unit = this.#firstUnit + ((index - this.#firstUnit) >>> 0)
    return unit < this.#unsentUnit ? unit : -1
  }

  #growMessages(): void {
    this.#messages = grownRing(this.#messages, MESSAGE_FIELDS, this.#firstMessage, this.#nextMessage)
    this.#messageMask = this.#messages.length / MESSAGE_FIELDS - 1
  }

  #growUnits(): void {
    this.#units = grownRing(this.#units, UNIT_FIELDS, this.#firstUnit, this.#nextUnit)
    this.#unitMask = this.#units.length / UNIT_FIELDS - 1
  }
}
