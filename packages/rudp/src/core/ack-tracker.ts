import { MINIMUM_WINDOW_BYTES } from './congestion/controller.ts'
import {
  ACK_BITFIELD_SPAN,
  ACK_DELAY_UNIT_MS,
  ACK_DELAY_UNKNOWN,
  ACK_HAS_BITS,
  ACK_HAS_NAK,
  ACK_LONG_LARGEST,
  FrameType,
  MAX_NAK_RANGES,
} from './frame-types.ts'
import { writeU16, writeU32 } from './little-endian.ts'
import { REPLAY_WINDOW, type ReceivedPackets } from './received-packets.ts'
import { writeVarint } from './varint.ts'

/** What a packet asks for: nothing, an ACK with the next packet, or an ACK soon. */
export const ELICITS_NOTHING = 0
/** Only unreliable messages: an ACK tells of loss and delay, but nobody waits for it. */
export const ELICITS_LAZILY = 1
/** Reliable messages or control frames: the sender repeats them unless an ACK comes. */
export const ELICITS_PROMPTLY = 2

/** A packet that elicits promptly is acknowledged within this time (RFC 9000 §13.2.1). */
export const MAX_ACK_DELAY_MS = 25
/** A packet that elicits lazily is acknowledged within this time when no other goes out before … */
export const MAX_LAZY_ACK_DELAY_MS = 1000
/** … and within this one when what waits is half of the smallest window, or when packets of the path are lost. */
export const SHORT_LAZY_ACK_DELAY_MS = 100
export const LAZY_SHARE_BYTES = MINIMUM_WINDOW_BYTES / 2

/** So much unacknowledged at once is bulk: two full packets (RFC 9000 §13.2.2) or a crowd of small ones. */
const PROMPT_BYTES = 2000
const PROMPT_PACKETS = 8
const LAZY_BYTES = 5000
const LAZY_PACKETS = 16

/** On a path that loses more than this, ACKs are lost too, so they come sooner: for each full packet at once. */
const LOSSY_SHARE = 0.03
const LOSSY_SMOOTHING = 1 / 32

/** A gap is worth an ACK at once when one of so many packets before it was promptly eliciting. */
const RECENT_PACKETS = 16

/** Room an ACK frame takes without ranges of missing packets … */
export const MIN_ACK_BYTES = 1 + 4 + 2 + 4
/** … and with them, at most. */
const MAX_ACK_BYTES = MIN_ACK_BYTES + 4 + 1 + MAX_NAK_RANGES * 4

/** The receiving half of acknowledgement: when an ACK is due, and what it says. */
export class AckTracker {
  readonly #received: ReceivedPackets
  #largestAtMs = 0
  #usesLongNumbers = false
  #promptPackets = 0
  #promptBytes = 0
  #lazyPackets = 0
  #lazyBytes = 0
  /** When the first of the lazy packets came that no ACK has covered. */
  #lazySinceMs = 0
  #lastPrompt = Number.NEGATIVE_INFINITY
  #deadlineMs = Number.POSITIVE_INFINITY
  /** Share of packets that did not follow on the one before, smoothed. */
  #gapShare = 0
  /** The peer knows the fate of all packets up to here, because one of our ACKs that said so arrived. */
  #reported = -1

  constructor(received: ReceivedPackets) {
    this.#received = received
  }

  /** Something was received that no ACK has covered yet, so the next packet should carry one. */
  get isPending(): boolean {
    return this.#promptPackets + this.#lazyPackets > 0
  }

  /** When an ACK must go out even if nothing else does. */
  get deadlineMs(): number {
    return this.#deadlineMs
  }

