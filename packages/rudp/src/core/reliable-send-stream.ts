import { ByteQueue } from './byte-queue.ts'
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

const FIRST_CAPACITY = 16

/** What one reliable stream needs of its connection. */
export interface ReliableStreamContext {
  readonly account: SendAccount
  readonly credit: SendCredit
  readonly sent: SentPackets
  /** Messages in fragments that may be on their way at once. */
  readonly maxPartialMessages: number
  /** Called when a message is dropped because it waited too long to be sent. */
  readonly onExpired: () => void
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
  #messageMask = FIRST_CAPACITY - 1
  #positions = new Float64Array(FIRST_CAPACITY)
  #queuedAtMs = new Float64Array(FIRST_CAPACITY)
  #lengths = new Uint32Array(FIRST_CAPACITY)
  #firstUnits = new Float64Array(FIRST_CAPACITY)
  #unitCounts = new Uint16Array(FIRST_CAPACITY)
  #doneCounts = new Uint16Array(FIRST_CAPACITY)
  #sequences = new Uint16Array(FIRST_CAPACITY)

  #firstUnit = 0
  /** The oldest unit never sent. */
  #unsentUnit = 0
  #nextUnit = 0
  #unitMask = FIRST_CAPACITY - 1
  #states = new Uint8Array(FIRST_CAPACITY)
  #unitMessages = new Float64Array(FIRST_CAPACITY)
  #lastPackets = new Float64Array(FIRST_CAPACITY)
  #lastSentAtMs = new Float64Array(FIRST_CAPACITY)

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
    return this.#queuedAtMs[this.#firstMessage & this.#messageMask]!
  }

  /** Queues a copy. The caller has checked the limits. */
  push(data: Uint8Array, nowMs: number): void {
    const unitCount = Math.max(1, Math.ceil(data.length / FRAGMENT_BYTES))
    if (this.#nextMessage - this.#firstMessage > this.#messageMask) this.#growMessages()
    while (this.#nextUnit + unitCount - this.#firstUnit > this.#unitMask + 1) this.#growUnits()
    const message = this.#nextMessage++
    const slot = message & this.#messageMask
    this.#positions[slot] = this.#payloads.push(data)
    this.#queuedAtMs[slot] = nowMs
    this.#lengths[slot] = data.length
    this.#firstUnits[slot] = this.#nextUnit
    this.#unitCounts[slot] = unitCount
    this.#doneCounts[slot] = 0
    for (let index = 0; index < unitCount; index++) {
      const unitSlot = this.#nextUnit++ & this.#unitMask
      this.#states[unitSlot] = UNIT_UNSENT
      this.#unitMessages[unitSlot] = message
    }
    this.#context.account.queuedBytes += data.length
    this.#context.account.queuedMessages++
  }

  /** Bytes of the next frame never sent, 0 when there is none or it must wait. Drops what has expired. */
  nextFrameBytes(nowMs: number): number {
    while (this.#unsentUnit < this.#nextUnit) {
      const slot = this.#messageOf(this.#unsentUnit)
      const isBegun = this.#firstUnits[slot] !== this.#unsentUnit
      if (!isBegun && nowMs - this.#queuedAtMs[slot]! > this.#ttlMs) {
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
    const isFirst = this.#firstUnits[slot] === unit
    if (this.#frameBytes(unit) > writer.room) return false
    const { account, credit } = this.#context
    if (isFirst) {
      this.#sequences[slot] = this.#nextSequence
      this.#nextSequence = (this.#nextSequence + 1) & 0xffff
      credit.commit(this.channel, this.#lengths[slot]!)
      if (this.#unitCounts[slot]! > 1) this.#notePartial(1)
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
      const slot = unit & this.#unitMask
      if (this.#states[slot] !== UNIT_IN_FLIGHT || this.#lastPackets[slot] === writer.packetNumber) continue
      if (writer.nowMs - this.#lastSentAtMs[slot]! < intervalMs) continue
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
    const slot = unit & this.#unitMask
    const state = this.#states[slot]
    if (state === UNIT_DONE) return
    if (state === UNIT_LOST) this.#noteLost(-1)
    else this.#context.account.inFlightFrames--
    this.#states[slot] = UNIT_DONE
    const message = this.#messageOf(unit)
    this.#doneCounts[message]!++
    if (this.#doneCounts[message] === this.#unitCounts[message]) {
      if (this.#unitCounts[message]! > 1) this.#notePartial(-1)
      this.#releaseDone()
    }
  }

  /** The packet was lost. The unit is sent again unless a later packet carried it too. */
  onLost(index: number, packetNumber: number): void {
    const unit = this.#unitAt(index)
    if (unit < 0) return
    const slot = unit & this.#unitMask
    if (this.#states[slot] !== UNIT_IN_FLIGHT || this.#lastPackets[slot] !== packetNumber) return
    this.#states[slot] = UNIT_LOST
    this.#context.account.inFlightFrames--
    this.#noteLost(1)
  }

  #write(unit: number, writer: PacketWriter): boolean {
    const slot = unit & this.#unitMask
    const message = this.#messageOf(unit)
    const fragment = unit - this.#firstUnits[message]!
    const length = this.#unitBytes(unit)
    const dataAt = writer.reserveMessage(
      this.channel,
      this.mode,
      this.#sequences[message]!,
      fragment,
      this.#unitCounts[message]!,
      length,
    )
    if (dataAt < 0) return false
    this.#payloads.copyTo(this.#positions[message]! + fragment * FRAGMENT_BYTES, length, writer.out, dataAt)
    writer.isPrompt = true
    if (this.#states[slot] === UNIT_LOST) this.#noteLost(-1)
    if (this.#states[slot] !== UNIT_IN_FLIGHT) this.#context.account.inFlightFrames++
    this.#states[slot] = UNIT_IN_FLIGHT
    this.#lastPackets[slot] = writer.packetNumber
    this.#lastSentAtMs[slot] = writer.nowMs
    this.#context.sent.addUnit(UNIT_MESSAGE, this.id, unit)
    return true
  }

  #mayBegin(slot: number): boolean {
    const oldest = this.#firstMessage & this.#messageMask
    const isWindowFull =
      oldest !== slot && ((this.#nextSequence - this.#sequences[oldest]!) & 0xffff) >= MESSAGE_WINDOW
    const { account, credit, maxPartialMessages } = this.#context
    return (
      !isWindowFull &&
      credit.canCommit(this.channel, this.#lengths[slot]!) &&
      (this.#unitCounts[slot] === 1 ||
        // One stream leaves half of the places to the others.
        (account.partialMessages < maxPartialMessages && this.#partials < maxPartialMessages / 2))
    )
  }

  #expire(slot: number): void {
    const count = this.#unitCounts[slot]!
    for (let index = 0; index < count; index++) {
      this.#states[this.#unsentUnit++ & this.#unitMask] = UNIT_DONE
    }
    this.#doneCounts[slot] = count
    this.#context.onExpired()
    this.#releaseDone()
  }

  #releaseDone(): void {
    const { account } = this.#context
    while (this.#firstMessage < this.#nextMessage) {
      const slot = this.#firstMessage & this.#messageMask
      if (this.#doneCounts[slot] !== this.#unitCounts[slot]) break
      account.queuedBytes -= this.#lengths[slot]!
      account.queuedMessages--
      this.#firstUnit += this.#unitCounts[slot]!
      this.#firstMessage++
    }
    if (this.#firstMessage === this.#nextMessage) this.#payloads.clear()
    else this.#payloads.releaseBefore(this.#positions[this.#firstMessage & this.#messageMask]!)
  }

  #oldestLost(): number {
    if (this.#lostUnits === 0) return -1
    for (let unit = this.#firstUnit; unit < this.#unsentUnit; unit++) {
      if (this.#states[unit & this.#unitMask] === UNIT_LOST) return unit
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

  #messageOf(unit: number): number {
    return this.#unitMessages[unit & this.#unitMask]! & this.#messageMask
  }

  #unitBytes(unit: number): number {
    const slot = this.#messageOf(unit)
    return Math.min(FRAGMENT_BYTES, this.#lengths[slot]! - (unit - this.#firstUnits[slot]!) * FRAGMENT_BYTES)
  }

  #frameBytes(unit: number): number {
    const slot = this.#messageOf(unit)
    const length = this.#unitBytes(unit)
    const fragment = unit - this.#firstUnits[slot]!
    return messageOverheadBytes(this.mode, fragment, this.#unitCounts[slot]!, length) + length
  }

  /** The unit with these low 32 bits, -1 when it is settled and gone. */
  #unitAt(index: number): number {
    const unit = this.#firstUnit + ((index - this.#firstUnit) >>> 0)
    return unit < this.#unsentUnit ? unit : -1
  }

  #growMessages(): void {
    const first = this.#firstMessage
    const next = this.#nextMessage
    this.#positions = grownRing(this.#positions, first, next)
    this.#queuedAtMs = grownRing(this.#queuedAtMs, first, next)
    this.#lengths = grownRing(this.#lengths, first, next)
    this.#firstUnits = grownRing(this.#firstUnits, first, next)
    this.#unitCounts = grownRing(this.#unitCounts, first, next)
    this.#doneCounts = grownRing(this.#doneCounts, first, next)
    this.#sequences = grownRing(this.#sequences, first, next)
    this.#messageMask = this.#positions.length - 1
  }

  #growUnits(): void {
    const first = this.#firstUnit
    const next = this.#nextUnit
    this.#states = grownRing(this.#states, first, next)
    this.#unitMessages = grownRing(this.#unitMessages, first, next)
    this.#lastPackets = grownRing(this.#lastPackets, first, next)
    this.#lastSentAtMs = grownRing(this.#lastSentAtMs, first, next)
    this.#unitMask = this.#states.length - 1
  }
}
