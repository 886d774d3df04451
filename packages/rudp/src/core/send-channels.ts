import {
  BULK_PRIORITY,
  type ChannelOptions,
  channelOptions,
  checkChannelOptions,
  type ResolvedChannelOptions,
} from './channel-options.ts'
import type { SendResult } from './connection-options.ts'
import type { DropCounters } from './drop-counters.ts'
import { RELIABLE_ORDERED, RELIABLE_UNORDERED, UNRELIABLE_SEQUENCED } from './delivery-mode.ts'
import { type ConnectionLimits, FRAGMENT_BYTES, MAX_CHANNELS } from './limits.ts'
import type { PacketWriter } from './packet-writer.ts'
import { ReliableSendStream, type ReliableStreamContext } from './reliable-send-stream.ts'
import { SendAccount } from './send-account.ts'
import { SendCredit } from './send-credit.ts'
import type { SentPackets } from './sent-packets.ts'
import { withEntry } from './sparse-list.ts'
import { UnreliableSendStream } from './unreliable-send-stream.ts'

/** The memory of queues that stayed unused for this long is given back. */
const UNUSED_MS = 1000

/** A stream in the schedule. */
class ScheduledStream {
  readonly stream: ReliableSendStream | UnreliableSendStream
  readonly priority: number
  readonly weight: number
  readonly isEager: boolean
  /** Bytes sent divided by weight: among streams of one priority the least goes first (stride scheduling). */
  pass = 0

  constructor(stream: ReliableSendStream | UnreliableSendStream, channel: ResolvedChannelOptions) {
    this.stream = stream
    this.priority = channel.priority
    this.weight = channel.weight
    this.isEager = channel.eager
  }
}

/**
 * Everything that waits to be sent on the channels, and the order in which it goes: by priority, and among
 * equals by weight. Streams come to be when a channel and mode are first used.
 */
export class SendChannels {
  readonly account = new SendAccount()
  readonly credit = new SendCredit()
  readonly #limits: ConnectionLimits
  readonly #channels: readonly ChannelOptions[]
  readonly #drops: DropCounters
  readonly #context: ReliableStreamContext
  #byId: (ScheduledStream | undefined)[] = []
  /** In order of priority. */
  #scheduled: readonly ScheduledStream[] = []
  /** In order of priority. */
  #reliable: readonly ReliableSendStream[] = []
  #eager: readonly ReliableSendStream[] = []
  #unreliable: readonly UnreliableSendStream[] = []
  /** By priority, the pass of the stream served last: one that was idle resumes here and claims no arrears. */
  readonly #passes = new Array<number>(BULK_PRIORITY + 1).fill(0)
  #flushes = 0
  /** When a message was last queued; Infinity when the queues have no memory to give back. */
  #lastQueuedMs = Number.POSITIVE_INFINITY

