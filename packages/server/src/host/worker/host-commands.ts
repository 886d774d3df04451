import type { LeaveReason } from '@kaosnet/protocol'
import type { MemberNumber } from '../../ids.ts'
import type { Joiner, RoomInput, RoomSpec, ScriptCall } from '../../room/room-host.ts'
import type { ScriptBundle } from '../../script/loaded-scripts.ts'
import type { BatchReader, BatchWriter } from './batch.ts'

/** What the node tells a worker. Records of a batch: `kind u8`, then as below; rooms by number. */
const Command = {
  /** `room u32 | spec` */
  create: 1,
  /** `room u32 | member` */
  join: 2,
  /** `room u32 | member u16 | reason u8` */
  leave: 3,
  /** `room u32 | member u16 | op u16 | flags u8 | readAtMs f64, 0 = not known | data` */
  input: 4,
  /** `room u32 | reason u8 | graceSeconds f64` */
  end: 5,
  /** `id u32 | call` */
  invoke: 6,
  /** `id u32 | scripts` */
  prepare: 7,
  activate: 8,
  /** A report is wanted now. */
  report: 9,
  /** `room u32 | member u16` */
  drop: 10,
  /** `room u32 | member u16` */
  resume: 11,
} as const

const RELIABLE = 0x01
const MESSAGEPACK = 0x02

const leaveReasons = ['left', 'dropped', 'kicked', 'replaced', 'room_closed', 'shutdown'] as const
const endReasons = ['closed', 'shutdown'] as const

/** Writes commands into a batch. */
export class CommandWriter {
  readonly #batch: BatchWriter

  constructor(batch: BatchWriter) {
    this.#batch = batch
  }

  create(room: number, spec: RoomSpec): void {
    this.#batch.record(Command.create, room, spec)
  }

  join(room: number, member: Joiner): void {
    this.#batch.record(Command.join, room, member)
  }

  leave(room: number, member: MemberNumber, reason: LeaveReason): void {
    this.#begin(Command.leave, room)
    this.#batch.u16(member)
    this.#batch.u8(leaveReasons.indexOf(reason))
  }

  drop(room: number, member: MemberNumber): void {
    this.#begin(Command.drop, room)
    this.#batch.u16(member)
  }

  resume(room: number, member: MemberNumber): void {
    this.#begin(Command.resume, room)
    this.#batch.u16(member)
  }

  input(
    room: number,
    member: MemberNumber,
    { op, data, isReliable, isMessagePack }: RoomInput,
    readAtMs = 0,
  ): void {
    this.#begin(Command.input, room)
    this.#batch.u16(member)
    this.#batch.u16(op)
    this.#batch.u8((isReliable ? RELIABLE : 0) | (isMessagePack ? MESSAGEPACK : 0))
    this.#batch.f64(readAtMs)
    this.#batch.bytes(data)
  }

  end(room: number, reason: 'closed' | 'shutdown', graceSeconds: number): void {
    this.#begin(Command.end, room)
    this.#batch.u8(endReasons.indexOf(reason))
    this.#batch.f64(graceSeconds)
  }

  /** @throws {Error} for a call whose payload cannot be cloned */
  invoke(id: number, call: ScriptCall): void {
    this.#batch.record(Command.invoke, id, call)
  }

  prepare(id: number, scripts: ScriptBundle): void {
    this.#batch.record(Command.prepare, id, scripts)
  }

  activate(): void {
    this.#batch.u8(Command.activate)
  }

  report(): void {
    this.#batch.u8(Command.report)
  }

  #begin(kind: number, subject: number): void {
    this.#batch.u8(kind)
    this.#batch.u32(subject)
  }
}

/** Who carries commands out. */
export interface CommandHandler {
  create(room: number, spec: RoomSpec): void
  join(room: number, member: Joiner): void
  leave(room: number, member: MemberNumber, reason: LeaveReason): void
  drop(room: number, member: MemberNumber): void
  resume(room: number, member: MemberNumber): void
  /** The data is a view of the batch. */
  input(room: number, member: MemberNumber, message: RoomInput, readAtMs: number | undefined): void
  end(room: number, reason: 'closed' | 'shutdown', graceSeconds: number): void
  invoke(id: number, call: ScriptCall): void
  prepare(id: number, scripts: ScriptBundle): void
  activate(): void
  report(): void
}

/** Carries out every command of a batch, in order. */
export function readCommands(batch: BatchReader, handler: CommandHandler): void {
  while (!batch.isAtEnd) readCommand(batch, handler)
}

function readCommand(batch: BatchReader, handler: CommandHandler): void {
  const kind = batch.u8()
  switch (kind) {
    case Command.create:
      return handler.create(batch.u32(), batch.value() as RoomSpec)
    case Command.join:
      return handler.join(batch.u32(), batch.value() as Joiner)
    case Command.leave:
      return handler.leave(batch.u32(), batch.u16(), leaveReasons[batch.u8()] as LeaveReason)
    case Command.drop:
      return handler.drop(batch.u32(), batch.u16())
    case Command.resume:
      return handler.resume(batch.u32(), batch.u16())
    case Command.input: {
      const room = batch.u32()
      const member = batch.u16()
      const op = batch.u16()
      const flags = batch.u8()
      const isReliable = (flags & RELIABLE) !== 0
      const isMessagePack = (flags & MESSAGEPACK) !== 0
      const readAtMs = batch.f64() || undefined
      return handler.input(room, member, { op, isReliable, isMessagePack, data: batch.bytes() }, readAtMs)
    }
    case Command.end:
      return handler.end(batch.u32(), endReasons[batch.u8()] as 'closed' | 'shutdown', batch.f64())
    case Command.invoke:
      return handler.invoke(batch.u32(), batch.value() as ScriptCall)
    case Command.prepare:
      return handler.prepare(batch.u32(), batch.value() as ScriptBundle)
    case Command.activate:
      return handler.activate()
    case Command.report:
      return handler.report()
    default:
      throw new Error(`there is no command ${kind}`)
  }
}
