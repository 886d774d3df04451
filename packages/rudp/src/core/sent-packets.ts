import { grownRing } from './ring.ts'

/** Fate of a packet number. */
export const PACKET_UNTRACKED = 0
export const PACKET_OUTSTANDING = 1
export const PACKET_ACKED = 2
export const PACKET_LOST = 3
/** Never sent, on purpose: an ACK for it is a lie. */
export const PACKET_SKIPPED = 4

/** The packet counts as in flight: it elicits an ACK. */
export const SENT_ELICITING = 1
/** It elicits an ACK promptly, so a probe follows when none comes. */
export const SENT_PROMPT = 2
/** A probe of the path's MTU, whose loss says nothing of congestion. */
export const SENT_MTU_PROBE = 4
/** It no longer counts against the window. */
export const SENT_LEFT_FLIGHT = 8

/** What a packet carried that must be repeated if it is lost. */
export const UNIT_MESSAGE = 1
export const UNIT_CREDIT = 2
export const UNIT_RESUME = 3

const RESERVED_PACKETS = 64
const FIRST_PACKETS = 8
const FIRST_UNITS = 8

/** A packet's record: when it was sent … */
const SENT_AT_MS = 0
/** … the largest number in the ACK it carries … */
const ACK_LARGEST = 1
/** … its size in the low 16 bits, then its flags and its fate … */
const STATE = 2
/** … the number of its units in the low 16 bits, and above them that of the first, counted from the start. */
const UNITS = 3
const PACKET_FIELDS = 4

const FLAGS_SHIFT = 16
const FLAGS_MASK = 0xf
const FATE_SHIFT = 20
const FIRST_UNIT_FACTOR = 2 ** 16

/** A unit's record: kind and owner … */
const UNIT_HEAD = 0
/** … and index. */
const UNIT_INDEX = 1
const UNIT_FIELDS = 2

/**
 * The packets whose fate is not yet settled, oldest first, as rings of numbers that start small and double.
 * A packet's *units* are the things in it that are repeated on loss: a kind, an owner (stream or channel
 * number) and an index that means something to the owner.
 */
export class SentPackets {
  readonly #maxPackets: number
  #first = 0
  #next = 0
  #mask = FIRST_PACKETS - 1
  #packets = new Float64Array(FIRST_PACKETS * PACKET_FIELDS)

  /** Units are counted from the start. */
  #firstUnit = 0
  #nextUnit = 0
  #pendingUnits = 0
  #unitMask = FIRST_UNITS - 1
  #units = new Uint32Array(FIRST_UNITS * UNIT_FIELDS)

  /** @param maxPackets a power of two, at least 128 */
  constructor(maxPackets: number, firstPacketNumber: number) {
    this.#maxPackets = maxPackets
    this.#first = firstPacketNumber
    this.#next = firstPacketNumber
  }

  /** The oldest packet number still kept. */
  get first(): number {
    return this.#first
  }

  /** The packet number the next packet gets. */
  get next(): number {
    return this.#next
  }

  /** No packet can be sent until the fate of the oldest is known. */
  get isFull(): boolean {
    return this.#next - this.#first >= this.#maxPackets
  }

  /** What room is left is for ACKs and probes, which may be what settles the fate of the oldest. */
  get isFullForData(): boolean {
    return this.#next - this.#first >= this.#maxPackets - RESERVED_PACKETS
  }

  /** Leaves a packet number out. There must be room. */
  skip(): void {
    const at = this.#claim()
    this.#packets[at + STATE] = PACKET_SKIPPED << FATE_SHIFT
    this.#packets[at + UNITS] = 0
  }

