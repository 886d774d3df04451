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

const FIRST_PACKETS = 16
const RESERVED_PACKETS = 64
const FIRST_UNITS = 16

/**
 * The packets whose fate is not yet settled, oldest first, as rings of numbers that start small and double.
 * A packet's *units* are the things in it that are repeated on loss: a kind, an owner (stream or channel
 * number) and an index that means something to the owner.
 */
export class SentPackets {
  readonly #maxPackets: number
  #first: number
  #next: number
  #mask = FIRST_PACKETS - 1
  #sentAtMs = new Float64Array(FIRST_PACKETS)
  #fates = new Uint8Array(FIRST_PACKETS)
  #flags = new Uint8Array(FIRST_PACKETS)
  #ackLargest = new Float64Array(FIRST_PACKETS)
  #unitStarts = new Uint32Array(FIRST_PACKETS)
  /** Size in the low 16 bits, number of units above. */
  #sizesAndUnits = new Uint32Array(FIRST_PACKETS)

  /** Units are counted from the start. */
  #firstUnit = 0
  #nextUnit = 0
  #pendingUnits = 0
  #unitMask = FIRST_UNITS - 1
  /** Kind and owner. */
  #unitHeads = new Uint16Array(FIRST_UNITS)
  #unitIndexes = new Uint32Array(FIRST_UNITS)

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
    const slot = this.#claim()
    this.#fates[slot] = PACKET_SKIPPED
    this.#flags[slot] = 0
    this.#sizesAndUnits[slot] = 0
  }

  /** Adds a unit to the packet that `record` will note. */
  addUnit(kind: number, owner: number, index: number): void {
    if (this.#nextUnit + this.#pendingUnits - this.#firstUnit > this.#unitMask) this.#growUnits()
    const slot = (this.#nextUnit + this.#pendingUnits) & this.#unitMask
    this.#unitHeads[slot] = (kind << 8) | owner
    this.#unitIndexes[slot] = index
    this.#pendingUnits++
  }

  /**
   * Notes the packet just sent, with the units added for it. `ackLargest` is the largest number in the ACK it
   * carries, -1 for none. There must be room.
   */
  record(sizeBytes: number, flags: number, ackLargest: number, nowMs: number): void {
    const slot = this.#claim()
    this.#sentAtMs[slot] = nowMs
    this.#fates[slot] = (flags & SENT_ELICITING) === 0 ? PACKET_UNTRACKED : PACKET_OUTSTANDING
    this.#flags[slot] = flags
    this.#ackLargest[slot] = ackLargest
    this.#unitStarts[slot] = this.#nextUnit
    this.#sizesAndUnits[slot] = (this.#pendingUnits << 16) | sizeBytes
    this.#nextUnit += this.#pendingUnits
    this.#pendingUnits = 0
  }

  fate(packetNumber: number): number {
    return this.#fates[packetNumber & this.#mask]!
  }

  setFate(packetNumber: number, fate: number): void {
    this.#fates[packetNumber & this.#mask] = fate
  }

  sentAtMs(packetNumber: number): number {
    return this.#sentAtMs[packetNumber & this.#mask]!
  }

  sizeBytes(packetNumber: number): number {
    return this.#sizesAndUnits[packetNumber & this.#mask]! & 0xffff
  }

  flags(packetNumber: number): number {
    return this.#flags[packetNumber & this.#mask]!
  }

  addFlag(packetNumber: number, flag: number): void {
    this.#flags[packetNumber & this.#mask]! |= flag
  }

  ackLargest(packetNumber: number): number {
    return this.#ackLargest[packetNumber & this.#mask]!
  }

  unitStart(packetNumber: number): number {
    return this.#unitStarts[packetNumber & this.#mask]!
  }

  unitCount(packetNumber: number): number {
    return this.#sizesAndUnits[packetNumber & this.#mask]! >>> 16
  }

  unitKind(unit: number): number {
    return this.#unitHeads[unit & this.#unitMask]! >>> 8
  }

  unitOwner(unit: number): number {
    return this.#unitHeads[unit & this.#unitMask]! & 0xff
  }

  unitIndex(unit: number): number {
    return this.#unitIndexes[unit & this.#unitMask]!
  }

  /** Forgets the oldest packets: those settled, and those lost that were sent before `lostBeforeMs`. */
  prune(lostBeforeMs: number): void {
    while (this.#first < this.#next) {
      const slot = this.#first & this.#mask
      const fate = this.#fates[slot]!
      if (fate === PACKET_OUTSTANDING) break
      if (fate === PACKET_LOST && this.#sentAtMs[slot]! >= lostBeforeMs) break
      this.#firstUnit += this.#sizesAndUnits[slot]! >>> 16
      this.#first++
    }
  }

  #claim(): number {
    if (this.#next - this.#first > this.#mask) this.#growPackets()
    return this.#next++ & this.#mask
  }

  #growPackets(): void {
    const first = this.#first
    const next = this.#next
    this.#sentAtMs = grownRing(this.#sentAtMs, first, next)
    this.#fates = grownRing(this.#fates, first, next)
    this.#flags = grownRing(this.#flags, first, next)
    this.#ackLargest = grownRing(this.#ackLargest, first, next)
    this.#unitStarts = grownRing(this.#unitStarts, first, next)
    this.#sizesAndUnits = grownRing(this.#sizesAndUnits, first, next)
    this.#mask = this.#fates.length - 1
  }

  #growUnits(): void {
    const next = this.#nextUnit + this.#pendingUnits
    this.#unitHeads = grownRing(this.#unitHeads, this.#firstUnit, next)
    this.#unitIndexes = grownRing(this.#unitIndexes, this.#firstUnit, next)
    this.#unitMask = this.#unitHeads.length - 1
  }
}
