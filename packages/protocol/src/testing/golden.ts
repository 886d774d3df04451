import { readFileSync } from 'node:fs'
import { encodeHeartbeat, type Heartbeat } from '../heartbeat.ts'
import { encodeSessionAck } from '../lane-counts.ts'
import type { OpName } from '../opcodes.ts'
import {
  type ClientPayload,
  type ClientPayloadName,
  encodeClientFrame,
  encodeServerFrame,
  type ServerPayload,
  type ServerPayloadName,
} from '../payloads.ts'
import { encodeRoomData, type RoomData } from '../room-data.ts'
import { encodeRoomState, type RoomState } from '../room-state.ts'
import { concat, fromHex, toHex } from './bytes.ts'
import type { Sender } from './receive.ts'

/** One frame, and what it says. */
export interface FrameVector {
  readonly name: string
  readonly sender: Sender
  readonly op: OpName
  readonly hex: string
  /** Names of the specification; bytes are `{ "$hex": "…" }`. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** One transport message that carries several frames. */
export interface MessageVector {
  readonly name: string
  readonly sender: Sender
  readonly frames: readonly string[]
  readonly hex: string
}

/** A message that must be refused. */
export interface InvalidVector {
  readonly name: string
  readonly sender: Sender
  readonly hex: string
  /** More bytes that follow `hex`, for messages that are long. */
  readonly then?: { readonly hex: string; readonly times: number }
  /** Good frames before the fault, which count. */
  readonly frames_before: number
  readonly error: string
}

export interface GoldenVectors {
  readonly frames: readonly FrameVector[]
  readonly tolerated: readonly FrameVector[]
  readonly messages: readonly MessageVector[]
  readonly invalid: readonly InvalidVector[]
}

export function loadGoldenVectors(): GoldenVectors {
  const file = new URL('../../test-vectors/protocol-v1.golden.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as GoldenVectors
}

export function invalidMessage({ hex, then }: InvalidVector): Uint8Array {
  const start = fromHex(hex)
  return then === undefined ? start : concat(start, fromHex(then.hex.repeat(then.times)))
}

/** Encodes the fields of a vector as its sender would. */
export function encodeVector({ sender, op, fields }: FrameVector): Uint8Array {
  const decoded = fromVectorFields(fields)
  if (op === 'Heartbeat') return encodeHeartbeat(withCodeNames(decoded) as Heartbeat)
  if (op === 'RoomData') return encodeRoomData(withCodeNames(decoded) as RoomData)
  if (op === 'RoomState') return encodeRoomState(withCodeNames(decoded) as RoomState)
  if (op === 'SessionAck') {
    const { lanes } = decoded as { lanes: readonly { lane: number; received: number }[] }
    return encodeSessionAck(new Map(lanes.map(({ lane, received }) => [lane, received] as const)))
  }
  return sender === 'client'
    ? encodeClientFrame(op as ClientPayloadName, decoded as ClientPayload<ClientPayloadName>)
    : encodeServerFrame(op as ServerPayloadName, decoded as ServerPayload<ServerPayloadName>)
}

/** What a decoder returned, in the notation of the vectors. */
export function toVectorFields(op: OpName, fields: object): unknown {
  return replaceBytes(isFixedLayout(op) ? withSpecificationNames(fields) : fields)
}

const isFixedLayout = (op: OpName): boolean => op === 'Heartbeat' || op === 'RoomData' || op === 'RoomState'

function withCodeNames(fields: unknown): unknown {
  return renameKeys(fields as object, (key) => key.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()))
}

function withSpecificationNames(fields: object): unknown {
  return renameKeys(fields, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
}

function renameKeys(fields: object, rename: (key: string) => string): unknown {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [rename(key), value] as const))
}

function replaceBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $hex: toHex(value) }
  if (Array.isArray(value)) return value.map(replaceBytes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, replaceBytes(entry)] as const))
}

function fromVectorFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromVectorFields)
  if (typeof value !== 'object' || value === null) return value
  if ('$hex' in value) return fromHex(value.$hex as string)
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, fromVectorFields(entry)] as const),
  )
}
