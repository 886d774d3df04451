import { BatchPool } from './batch-pool.ts'
import type { FrameBatch } from './frame-batch.ts'
import { LaneBatches } from './lane-batches.ts'
import { WireLimits } from './limits.ts'

/** Takes one message: whole frames of one lane and one delivery class. The bytes are valid during the call only. */
export type LaneSink = (message: Uint8Array, isReliable: boolean, lane: number) => void

/** A message is handed over early rather than growing beyond this. */
const MESSAGE_BYTES = WireLimits.payloadBytes + WireLimits.frameHeaderBytes

/**
 * Collects the frames of one turn, so that each lane sends one message per delivery class
 * (`docs/protocol.md#transports`): for transports whose lanes do not share an order, such as kaos-rudp.
 */
export class LaneOutbox {
  readonly #sink: LaneSink
  readonly #pool: BatchPool<LaneBatches>
  /** In the order they were first used; a turn rarely has more than two. */
  readonly #lanes: LaneBatches[] = []
  #queuedBytes = 0

  /** @param pool Shared by all connections of a server; one of its own when omitted. */
  constructor(sink: LaneSink, pool = new BatchPool(() => new LaneBatches())) {
    this.#sink = sink
    this.#pool = pool
  }

  /** Bytes collected and not handed over. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Copies a frame. */
  add(frame: Uint8Array, isReliable: boolean, lane: number): void {
    const batches = this.#batchesOf(lane)
    const batch = isReliable ? batches.reliable : batches.unreliable
    if (batch.length + frame.length > MESSAGE_BYTES) this.#handOver(batch, isReliable, lane)
    batch.add(frame)
    this.#queuedBytes += frame.length
  }

  /** Hands over everything that was collected and keeps nothing, lane by lane in the order they were first used. */
  flush(): void {
    if (this.#queuedBytes === 0) return
    for (const batches of this.#lanes) {
      this.#handOver(batches.reliable, true, batches.lane)
      this.#handOver(batches.unreliable, false, batches.lane)
      this.#pool.giveBack(batches)
    }
    this.#lanes.length = 0
  }

  /** Hands over what is unreliable, and goes on collecting the rest: there will be fewer, larger messages of it. */
  flushUnreliable(): void {
    if (this.#queuedBytes === 0) return
    for (const { lane, unreliable } of this.#lanes) this.#handOver(unreliable, false, lane)
  }

  #batchesOf(lane: number): LaneBatches {
    for (const batches of this.#lanes) if (batches.lane === lane) return batches
    const batches = this.#pool.take()
    batches.lane = lane
    this.#lanes.push(batches)
    return batches
  }

  #handOver(batch: FrameBatch, isReliable: boolean, lane: number): void {
    if (batch.length === 0) return
    const message = batch.drain()
    this.#queuedBytes -= message.length
    this.#sink(message, isReliable, lane)
  }
}

const CHANNELS = 32

/**
 * The kaos-rudp channel of a lane: 0 is the session's own; rooms share the other 31, so that up to 31 rooms of a session do
 * not wait for one another.
 */
export function rudpChannelOf(lane: number): number {
  return lane === 0 ? 0 : 1 + ((lane - 1) % (CHANNELS - 1))
}
