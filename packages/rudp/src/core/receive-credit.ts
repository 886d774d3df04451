import { CREDIT_CONNECTION } from './frame-types.ts'
import { CREDIT_BYTES, writeCredit } from './frame-writer.ts'
import { MAX_CHANNELS } from './limits.ts'
import type { PacketWriter } from './packet-writer.ts'
import { INITIAL_CHANNEL_CREDIT, INITIAL_CONNECTION_CREDIT } from './send-credit.ts'
import { type SentPackets, UNIT_CREDIT } from './sent-packets.ts'

/** Entry of the sum over all channels, behind those of the channels. */
const TOTAL = MAX_CHANNELS

/**
 * The receiving half of flow control: per channel and in total, how many reliable bytes were delivered, how
 * many wait, and up to which sum the peer was allowed to send.
 */
export class ReceiveCredit {
  readonly #channelWindow: number
  readonly #totalWindow: number
  readonly #delivered = new Float64Array(MAX_CHANNELS + 1)
  readonly #buffered = new Float64Array(MAX_CHANNELS + 1)
  readonly #allowed = new Float64Array(MAX_CHANNELS + 1).fill(INITIAL_CHANNEL_CREDIT, 0, MAX_CHANNELS)
  /** Bit per channel whose new credit must be sent. */
  #dueChannels = 0
  #isTotalDue = false

  /** @throws RangeError when a window is smaller than what every peer starts with */
  constructor(channelWindowBytes: number, connectionWindowBytes: number) {
    if (channelWindowBytes < INITIAL_CHANNEL_CREDIT || connectionWindowBytes < INITIAL_CONNECTION_CREDIT) {
      throw new RangeError('receive windows must not be smaller than the initial credit')
    }
    this.#channelWindow = channelWindowBytes
    this.#totalWindow = connectionWindowBytes
    this.#allowed[TOTAL] = INITIAL_CONNECTION_CREDIT
    this.#isTotalDue = connectionWindowBytes > INITIAL_CONNECTION_CREDIT
    if (channelWindowBytes > INITIAL_CHANNEL_CREDIT) this.#dueChannels = 0xffffffff
  }

  /** Reliable bytes received and not delivered, over all channels. */
  get bufferedBytes(): number {
    return this.#buffered[TOTAL]!
  }

  get isDue(): boolean {
    return this.#dueChannels !== 0 || this.#isTotalDue
  }

  /** Accepts bytes that cannot be delivered yet. @returns false: the peer sent more than it was allowed to */
  buffer(channel: number, bytes: number): boolean {
    if (!this.#isAllowed(channel, bytes) || !this.#isAllowed(TOTAL, bytes)) return false
    this.#buffered[channel]! += bytes
    this.#buffered[TOTAL]! += bytes
    return true
  }

  /** Bytes accepted by `buffer` leave it to be delivered. */
  unbuffer(channel: number, bytes: number): void {
    this.#buffered[channel]! -= bytes
    this.#buffered[TOTAL]! -= bytes
  }

  /** A message of this size was delivered. @returns false: the peer sent more than it was allowed to */
  deliver(channel: number, bytes: number): boolean {
    if (!this.#isAllowed(channel, bytes) || !this.#isAllowed(TOTAL, bytes)) return false
    this.#delivered[channel]! += bytes
    this.#delivered[TOTAL]! += bytes
    if (this.#isHalfUsed(channel, this.#channelWindow)) this.#dueChannels |= 1 << channel
    if (this.#isHalfUsed(TOTAL, this.#totalWindow)) this.#isTotalDue = true
    return true
  }

  /** Writes the CREDIT frames that are due, as far as they fit. */
  write(writer: PacketWriter, sent: SentPackets): void {
    if (this.#isTotalDue && writer.room >= CREDIT_BYTES) {
      this.#isTotalDue = false
      this.#writeOne(writer, sent, CREDIT_CONNECTION, TOTAL, this.#totalWindow)
    }
    for (let channel = 0; this.#dueChannels !== 0 && channel < MAX_CHANNELS; channel++) {
      if ((this.#dueChannels & (1 << channel)) === 0) continue
      if (writer.room < CREDIT_BYTES) return
      this.#dueChannels &= ~(1 << channel)
      this.#writeOne(writer, sent, channel, channel, this.#channelWindow)
    }
  }

  /** A packet with the credit of this channel was lost: the present one is sent again. */
  onLost(channel: number): void {
    if (channel === CREDIT_CONNECTION) this.#isTotalDue = true
    else this.#dueChannels |= 1 << channel
  }

  #writeOne(writer: PacketWriter, sent: SentPackets, channel: number, entry: number, window: number): void {
    this.#allowed[entry] = Math.max(this.#allowed[entry]!, this.#delivered[entry]! + window)
    writer.wrote(writeCredit(writer.out, writer.at, channel, this.#allowed[entry]!), true)
    sent.addUnit(UNIT_CREDIT, channel, 0)
  }

  #isAllowed(entry: number, bytes: number): boolean {
    return this.#delivered[entry]! + this.#buffered[entry]! + bytes <= this.#allowed[entry]!
  }

  #isHalfUsed(entry: number, window: number): boolean {
    return this.#allowed[entry]! - this.#delivered[entry]! < window / 2
  }
}
