import {
  decodeHeartbeat,
  decodeRoomData,
  decodeRoomState,
  decodeServerPayload,
  type ErrorName,
  FrameReader,
  type Heartbeat,
  Op,
  type OpName,
  opName,
  type RoomData,
  type RoomState,
  type ServerPayload,
  type ServerPayloadName,
} from '@kaosnet/protocol'
import { QueuedBytes } from '../peer/queued-bytes.ts'
import type { Connection, Delivery, Lane, QueueClass } from '../peer/transport.ts'

export interface SentFrame {
  readonly op: OpName
  readonly payload: Uint8Array
  readonly delivery: Delivery
  readonly queueClass: QueueClass
  readonly lane: Lane
}

/** A connection that goes nowhere: it keeps each frame it is given, and is as congested as the test says. */
export class FakeConnection implements Connection {
  readonly transport = 'memory'
  readonly remoteAddress: string
  readonly queued = new QueuedBytes()
  supersededFrames = 0
  flushes = 0
  closed: { readonly code: number; readonly reason: string } | undefined
  readonly sent: SentFrame[] = []

  constructor(remoteAddress = '203.0.113.1') {
    this.remoteAddress = remoteAddress
  }

  queuedBytes(queueClass: QueueClass): number {
    return this.queued.of(queueClass)
  }

  send(frame: Uint8Array, queueClass: QueueClass, lane: Lane): void {
    const delivery = queueClass === 'unreliable' ? 'unreliable' : 'reliable'
    const reader = new FrameReader()
    reader.reset(new Uint8Array(frame))
    while (reader.next()) {
      const op = opName(reader.op)
      if (op === undefined) throw new Error(`operation ${reader.op} is not assigned`)
      this.sent.push({ op, payload: reader.payload(), delivery, queueClass, lane })
    }
  }

  flush(): void {
    this.flushes++
  }

  close(code: number, reason: string, lastFrame?: Uint8Array): void {
    if (this.closed === undefined && lastFrame !== undefined) this.send(lastFrame, 'control', 0)
    this.closed ??= { code, reason }
  }

  /** Names of the operations sent, oldest first. */
  get ops(): OpName[] {
    return this.sent.map(({ op }) => op)
  }

  /** Control payloads of one operation, decoded and checked as a client would. */
  payloads<N extends ServerPayloadName>(name: N): ServerPayload<N>[] {
    return this.#payloadsOf(name).map((payload) => decodeServerPayload(name, payload))
  }

  get errors(): ErrorName[] {
    return this.payloads('Error').map(({ name }) => name as ErrorName)
  }

  get roomData(): RoomData[] {
    return this.#payloadsOf('RoomData').map(decodeRoomData)
  }

  get roomStates(): RoomState[] {
    return this.#payloadsOf('RoomState').map(decodeRoomState)
  }

  get heartbeats(): Heartbeat[] {
    return this.#payloadsOf('Heartbeat').map(decodeHeartbeat)
  }

  #payloadsOf(op: OpName): Uint8Array[] {
    return this.sent.filter((frame) => Op[frame.op] === Op[op]).map(({ payload }) => payload)
  }
}
