import { CREDIT_CONNECTION } from './frame-types.ts'
import { CREDIT_BYTES, writeCredit } from './frame-writer.ts'
import { MAX_CHANNELS } from './limits.ts'
import type { PacketWriter } from './packet-writer.ts'
import { CREDIT_STEP, INITIAL_CHANNEL_CREDIT, INITIAL_CONNECTION_CREDIT } from './send-credit.ts'
import { type SentPackets, UNIT_CREDIT } from './sent-packets.ts'
import { withEntry } from './sparse-list.ts'

/** What one channel, or all of them together, may receive, holds and has delivered. */
class Window {
  readonly #id: number
  readonly #size: number
  #delivered = 0
  #buffered = 0
  #allowed = 0
  isDue: boolean
  isLost = false

  constructor(id: number, size: number, initialCredit: number) {
    this.#id = id
    this.#size = size
    this.#allowed = initialCredit
    this.isDue = size > initialCredit
  }

  get buffered(): number {
    return this.#buffered
  }

  allows(bytes: number): boolean {
    return this.#delivered + this.#buffered + bytes <= this.#allowed
  }

  /** CREDIT must not wait for a packet to ride in: half the window is left, or the last one was lost. */
  get isUrgent(): boolean {
    return this.isDue && (this.isLost || this.#allowed - this.#delivered <= this.#size / 2)
  }

  buffer(bytes: number): void {
    this.#buffered += bytes
  }

  deliver(bytes: number): void {
    this.#delivered += bytes
    if (this.#allowed - this.#delivered <= this.#size - CREDIT_STEP) this.isDue = true
  }

  write(writer: PacketWriter, sent: SentPackets): void {
    this.isDue = false
    this.isLost = false
    this.#allowed = Math.max(this.#allowed, this.#delivered + this.#size)
    writer.wrote(writeCredit(writer.out, writer.at, this.#id, this.#allowed), true)
    sent.addUnit(UNIT_CREDIT, this.#id, 0)
  }
}

/**
 * The receiving half of flow control: per channel and in total, how many reliable bytes were delivered, how
 * many wait, and up to which sum the peer was allowed to send.
 */
export class ReceiveCredit {
  readonly #channelBytes: number
  readonly #total: Window
  #channels: (Window | undefined)[] = []
  #hasDue = false

  /** Windows are at least the initial credit. */
  constructor(channelWindowBytes: number, connectionWindowBytes: number) {
    this.#channelBytes = channelWindowBytes
    this.#total = new Window(CREDIT_CONNECTION, connectionWindowBytes, INITIAL_CONNECTION_CREDIT)
    this.#hasDue = this.#total.isDue
    // A larger window is announced before the peer can need it.
    if (channelWindowBytes > INITIAL_CHANNEL_CREDIT) {
      for (let channel = 0; channel < MAX_CHANNELS; channel++) this.#channel(channel)
    }
  }

  /** Reliable bytes received and not delivered, over all channels. */
  get bufferedBytes(): number {
    return this.#total.buffered
  }

  /** CREDIT frames must be sent now; others that are due ride in the next packet. */
  get isUrgent(): boolean {
    if (!this.#hasDue) return false
    return this.#total.isUrgent || this.#channels.some((window) => window?.isUrgent)
  }

  /** Accepts bytes that cannot be delivered yet. @returns false: the peer sent more than it was allowed to */
  buffer(channel: number, bytes: number): boolean {
    const window = this.#channel(channel)
    if (!window.allows(bytes) || !this.#total.allows(bytes)) return false
    window.buffer(bytes)
    this.#total.buffer(bytes)
    return true
  }

  /** Bytes accepted by `buffer` leave it to be delivered. */
  unbuffer(channel: number, bytes: number): void {
    this.#channel(channel).buffer(-bytes)
    this.#total.buffer(-bytes)
  }

  /** A message of this size was delivered. @returns false: the peer sent more than it was allowed to */
  deliver(channel: number, bytes: number): boolean {
    const window = this.#channel(channel)
    if (!window.allows(bytes) || !this.#total.allows(bytes)) return false
    window.deliver(bytes)
    this.#total.deliver(bytes)
    this.#hasDue ||= window.isDue || this.#total.isDue
    return true
  }

  /** Writes the CREDIT frames that are due, as far as they fit. */
  write(writer: PacketWriter, sent: SentPackets): void {
    if (!this.#hasDue) return
    if (this.#total.isDue && writer.room >= CREDIT_BYTES) this.#total.write(writer, sent)
    for (const window of this.#channels) {
      if (window?.isDue && writer.room >= CREDIT_BYTES) window.write(writer, sent)
    }
    this.#hasDue = this.#total.isDue || this.#channels.some((window) => window?.isDue)
  }

  /** A packet with the credit of this channel was lost: the present one is sent again. */
  onLost(channel: number): void {
    const window = channel === CREDIT_CONNECTION ? this.#total : this.#channel(channel)
    window.isDue = true
    window.isLost = true
    this.#hasDue = true
  }

  #channel(channel: number): Window {
    const known = this.#channels[channel]
    if (known !== undefined) return known
    const window = new Window(channel, this.#channelBytes, INITIAL_CHANNEL_CREDIT)
    this.#channels = withEntry(this.#channels, channel, window)
    this.#hasDue ||= window.isDue
    return window
  }
}
