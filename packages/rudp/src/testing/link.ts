import { drawJitterMs } from './jitter-model.ts'
import { checkConditions, type LinkConditions, PERFECT_LINK } from './link-conditions.ts'
import { LossProcess } from './loss-model.ts'
import type { ManualClock } from './manual-clock.ts'
import type { SeededRandom } from './random.ts'

/** Everything a link did, in datagrams unless the name says bytes. */
export interface LinkCounters {
  sent: number
  sentBytes: number
  delivered: number
  deliveredBytes: number
  droppedByLoss: number
  droppedByQueue: number
  droppedBySize: number
  droppedByBlackout: number
  droppedByFilter: number
  /** Arrived at an address that nobody listens on (any more). */
  unroutable: number
  /** Extra copies made. */
  duplicated: number
  reordered: number
  corrupted: number
  truncated: number
}

/** Counters at zero. */
export function createLinkCounters(): LinkCounters {
  return {
    sent: 0,
    sentBytes: 0,
    delivered: 0,
    deliveredBytes: 0,
    droppedByLoss: 0,
    droppedByQueue: 0,
    droppedBySize: 0,
    droppedByBlackout: 0,
    droppedByFilter: 0,
    unroutable: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    truncated: 0,
  }
}

/**
 * Sees a datagram before the link does anything to it and says whether it may pass. The buffer is the sender's
 * own: copy `offset … offset + length` to keep it, and change nothing.
 */
export type DatagramFilter = (
  buffer: Uint8Array,
  offset: number,
  length: number,
  nowMs: number,
  from: string,
  to: string,
) => boolean

/** Changes of conditions at one time of a {@link Link.script}. */
export type ScriptedChange = Partial<LinkConditions> & { readonly atMs: number }

/**
 * One direction of a path. Flows that are routed over the same link share its queue, its bandwidth and its luck.
 * Made by {@link NetworkSimulator.createLink}.
 */
export class Link {
  readonly counters = createLinkCounters()
  /** Drops chosen datagrams, or just watches: the first, the largest, every handshake packet. */
  filter: DatagramFilter | undefined
  readonly #clock: ManualClock
  readonly #random: SeededRandom
  readonly #loss: LossProcess
  #conditions: LinkConditions
  #idleAtMs = 0
  #latestArrivalMs = 0

  constructor(clock: ManualClock, random: SeededRandom, conditions: Partial<LinkConditions>) {
    this.#clock = clock
    this.#random = random
    this.#loss = new LossProcess(random)
    this.#conditions = { ...PERFECT_LINK, ...conditions }
    checkConditions(this.#conditions)
  }

  get conditions(): LinkConditions {
    return this.#conditions
  }

  /** Changes some conditions from now on; datagrams already under way keep their arrival time. */
  update(changes: Partial<LinkConditions>): void {
    const conditions = { ...this.#conditions, ...changes }
    checkConditions(conditions)
    const backlogBytes = this.backlogBytes(this.#clock.now())
    this.#conditions = conditions
    this.#idleAtMs = this.#clock.now() + this.#serializationMs(backlogBytes)
  }

  /** Changes conditions at given times: `link.script([{ atMs: 30_000, maxDatagramBytes: 1250 }])`. */
  script(changes: readonly ScriptedChange[]): void {
    for (const { atMs, ...conditions } of changes) this.#clock.at(atMs, () => this.update(conditions))
  }

  /** Bytes that wait at the bottleneck, headers included. */
  backlogBytes(nowMs: number): number {
    const busyMs = this.#idleAtMs - nowMs
    return busyMs > 0 ? (busyMs / 1000) * this.#conditions.bandwidthBytesPerSecond : 0
  }

  /**
   * Takes a datagram in, for the simulator.
   * @returns when it has left the bottleneck, or -1 when it was dropped (and counted)
   */
  enter(buffer: Uint8Array, offset: number, length: number, nowMs: number, from: string, to: string): number {
    const { counters } = this
    const conditions = this.#conditions
    counters.sent += 1
    counters.sentBytes += length
    if (conditions.isBlackout) {
      counters.droppedByBlackout += 1
      return -1
    }
    if (this.filter !== undefined && !this.filter(buffer, offset, length, nowMs, from, to)) {
      counters.droppedByFilter += 1
      return -1
    }
    if (length > conditions.maxDatagramBytes) {
      counters.droppedBySize += 1
      return -1
    }
    if (this.#loss.isNextLost(conditions.loss)) {
      counters.droppedByLoss += 1
      return -1
    }
    if (conditions.bandwidthBytesPerSecond === Number.POSITIVE_INFINITY) return nowMs
    const wireBytes = length + conditions.overheadBytes
    const backlogBytes = this.backlogBytes(nowMs)
    if (backlogBytes > 0 && backlogBytes + wireBytes > conditions.queueBytes) {
      counters.droppedByQueue += 1
      return -1
    }
    this.#idleAtMs = Math.max(nowMs, this.#idleAtMs) + this.#serializationMs(wireBytes)
    return this.#idleAtMs
  }

  /** Draws whether a datagram that entered arrives twice, for the simulator. */
  isDuplicated(): boolean {
    if (!this.#random.chance(this.#conditions.duplicateRate)) return false
    this.counters.duplicated += 1
    return true
  }

  /** Draws when a copy arrives that left the bottleneck at `departureMs`, for the simulator. */
  drawArrivalMs(departureMs: number): number {
    const { delayMs, jitter, keepsOrder, reorderRate, reorderDelayMs } = this.#conditions
    let arrivalMs = departureMs + Math.max(0, delayMs + drawJitterMs(jitter, this.#random))
    if (keepsOrder) {
      arrivalMs = Math.max(arrivalMs, this.#latestArrivalMs)
      this.#latestArrivalMs = arrivalMs
    }
    if (this.#random.chance(reorderRate)) {
      this.counters.reordered += 1
      arrivalMs += this.#random.next() * reorderDelayMs
    }
    return arrivalMs
  }

  /** Corrupts or truncates a copy in place, for the simulator. @returns its length */
  damage(copy: Uint8Array, length: number): number {
    const random = this.#random
    if (length > 0 && random.chance(this.#conditions.corruptRate)) {
      this.counters.corrupted += 1
      // A run of neighbouring bits: two flips of the same bit would change nothing.
      const flips = 1 + random.integer(3)
      const firstBit = random.integer(length * 8 - flips + 1)
      for (let bit = firstBit; bit < firstBit + flips; bit += 1) {
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      }
    }
    if (length > 0 && random.chance(this.#conditions.truncateRate)) {
      this.counters.truncated += 1
      return random.integer(length)
    }
    return length
  }

  #serializationMs(sizeBytes: number): number {
    return (sizeBytes / this.#conditions.bandwidthBytesPerSecond) * 1000
  }
}