  constructor(
    limits: ConnectionLimits,
    channels: readonly ChannelOptions[],
    sent: SentPackets,
    drops: DropCounters,
  ) {
    checkChannelOptions(channels)
    this.#limits = limits
    this.#channels = channels
    this.#drops = drops
    this.#context = {
      account: this.account,
      credit: this.credit,
      sent,
      maxPartialMessages: limits.maxPartialMessages,
      drops,
    }
  }

  /** Whether some channel asks for early repetition. */
  get hasEager(): boolean {
    return this.#eager.length > 0
  }

  /** Queues a message; see `SendResult`. */
  send(channel: number, mode: number, data: Uint8Array, nowMs: number): SendResult {
    const isReliable = mode <= RELIABLE_UNORDERED
    const maxBytes = isReliable
      ? this.#limits.maxMessageBytes
      : Math.min(this.#limits.maxMessageBytes, this.#limits.maxUnreliableFragments * FRAGMENT_BYTES)
    if (data.length > maxBytes) {
      this.#drops.count('message-size')
      return 'too-large'
    }
    const { stream } = this.#streamOf(channel, mode)
    this.#lastQueuedMs = nowMs
    if (stream instanceof UnreliableSendStream) {
      return stream.push(data, this.#flushes, nowMs) ? 'superseded' : 'queued'
    }
    if (!this.hasRoomFor(data.length)) {
      const isFullOfBytes = this.account.queuedMessages < this.#limits.sendQueueMessages
      this.#drops.count(isFullOfBytes ? 'send-queue-bytes' : 'send-queue-messages')
      return 'blocked'
    }
    stream.push(data, nowMs)
    return 'queued'
  }

  /** Whether the reliable send queue takes one more message of this size. */
  hasRoomFor(bytes: number): boolean {
    return (
      this.account.queuedMessages < this.#limits.sendQueueMessages &&
      this.account.queuedBytes + bytes <= this.#limits.sendQueueBytes
    )
  }

  /** Messages of a channel's ordered stream that are kept. */
  orderedMessages(channel: number): number {
    return this.#reliableStream(channel * 4 + RELIABLE_ORDERED)?.queuedMessages ?? 0
  }

  /** Gives back the memory of queues that are empty, once none has been used for a while. */
  trimUnused(nowMs: number): void {
    if (nowMs - this.#lastQueuedMs < UNUSED_MS || this.account.queuedMessages > 0) return
    this.#lastQueuedMs = Number.POSITIVE_INFINITY
    for (const { stream } of this.#scheduled) stream.trim()
  }

  /** A tick ends: unreliable messages that already missed the last one are dropped. */
  onFlush(): void {
    for (const stream of this.#unreliable) stream.dropQueuedBefore(this.#flushes)
    this.#flushes++
  }

  /** Bytes of the frame that would be written next, 0 when there is nothing to send. */
  nextFrameBytes(includesNew: boolean, includesBulk: boolean, nowMs: number): number {
    if (this.account.lostFrames > 0) {
      for (const stream of this.#reliable) if (stream.hasLost) return stream.lostFrameBytes()
    }
    return includesNew ? (this.#nextScheduled(includesBulk, nowMs)?.stream.nextFrameBytes(nowMs) ?? 0) : 0
  }

  /** Whether messages wait that were never sent, even if they must wait longer. */
  get hasUnsent(): boolean {
    for (const { stream } of this.#scheduled) if (stream.hasUnsent) return true
    return false
  }

  /** Writes frames that were lost, as far as they fit. */
  writeLost(writer: PacketWriter): void {
    if (this.account.lostFrames === 0) return
    for (const stream of this.#reliable) {
      while (stream.hasLost && stream.writeLost(writer)) {
        // Goes on until nothing is lost or nothing fits.
      }
    }
  }

  /** Writes messages not sent before, as far as they fit. */
  writeNew(writer: PacketWriter, includesBulk: boolean): void {
    for (;;) {
      const next = this.#nextScheduled(includesBulk, writer.nowMs)
      const before = writer.at
      if (next === undefined || !next.stream.writeNext(writer)) return
      const pass = Math.max(next.pass, this.#passes[next.priority]!)
      this.#passes[next.priority] = pass
      next.pass = pass + (writer.at - before) / next.weight
    }
  }

  /** Writes frames that are on their way once more, oldest first, as far as they fit. */
  writeRepeats(writer: PacketWriter, intervalMs: number): void {
    this.#repeat(this.#reliable, writer, intervalMs)
  }

  /** Like `writeRepeats`, for eager channels only. */
  writeEagerRepeats(writer: PacketWriter, intervalMs: number): void {
    this.#repeat(this.#eager, writer, intervalMs)
  }

  onUnitAcked(streamId: number, index: number): void {
    this.#reliableStream(streamId)?.onAcked(index)
  }

  onUnitLost(streamId: number, index: number, packetNumber: number): void {
    this.#reliableStream(streamId)?.onLost(index, packetNumber)
  }

  /** When the oldest reliable message not yet acknowledged was queued; Infinity when there is none. */
  oldestQueuedAtMs(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const stream of this.#reliable) oldest = Math.min(oldest, stream.oldestQueuedAtMs)
    return oldest
  }

  #repeat(streams: readonly ReliableSendStream[], writer: PacketWriter, intervalMs: number): void {
    if (this.account.inFlightFrames === 0) return
    for (const stream of streams) {
      if (writer.room === 0) return
      this.account.framesRepeated += stream.writeRepeats(writer, intervalMs)
    }
  }

  #reliableStream(id: number): ReliableSendStream | undefined {
    const stream = this.#byId[id]?.stream
    return stream instanceof ReliableSendStream ? stream : undefined
  }

  #nextScheduled(includesBulk: boolean, nowMs: number): ScheduledStream | undefined {
    let best: ScheduledStream | undefined
    for (const candidate of this.#scheduled) {
      if (best !== undefined && candidate.priority > best.priority) break
      if (candidate.priority === BULK_PRIORITY && !includesBulk) break
      if (best !== undefined && candidate.pass >= best.pass) continue
      if (candidate.stream.nextFrameBytes(nowMs) > 0) best = candidate
    }
    return best
  }

  #streamOf(channel: number, mode: number): ScheduledStream {
    const id = channel * 4 + mode
    const existing = this.#byId[id]
    if (existing !== undefined) return existing
    if (!(channel >= 0 && channel < MAX_CHANNELS)) throw new RangeError(`channel ${channel} does not exist`)
    const options = channelOptions(this.#channels, channel)
    const scheduled = new ScheduledStream(this.#createStream(id, channel, mode, options.ttlMs), options)
    this.#byId = withEntry(this.#byId, id, scheduled)
    this.#scheduled = this.#scheduled.concat(scheduled).sort((a, b) => a.priority - b.priority)
    this.#rebuildLists()
    return scheduled
  }

  #createStream(
    id: number,
    channel: number,
    mode: number,
    ttlMs: number,
  ): ReliableSendStream | UnreliableSendStream {
    if (mode <= RELIABLE_UNORDERED) return new ReliableSendStream(id, channel, mode, ttlMs, this.#context)
    const isSequenced = mode === UNRELIABLE_SEQUENCED
    return new UnreliableSendStream(
      channel,
      mode,
      isSequenced,
      ttlMs,
      this.#limits.unreliableQueueBytes,
      this.#drops,
    )
  }

  /** The lists are copied to their exact length: see `withEntry`. */
  #rebuildLists(): void {
    const reliable = this.#scheduled.filter(({ stream }) => stream instanceof ReliableSendStream)
    this.#reliable = reliable.map(({ stream }) => stream as ReliableSendStream)
    this.#eager = reliable.filter(({ isEager }) => isEager).map(({ stream }) => stream as ReliableSendStream)
    this.#unreliable = this.#scheduled
      .filter(({ stream }) => stream instanceof UnreliableSendStream)
      .map(({ stream }) => stream as UnreliableSendStream)
  }
}
