import { DELIVERY_MODES, UNRELIABLE_SEQUENCED } from './delivery-mode.ts'
import type { FrameReader } from './frame-reader.ts'
import { PartialMessage } from './partial-message.ts'
import type { ReceiveContext } from './receive-context.ts'
import { withEntry } from './sparse-list.ts'

interface PendingMessage {
  readonly channel: number
  readonly mode: number
  readonly sequence: number
  readonly expiresAtMs: number
  readonly partial: PartialMessage
}

/** Incoming unreliable messages of all channels: what is newer than the newest delivered, and fragments in time. */
export class UnreliableReceiver {
  readonly #context: ReceiveContext
  /** Per channel the sequence number last delivered in sequence. */
  #lastDelivered: (number | undefined)[] = []
  /** Incomplete messages, oldest first. */
  readonly #pending: PendingMessage[] = []

  constructor(context: ReceiveContext) {
    this.#context = context
  }

  /** Takes a MESSAGE frame. @returns false: the peer broke the rules */
  onFrame(frame: FrameReader, nowMs: number): boolean {
    if (frame.mode === UNRELIABLE_SEQUENCED && !this.#isNewest(frame.channel, frame.sequence)) {
      this.#context.drops.count('late-unreliable')
      return true
    }
    if (frame.fragmentCount > 1) return this.#onFragment(frame, nowMs)
    this.#deliver(frame.channel, frame.mode, frame.sequence, frame.buffer, frame.dataOffset, frame.dataLength)
    return true
  }

  #onFragment(frame: FrameReader, nowMs: number): boolean {
    const { limits, drops } = this.#context
    if (frame.fragmentCount > limits.maxUnreliableFragments) return false
    this.#dropExpired(nowMs)
    const partial = this.#pendingOf(frame, nowMs)
    if (partial.fragmentCount !== frame.fragmentCount) return false
    if (partial.has(frame.fragmentIndex)) {
      drops.count('duplicate-message')
      return true
    }
    partial.add(frame.fragmentIndex, frame.buffer, frame.dataOffset, frame.dataLength)
    if (partial.isComplete) {
      this.#pending.splice(this.#indexOf(frame), 1)
      const message = partial.join()
      this.#deliver(frame.channel, frame.mode, frame.sequence, message, 0, message.length)
    }
    return true
  }

  #deliver(
    channel: number,
    mode: number,
    sequence: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
  ): void {
    if (mode === UNRELIABLE_SEQUENCED) {
      if (channel < this.#lastDelivered.length) this.#lastDelivered[channel] = sequence
      else this.#lastDelivered = withEntry(this.#lastDelivered, channel, sequence)
    }
    this.#context.deliver(channel, DELIVERY_MODES[mode]!, buffer, offset, length)
  }

  #isNewest(channel: number, sequence: number): boolean {
    const last = this.#lastDelivered[channel]
    if (last === undefined) return true
    const ahead = (sequence - last) & 0xffff
    return ahead > 0 && ahead < 0x8000
  }

  /** The partial message a fragment belongs to; a new one may push out the oldest. */
  #pendingOf(frame: FrameReader, nowMs: number): PartialMessage {
    const known = this.#pending[this.#indexOf(frame)]
    if (known !== undefined) return known.partial
    if (this.#pending.length >= this.#context.limits.maxUnreliablePartials) this.#dropOldest()
    const pending = {
      channel: frame.channel,
      mode: frame.mode,
      sequence: frame.sequence,
      expiresAtMs: nowMs + this.#context.limits.unreliablePartialTtlMs,
      partial: new PartialMessage(frame.fragmentCount),
    }
    this.#pending.push(pending)
    return pending.partial
  }

  #indexOf(frame: FrameReader): number {
    return this.#pending.findIndex(
      ({ channel, mode, sequence }) =>
        channel === frame.channel && mode === frame.mode && sequence === frame.sequence,
    )
  }

  #dropExpired(nowMs: number): void {
    for (let oldest = this.#pending[0]; oldest !== undefined; oldest = this.#pending[0]) {
      if (oldest.expiresAtMs > nowMs) return
      this.#dropOldest()
    }
  }

  #dropOldest(): void {
    this.#pending.shift()
    this.#context.drops.count('unreliable-partial')
  }
}
