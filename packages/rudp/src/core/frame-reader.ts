import { MAX_CLOSE_REASON_BYTES } from './close-code.ts'
import { UNRELIABLE } from './delivery-mode.ts'
import { EMPTY_BYTES } from './empty-bytes.ts'
import {
  ACK_BITFIELD_SPAN,
  ACK_DELAY_UNIT_MS,
  ACK_DELAY_UNKNOWN,
  ACK_HAS_BITS,
  ACK_HAS_NAK,
  ACK_LONG_LARGEST,
  CREDIT_CONNECTION,
  FrameType,
  MAX_NAK_RANGES,
  MESSAGE_FRAGMENT,
  MESSAGE_LENGTH,
  MESSAGE_MODE_SHIFT,
  MESSAGE_RESERVED,
  PATH_DATA_BYTES,
} from './frame-types.ts'
import { FRAGMENT_BYTES, MAX_CHANNELS } from './limits.ts'
import { readU16, readU32 } from './little-endian.ts'
import { readVarint, varintBytesOf } from './varint.ts'

/** `next` met the end of the packet. */
export const END_OF_FRAMES = -1
/** `next` met bytes that are no frame; the rest of the packet means nothing. */
export const MALFORMED_FRAME = -2

const NO_RUNS = new Uint32Array(0)

/** Fragments no message may exceed: 1 MiB. */
export const MAX_FRAGMENTS = Math.ceil(2 ** 20 / FRAGMENT_BYTES)

/**
 * Reads the frames of a decrypted packet one after another into its own fields. It never throws, allocates
 * nothing, and never looks beyond the packet. Runs of PADDING are skipped and not reported.
 */
export class FrameReader {
  buffer: Uint8Array = EMPTY_BYTES
  #at = 0
  #end = 0

  /** MESSAGE, CREDIT */
  channel = 0
  /** MESSAGE: number of the delivery mode. */
  mode = 0
  /** MESSAGE: -1 when the frame has none. */
  sequence = 0
  /** MESSAGE: 0 and 1 when the message is in one piece. */
  fragmentIndex = 0
  fragmentCount = 0
  /** MESSAGE, CLOSE, PATH_*, RESUME: where in `buffer` the data are. */
  dataOffset = 0
  dataLength = 0

  /** ACK: low 16 or 32 bits of the largest packet number, and which. */
  ackLargest = 0
  ackLargestBytes = 0
  /** ACK: how long the peer held the ACK back, -1 = unknown. */
  ackDelayMs = 0
  /** ACK: bit i = largest - 1 - i was received. */
  ackBits = 0
  /** ACK: largest minus the lowest packet number covered by the ranges; 0 = no ranges given. */
  ackFloor = 0
  /** ACK: missing ranges. */
  ackRangeCount = 0
  /** ACK: from largest - 33 down, in turn: so many received, so many missing. Made with the first missing range. */
  ackRuns = NO_RUNS

  /** CLOSE */
  closeCode = 0
  /** CREDIT: low 32 bits of the bytes allowed since the start. */
  creditBytes = 0
  /** TICK */
  tick = 0
  microsInTick = 0

  reset(buffer: Uint8Array, start: number, end: number): void {
    this.buffer = buffer
    this.#at = start
    this.#end = end
  }

