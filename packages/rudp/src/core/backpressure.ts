/** A slow peer must take this share of the limit off a full send queue to count as taking anything. */
const PROGRESS_SHARE = 1 / 128
/** Refused channels are told when the queue has fallen below this share of the limit. */
const WRITABLE_SHARE = 3 / 4

/** What becomes of channels whose messages were refused because the send queue was full. */
export class Backpressure {
  readonly #limitBytes: number
  readonly #limitMessages: number
  readonly #slowConsumerMs: number
  /** Bit per channel that was refused. */
  #refusedChannels = 0
  #stalledSinceMs = Number.POSITIVE_INFINITY
  #stalledBytes = 0
  #stalledMessages = 0

  constructor(limitBytes: number, limitMessages: number, slowConsumerMs: number) {
    this.#limitBytes = limitBytes
    this.#limitMessages = limitMessages
    this.#slowConsumerMs = slowConsumerMs
  }

  /** When the peer must have taken something; Infinity when the queue is not full. */
  get deadlineMs(): number {
    return this.#stalledSinceMs + this.#slowConsumerMs
  }

  isSlowConsumer(nowMs: number): boolean {
    return nowMs >= this.deadlineMs
  }

  onRefused(channel: number, queuedBytes: number, queuedMessages: number, nowMs: number): void {
    this.#refusedChannels |= 1 << channel
    if (this.#stalledSinceMs !== Number.POSITIVE_INFINITY) return
    this.#stalledSinceMs = nowMs
    this.#stalledBytes = queuedBytes
    this.#stalledMessages = queuedMessages
  }

  /** Looks at the queue after an ACK. @returns bits of the channels to be told that there is room */
  onDrained(queuedBytes: number, queuedMessages: number): number {
    if (this.#refusedChannels === 0) return 0
    if (
      queuedBytes <= this.#stalledBytes - this.#limitBytes * PROGRESS_SHARE ||
      queuedMessages <= this.#stalledMessages - this.#limitMessages * PROGRESS_SHARE
    ) {
      this.#stalledSinceMs = Number.POSITIVE_INFINITY
    }
    const isWritable =
      queuedBytes < this.#limitBytes * WRITABLE_SHARE && queuedMessages < this.#limitMessages * WRITABLE_SHARE
    if (!isWritable) return 0
    const channels = this.#refusedChannels
    this.#refusedChannels = 0
    this.#stalledSinceMs = Number.POSITIVE_INFINITY
    return channels
  }
}
