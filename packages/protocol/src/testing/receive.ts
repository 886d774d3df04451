import { KaosError } from '../errors.ts'
import { FrameReader } from '../frame.ts'
import { decodeHeartbeat } from '../heartbeat.ts'
import { decodeLaneCounts } from '../lane-counts.ts'
import { WireLimits } from '../limits.ts'
import { isClientOp, Op, type OpName, opName } from '../opcodes.ts'
import {
  type ClientPayloadName,
  ClientPayloads,
  checkPayloadSize,
  decodeClientPayload,
  decodeServerPayload,
  type ServerPayloadName,
  ServerPayloads,
} from '../payloads.ts'
import { decodeRoomData } from '../room-data.ts'
import { decodeRoomState } from '../room-state.ts'

/** Who sent a frame. */
export type Sender = 'client' | 'server'

export interface ReceivedFrame {
  readonly op: OpName
  readonly fields: object
}

/**
 * Everything the codecs can say of a message, in the order a receiver asks: size of the message, frame by frame its
 * bounds, operation, direction, payload size, payload. `frames` holds those before the first fault.
 */
export function receive(sender: Sender, message: Uint8Array): { frames: ReceivedFrame[]; fault?: KaosError } {
  const frames: ReceivedFrame[] = []
  try {
    if (message.length > WireLimits.messageBytes) throw new KaosError('MESSAGE_TOO_LARGE')
    const reader = new FrameReader()
    reader.reset(message)
    while (reader.next()) frames.push(decodeFrame(sender, reader.op, reader.payload()))
    return { frames }
  } catch (error) {
    if (error instanceof KaosError) return { frames, fault: error }
    throw error
  }
}

function decodeFrame(sender: Sender, code: number, payload: Uint8Array): ReceivedFrame {
  const op = opName(code)
  if (op === undefined) throw new KaosError('UNKNOWN_OP')
  if (sender === 'client' && !isClientOp(code)) throw new KaosError('WRONG_DIRECTION')
  checkPayloadSize(code, payload.length)
  if (code === Op.Heartbeat) return { op, fields: decodeHeartbeat(payload) }
  if (code === Op.SessionAck) {
    const lanes = [...decodeLaneCounts(payload)].map(([lane, received]) => ({ lane, received }))
    return { op, fields: { lanes } }
  }
  if (code === Op.RoomData) return { op, fields: decodeRoomData(payload) }
  if (code === Op.RoomState) return { op, fields: decodeRoomState(payload) }
  if (sender === 'client' && op in ClientPayloads) {
    return { op, fields: decodeClientPayload(op as ClientPayloadName, payload) }
  }
  if (sender === 'server' && op in ServerPayloads) {
    return { op, fields: decodeServerPayload(op as ServerPayloadName, payload) }
  }
  throw new KaosError('WRONG_DIRECTION')
}
