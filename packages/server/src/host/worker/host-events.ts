import type { MemberNumber } from '../../ids.ts'
import type {
  InputRefusal,
  RoomEnd,
  RoomTraits,
  ScriptManifest,
  ScriptOutcome,
} from '../../room/room-host.ts'
import type { HostReport } from '../host-report.ts'
import type { BatchReader, BatchWriter } from './batch.ts'
import type { ThreadError } from './thread-error.ts'

/** What a worker tells the node. Records of a batch: `kind u8`, then as below; rooms by number. */
const Event = {
  /** `room u32 | traits` */
  running: 1,
  /** `room u32 | end` */
  ended: 2,
  /** `room u32 | member u16` */
  joinAccepted: 3,
  /** `room u32 | member, reason` */
  joinRejected: 4,
  /** `room u32 | member, refusal` */
  inputRefused: 5,
  /**
   * `room u32 | flags u8 | sentAtMs f64 | count u16 | count × member u16 | frame`; without the flag `count` and members are
   * left out
   */
  data: 6,
  /** `room u32 | frame` */
  state: 7,
  /** `room u32 | member, reason` */
  kicked: 8,
  /** `room u32 | traits` */
  traits: 9,
  /** `id u32 | outcome` */
  outcome: 10,
  /** `id u32 | manifest or failure` */
  prepared: 11,
  /** `id u32 | call`: the worker waits for the answer */
  call: 12,
  /** `0 u32 | log line` */
  log: 13,
  /** `0 u32 | report` */
  report: 14,
} as const

const RELIABLE = 0x01
const HAS_RECEIVERS = 0x02

/** What came of loading scripts. */
export type Prepared =
  | { readonly kind: 'loaded'; readonly manifest: ScriptManifest }
  | { readonly kind: 'failed'; readonly error: ThreadError }

/** A function of the node that a script calls, and waits for. */
export interface NodeCall {
  readonly method: string
  readonly args: readonly unknown[]
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: object
  readonly message: string
}

/** Who hears what a worker tells; frames are views of the batch. */
export interface EventHandler {
  running(room: number, traits: RoomTraits): void
  ended(room: number, end: RoomEnd): void
  joinAccepted(room: number, member: MemberNumber): void
  joinRejected(room: number, member: MemberNumber, reason: string | undefined): void
  inputRefused(room: number, member: MemberNumber, refusal: InputRefusal): void
  data(
    room: number,
    frame: Uint8Array,
    isReliable: boolean,
    receivers: readonly MemberNumber[] | undefined,
    sentAtMs: number,
  ): void
  state(room: number, frame: Uint8Array): void
  kicked(room: number, member: MemberNumber, reason: string): void
  traits(room: number, traits: RoomTraits): void
  outcome(id: number, outcome: ScriptOutcome): void
  prepared(id: number, prepared: Prepared): void
  call(id: number, call: NodeCall): void
  log(line: LogLine): void
  report(report: HostReport): void
}

/** Writes events into a batch. */
export class EventWriter implements EventHandler {
  readonly #batch: BatchWriter

  constructor(batch: BatchWriter) {
    this.#batch = batch
  }

  running(room: number, traits: RoomTraits): void {
    this.#batch.record(Event.running, room, traits)
  }

  ended(room: number, end: RoomEnd): void {
    this.#batch.record(Event.ended, room, end)
  }

  joinAccepted(room: number, member: MemberNumber): void {
    this.#begin(Event.joinAccepted, room)
    this.#batch.u16(member)
  }

  joinRejected(room: number, member: MemberNumber, reason: string | undefined): void {
    this.#batch.record(Event.joinRejected, room, { member, reason })
  }

  inputRefused(room: number, member: MemberNumber, refusal: InputRefusal): void {
    this.#batch.record(Event.inputRefused, room, { member, refusal })
  }

  data(
    room: number,
    frame: Uint8Array,
    isReliable: boolean,
    receivers: readonly MemberNumber[] | undefined,
    sentAtMs: number,
  ): void {
    this.#begin(Event.data, room)
    this.#batch.u8((isReliable ? RELIABLE : 0) | (receivers === undefined ? 0 : HAS_RECEIVERS))
    this.#batch.f64(sentAtMs)
    if (receivers !== undefined) {
      this.#batch.u16(receivers.length)
      for (const member of receivers) this.#batch.u16(member)
    }
    this.#batch.bytes(frame)
  }

  state(room: number, frame: Uint8Array): void {
    this.#begin(Event.state, room)
    this.#batch.bytes(frame)
  }

  kicked(room: number, member: MemberNumber, reason: string): void {
    this.#batch.record(Event.kicked, room, { member, reason })
  }

  traits(room: number, traits: RoomTraits): void {
    this.#batch.record(Event.traits, room, traits)
  }

  outcome(id: number, outcome: ScriptOutcome): void {
    this.#batch.record(Event.outcome, id, outcome)
  }

  prepared(id: number, prepared: Prepared): void {
    this.#batch.record(Event.prepared, id, prepared)
  }

  call(id: number, call: NodeCall): void {
    this.#batch.record(Event.call, id, call)
  }

  log(line: LogLine): void {
    this.#batch.record(Event.log, 0, line)
  }

  report(report: HostReport): void {
    this.#batch.record(Event.report, 0, report)
  }

  #begin(kind: number, subject: number): void {
    this.#batch.u8(kind)
    this.#batch.u32(subject)
  }
}

/** Tells every event of a batch, in order. */
export function readEvents(batch: BatchReader, handler: EventHandler): void {
  while (!batch.isAtEnd) readEvent(batch, handler)
}

function readEvent(batch: BatchReader, handler: EventHandler): void {
  const kind = batch.u8()
  const subject = batch.u32()
  switch (kind) {
    case Event.running:
      return handler.running(subject, batch.value() as RoomTraits)
    case Event.ended:
      return handler.ended(subject, batch.value() as RoomEnd)
    case Event.joinAccepted:
      return handler.joinAccepted(subject, batch.u16())
    case Event.joinRejected: {
      const { member, reason } = batch.value() as { member: MemberNumber; reason: string | undefined }
      return handler.joinRejected(subject, member, reason)
    }
    case Event.inputRefused: {
      const { member, refusal } = batch.value() as { member: MemberNumber; refusal: InputRefusal }
      return handler.inputRefused(subject, member, refusal)
    }
    case Event.data: {
      const flags = batch.u8()
      const sentAtMs = batch.f64()
      const receivers = (flags & HAS_RECEIVERS) === 0 ? undefined : readMembers(batch)
      return handler.data(subject, batch.bytes(), (flags & RELIABLE) !== 0, receivers, sentAtMs)
    }
    case Event.state:
      return handler.state(subject, batch.bytes())
    case Event.kicked: {
      const { member, reason } = batch.value() as { member: MemberNumber; reason: string }
      return handler.kicked(subject, member, reason)
    }
    case Event.traits:
      return handler.traits(subject, batch.value() as RoomTraits)
    case Event.outcome:
      return handler.outcome(subject, batch.value() as ScriptOutcome)
    case Event.prepared:
      return handler.prepared(subject, batch.value() as Prepared)
    case Event.call:
      return handler.call(subject, batch.value() as NodeCall)
    case Event.log:
      return handler.log(batch.value() as LogLine)
    case Event.report:
      return handler.report(batch.value() as HostReport)
    default:
      throw new Error(`there is no event ${kind}`)
  }
}

function readMembers(batch: BatchReader): MemberNumber[] {
  const members: MemberNumber[] = []
  for (let count = batch.u16(); count > 0; count--) members.push(batch.u16())
  return members
}