  /**
   * Notes a packet just added to the received ones. `previousLargest` is the largest number before it,
   * `numberBytes` those of its truncated number: the peer needs that many to tell its own packets apart.
   */
  onPacket(
    packetNumber: number,
    previousLargest: number,
    numberBytes: number,
    elicits: number,
    sizeBytes: number,
    nowMs: number,
  ): void {
    if (packetNumber > previousLargest) {
      this.#largestAtMs = nowMs
      this.#usesLongNumbers = numberBytes > 2
    }
    if (elicits === ELICITS_NOTHING) return
    if (elicits === ELICITS_PROMPTLY) {
      this.#lastPrompt = Math.max(this.#lastPrompt, packetNumber)
      this.#promptPackets++
      this.#promptBytes += sizeBytes
      this.#dueBy(nowMs + MAX_ACK_DELAY_MS)
    } else {
      if (this.#lazyPackets === 0) this.#lazySinceMs = nowMs
      this.#lazyPackets++
      this.#lazyBytes += sizeBytes
    }
    const isOutOfOrder = packetNumber !== previousLargest + 1
    this.#gapShare += ((isOutOfOrder ? 1 : 0) - this.#gapShare) * LOSSY_SMOOTHING
    const isLossy = this.#gapShare > LOSSY_SHARE
    const promptBytes = isLossy ? PROMPT_BYTES / 2 : PROMPT_BYTES
    if (this.#lazyPackets > 0) {
      const isShort = isLossy || this.#lazyBytes >= LAZY_SHARE_BYTES
      this.#dueBy(this.#lazySinceMs + (isShort ? SHORT_LAZY_ACK_DELAY_MS : MAX_LAZY_ACK_DELAY_MS))
    }
    if (
      (isOutOfOrder && packetNumber - this.#lastPrompt <= RECENT_PACKETS) ||
      this.#promptPackets >= PROMPT_PACKETS ||
      this.#promptBytes >= promptBytes ||
      this.#lazyPackets >= LAZY_PACKETS ||
      this.#lazyBytes >= LAZY_BYTES
    ) {
      this.#deadlineMs = nowMs
    }
  }

  /** One of our ACKs, whose largest number was this, has arrived. */
  onAckArrived(largest: number): void {
    if (largest > this.#reported) this.#reported = largest
  }

  /**
   * Writes an ACK frame. `room`, at least MIN_ACK_BYTES, is free at `offset`; where it is scarce, the ranges are
   * left out. @returns the offset after it
   */
  write(out: Uint8Array, offset: number, room: number, nowMs: number): number {
    const received = this.#received
    const { largest } = received
    const bits = received.bitsFrom(largest - 1)
    const allBits = largest >= 32 ? 0xffffffff : 2 ** largest - 1
    const floor = Math.max(this.#reported + 1, largest - REPLAY_WINDOW + 1, 0)
    const hasNak = largest - floor >= ACK_BITFIELD_SPAN && room >= MAX_ACK_BYTES
    const hasBits = bits !== allBits
    out[offset] =
      FrameType.Ack |
      (hasNak ? ACK_HAS_NAK : 0) |
      (hasBits ? ACK_HAS_BITS : 0) |
      (this.#usesLongNumbers ? ACK_LONG_LARGEST : 0)
    let at = offset + 1
    if (this.#usesLongNumbers) {
      writeU32(out, at, largest)
      at += 4
    } else {
      writeU16(out, at, largest)
      at += 2
    }
    writeU16(
      out,
      at,
      Math.min(Math.round((nowMs - this.#largestAtMs) / ACK_DELAY_UNIT_MS), ACK_DELAY_UNKNOWN),
    )
    at += 2
    if (hasBits) {
      writeU32(out, at, bits)
      at += 4
    }
    if (hasNak) at = this.#writeMissingRanges(out, at, largest, floor)
    this.#promptPackets = 0
    this.#promptBytes = 0
    this.#lazyPackets = 0
    this.#lazyBytes = 0
    this.#deadlineMs = Number.POSITIVE_INFINITY
    return at
  }

  /** When there are more ranges than an ACK lists, its floor rises to what the listed ones cover. */
  #writeMissingRanges(out: Uint8Array, offset: number, largest: number, floor: number): number {
    const received = this.#received
    const rangesAt = offset + 5
    let at = rangesAt
    let count = 0
    let lowest = floor
    let packetNumber = largest - ACK_BITFIELD_SPAN
    while (packetNumber >= floor) {
      let gap = 0
      while (packetNumber >= floor && received.has(packetNumber)) {
        packetNumber--
        gap++
      }
      if (packetNumber < floor) break
      if (count === MAX_NAK_RANGES) {
        lowest = packetNumber + 1
        break
      }
      let missing = 0
      while (packetNumber >= floor && !received.has(packetNumber)) {
        packetNumber--
        missing++
      }
      at = writeVarint(out, writeVarint(out, at, gap), missing)
      count++
    }
    const countAt = writeVarint(out, offset, largest - lowest)
    out[countAt] = count
    out.copyWithin(countAt + 1, rangesAt, at)
    return at - (rangesAt - countAt - 1)
  }

  #dueBy(deadlineMs: number): void {
    this.#deadlineMs = Math.min(this.#deadlineMs, deadlineMs)
  }
}
