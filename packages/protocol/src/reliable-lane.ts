import { decodeMessagePack } from './messagepack.ts'
import { Op } from './opcodes.ts'

/** What {@link reliableLane} says of a frame that is not counted. */
export const UNCOUNTED = -1

const RELIABLE = 0x01

/**
 * The lane on which a frame is counted (`docs/protocol.md#resume`): a function of the frame alone, so that both sides
 * count alike without anything added to it. {@link UNCOUNTED} for what is never repeated.
 */
export function reliableLane(op: number, payload: Uint8Array): number {
  switch (op) {
    case Op.SessionStart:
    case Op.SessionEnd:
    case Op.Heartbeat:
    case Op.SessionAck:
      return UNCOUNTED
    case Op.RoomData:
      return ((payload[2] ?? RELIABLE) & RELIABLE) === 0 ? UNCOUNTED : handleAtStart(payload)
    case Op.RoomState:
      return handleAtStart(payload)
    case Op.RoomJoin:
    case Op.RoomLeave:
    case Op.RoomPresence:
      return handleInMap(payload)
    default:
      return 0
  }
}

function handleAtStart(payload: Uint8Array): number {
  return (payload[0] ?? 0) | ((payload[1] ?? 0) << 8)
}

function handleInMap(payload: Uint8Array): number {
  try {
    const { room } = decodeMessagePack(payload) as { room?: unknown }
    return typeof room === 'number' && Number.isInteger(room) && room > 0 && room <= 0xffff ? room : 0
  } catch {
    return 0
  }
}