  /** Reads the next frame. @returns its `FrameType` (flags removed), END_OF_FRAMES or MALFORMED_FRAME */
  next(): number {
    const { buffer } = this
    while (this.#at < this.#end && buffer[this.#at] === FrameType.Padding) this.#at++
    if (this.#at >= this.#end) return END_OF_FRAMES
    const type = buffer[this.#at++]!
    if (type >= FrameType.Message)
      return type < 0x40 && this.#readMessage(type) ? FrameType.Message : MALFORMED_FRAME
    if (type >= FrameType.Ack) return type < 0x18 && this.#readAck(type) ? FrameType.Ack : MALFORMED_FRAME
    return this.#readControl(type) ? type : MALFORMED_FRAME
  }

  #readControl(type: number): boolean {
    switch (type) {
      case FrameType.Ping:
        return true
      case FrameType.Close:
        if (!this.#has(3)) return false
        this.closeCode = readU16(this.buffer, this.#at)
        this.#at += 2
        return this.#takeShortData(MAX_CLOSE_REASON_BYTES)
      case FrameType.PathChallenge:
      case FrameType.PathResponse:
        return this.#take(PATH_DATA_BYTES)
      case FrameType.Credit:
        if (!this.#has(5)) return false
        this.channel = this.buffer[this.#at]!
        this.creditBytes = readU32(this.buffer, this.#at + 1)
        this.#at += 5
        return this.channel < MAX_CHANNELS || this.channel === CREDIT_CONNECTION
      case FrameType.Resume:
        return this.#has(1) && this.#takeShortData(255)
      case FrameType.Tick:
        if (!this.#has(6)) return false
        this.tick = readU32(this.buffer, this.#at)
        this.microsInTick = readU16(this.buffer, this.#at + 4)
        this.#at += 6
        return true
      default:
        return false
    }
  }

  #readAck(type: number): boolean {
    this.ackLargestBytes = (type & ACK_LONG_LARGEST) === 0 ? 2 : 4
    const hasBits = (type & ACK_HAS_BITS) !== 0
    if (!this.#has(this.ackLargestBytes + 2 + (hasBits ? 4 : 0))) return false
    this.ackLargest =
      this.ackLargestBytes === 2 ? readU16(this.buffer, this.#at) : readU32(this.buffer, this.#at)
    this.#at += this.ackLargestBytes
    const delay = readU16(this.buffer, this.#at)
    this.ackDelayMs = delay === ACK_DELAY_UNKNOWN ? -1 : delay * ACK_DELAY_UNIT_MS
    this.#at += 2
    this.ackBits = 0xffffffff
    if (hasBits) {
      this.ackBits = readU32(this.buffer, this.#at)
      this.#at += 4
    }
    this.ackFloor = 0
    this.ackRangeCount = 0
    return (type & ACK_HAS_NAK) === 0 || this.#readMissingRanges()
  }

  #readMissingRanges(): boolean {
    this.ackFloor = this.#varint()
    if (this.ackFloor < ACK_BITFIELD_SPAN || !this.#has(1)) return false
    this.ackRangeCount = this.buffer[this.#at++]!
    if (this.ackRangeCount > MAX_NAK_RANGES) return false
    if (this.ackRangeCount > 0 && this.ackRuns.length === 0)
      this.ackRuns = new Uint32Array(2 * MAX_NAK_RANGES)
    let left = this.ackFloor - ACK_BITFIELD_SPAN + 1
    for (let range = 0; range < this.ackRangeCount; range++) {
      const gap = this.#varint()
      const missing = this.#varint()
      if (gap < 0 || missing < 1) return false
      left -= gap + missing
      if (left < 0) return false
      this.ackRuns[2 * range] = gap
      this.ackRuns[2 * range + 1] = missing
    }
    return true
  }

  #readMessage(type: number): boolean {
    const isFragment = (type & MESSAGE_FRAGMENT) !== 0
    this.mode = (type >>> MESSAGE_MODE_SHIFT) & 3
    if ((type & MESSAGE_RESERVED) !== 0 || !this.#has(1)) return false
    this.channel = this.buffer[this.#at++]!
    if (this.channel >= MAX_CHANNELS) return false
    this.sequence = -1
    if (this.mode !== UNRELIABLE || isFragment) {
      if (!this.#has(2)) return false
      this.sequence = readU16(this.buffer, this.#at)
      this.#at += 2
    }
    this.fragmentIndex = 0
    this.fragmentCount = 1
    if (isFragment) {
      this.fragmentIndex = this.#varint()
      this.fragmentCount = this.#varint()
      if (this.fragmentCount < 2 || this.fragmentCount > MAX_FRAGMENTS) return false
      if (this.fragmentIndex < 0 || this.fragmentIndex >= this.fragmentCount) return false
    }
    const length = (type & MESSAGE_LENGTH) !== 0 ? this.#varint() : this.#end - this.#at
    if (length < 0 || !this.#take(length)) return false
    return !isFragment || this.#hasFragmentLength()
  }

  /** All fragments but the last are of one size, so that where each belongs is known before the others come. */
  #hasFragmentLength(): boolean {
    return this.fragmentIndex < this.fragmentCount - 1
      ? this.dataLength === FRAGMENT_BYTES
      : this.dataLength > 0 && this.dataLength <= FRAGMENT_BYTES
  }

  #has(bytes: number): boolean {
    return this.#at + bytes <= this.#end
  }

  #varint(): number {
    const value = readVarint(this.buffer, this.#at, this.#end)
    if (value >= 0) this.#at += varintBytesOf(this.buffer[this.#at]!)
    return value
  }

  #take(length: number): boolean {
    if (!this.#has(length)) return false
    this.dataOffset = this.#at
    this.dataLength = length
    this.#at += length
    return true
  }

  #takeShortData(maxBytes: number): boolean {
    const length = this.buffer[this.#at++]!
    return length <= maxBytes && this.#take(length)
  }
}
