import type { ConnectionHandler } from './connection-options.ts'
import { type DeliveryMode, RELIABLE_UNORDERED } from './delivery-mode.ts'
import type { DropCounters } from './drop-counters.ts'
import type { FrameReader } from './frame-reader.ts'
import type { ConnectionLimits } from './limits.ts'
import { ReceiveCredit } from './receive-credit.ts'
import type { ReceiveContext } from './receive-context.ts'
import { ReliableReceiveStream } from './reliable-receive-stream.ts'
import { withEntry } from './sparse-list.ts'
import { UnreliableReceiver } from './unreliable-receiver.ts'

/** The receiving side of all channels. Streams come to be when the peer first uses a channel and mode. */
export class ReceiveChannels implements ReceiveContext {
  readonly limits: ConnectionLimits
  readonly credit: ReceiveCredit
  readonly drops: DropCounters
  reliablePartials = 0
  reorderDepth = 0
  messagesReceived = 0
  readonly #handler: ConnectionHandler
  #reliable: (ReliableReceiveStream | undefined)[] = []
  readonly #unreliable = new UnreliableReceiver(this)
  #isStopped = false

  constructor(limits: ConnectionLimits, drops: DropCounters, handler: ConnectionHandler) {
    this.limits = limits
    this.drops = drops
    this.credit = new ReceiveCredit(limits.channelWindowBytes, limits.connectionWindowBytes)
    this.#handler = handler
  }

  /** Takes a MESSAGE frame and delivers what it completes. @returns false: the peer broke the rules */
  onFrame(frame: FrameReader, nowMs: number): boolean {
    if (frame.mode > RELIABLE_UNORDERED) return this.#unreliable.onFrame(frame, nowMs)
    const id = frame.channel * 2 + frame.mode
    let stream = this.#reliable[id]
    if (stream === undefined) {
      stream = new ReliableReceiveStream(frame.channel, frame.mode, this)
      this.#reliable = withEntry(this.#reliable, id, stream)
    }
    return stream.onFrame(frame)
  }

  /** Nothing is delivered any more. */
  stop(): void {
    this.#isStopped = true
  }

  mayDeliver(): boolean {
    return !this.#isStopped
  }

  deliver(channel: number, mode: DeliveryMode, buffer: Uint8Array, offset: number, length: number): void {
    if (this.#isStopped) return
    this.messagesReceived++
    this.#handler.onMessage(channel, mode, buffer.subarray(offset, offset + length))
  }
}