  /** Adds a unit to the packet that `record` will note. */
  addUnit(kind: number, owner: number, index: number): void {
    if (this.#nextUnit + this.#pendingUnits - this.#firstUnit > this.#unitMask) this.#growUnits()
    const at = this.#unitAt(this.#nextUnit + this.#pendingUnits)
    this.#units[at + UNIT_HEAD] = (kind << 8) | owner
    this.#units[at + UNIT_INDEX] = index
    this.#pendingUnits++
  }

  /**
   * Notes the packet just sent, with the units added for it. `ackLargest` is the largest number in the ACK it
   * carries, -1 for none. There must be room.
   */
  record(sizeBytes: number, flags: number, ackLargest: number, nowMs: number): void {
    const at = this.#claim()
    const fate = (flags & SENT_ELICITING) === 0 ? PACKET_UNTRACKED : PACKET_OUTSTANDING
    this.#packets[at + SENT_AT_MS] = nowMs
    this.#packets[at + ACK_LARGEST] = ackLargest
    this.#packets[at + STATE] = (fate << FATE_SHIFT) | (flags << FLAGS_SHIFT) | sizeBytes
    this.#packets[at + UNITS] = this.#nextUnit * FIRST_UNIT_FACTOR + this.#pendingUnits
    this.#nextUnit += this.#pendingUnits
    this.#pendingUnits = 0
  }

  fate(packetNumber: number): number {
    return this.#stateOf(packetNumber) >>> FATE_SHIFT
  }

  setFate(packetNumber: number, fate: number): void {
    const others = this.#stateOf(packetNumber) & ((1 << FATE_SHIFT) - 1)
    this.#packets[this.#at(packetNumber) + STATE] = (fate << FATE_SHIFT) | others
  }

  sentAtMs(packetNumber: number): number {
    return this.#packets[this.#at(packetNumber) + SENT_AT_MS]!
  }

  sizeBytes(packetNumber: number): number {
    return this.#stateOf(packetNumber) & 0xffff
  }

  flags(packetNumber: number): number {
    return (this.#stateOf(packetNumber) >>> FLAGS_SHIFT) & FLAGS_MASK
  }

  addFlag(packetNumber: number, flag: number): void {
    this.#packets[this.#at(packetNumber) + STATE] = this.#stateOf(packetNumber) | (flag << FLAGS_SHIFT)
  }

  ackLargest(packetNumber: number): number {
    return this.#packets[this.#at(packetNumber) + ACK_LARGEST]!
  }

  unitStart(packetNumber: number): number {
    return Math.floor(this.#packets[this.#at(packetNumber) + UNITS]! / FIRST_UNIT_FACTOR)
  }

  unitCount(packetNumber: number): number {
    return this.#packets[this.#at(packetNumber) + UNITS]! & 0xffff
  }

  unitKind(unit: number): number {
    return this.#units[this.#unitAt(unit) + UNIT_HEAD]! >>> 8
  }

  unitOwner(unit: number): number {
    return this.#units[this.#unitAt(unit) + UNIT_HEAD]! & 0xff
  }

  unitIndex(unit: number): number {
    return this.#units[this.#unitAt(unit) + UNIT_INDEX]!
  }

  /** Forgets the oldest packets: those settled, and those lost that were sent before `lostBeforeMs`. */
  prune(lostBeforeMs: number): void {
    while (this.#first < this.#next) {
      const fate = this.fate(this.#first)
      if (fate === PACKET_OUTSTANDING) break
      if (fate === PACKET_LOST && this.sentAtMs(this.#first) >= lostBeforeMs) break
      this.#firstUnit += this.unitCount(this.#first)
      this.#first++
    }
  }

  #at(packetNumber: number): number {
    return (packetNumber & this.#mask) * PACKET_FIELDS
  }

  #unitAt(unit: number): number {
    return (unit & this.#unitMask) * UNIT_FIELDS
  }

  /** Kept as a floating-point number; `| 0` tells the engine that it is an integer. */
  #stateOf(packetNumber: number): number {
    return this.#packets[this.#at(packetNumber) + STATE]! | 0
  }

  /** @returns where the record of the next packet is */
  #claim(): number {
    if (this.#next - this.#first > this.#mask) this.#growPackets()
    return this.#at(this.#next++)
  }

  #growPackets(): void {
    this.#packets = grownRing(this.#packets, PACKET_FIELDS, this.#first, this.#next)
    this.#mask = this.#packets.length / PACKET_FIELDS - 1
  }

  #growUnits(): void {
    const next = this.#nextUnit + this.#pendingUnits
    this.#units = grownRing(this.#units, UNIT_FIELDS, this.#firstUnit, next)
    this.#unitMask = this.#units.length / UNIT_FIELDS - 1
  }
}
