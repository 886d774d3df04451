import { KaosError } from './errors.ts'
import { allocateFrame } from './frame.ts'
import { Op } from './opcodes.ts'
import { uint } from './schema.ts'

/**
 * Application data inside a room, both ways (`docs/protocol.md#roomdata`). Payload layout, little-endian:
 * `room u16 | flags u8 | op u16 | sender u16 | data`.
 */
export interface RoomData {
  /** The session's handle of the room. */
  readonly room: number
  readonly isReliable: boolean
  /** A hint for the receiving application: `data` is one MessagePack value. */
  readonly isMessagePack: boolean
  /** The application's own operation code, 0–65,535. */
  readonly op: number
  /** Member number of the sender; 0 = the room itself, and always 0 from client to server. */
  readonly sender: number
  readonly data: Uint8Array
}

export const ROOM_DATA_HEADER_BYTES = 7
const RELIABLE = 0x01
const MESSAGEPACK = 0x02
const ROOM_HANDLE_OFFSET = 3
const uint16 = uint(0xffff)

/**
 * A whole RoomData frame. `room` may be 0 when {@link patchRoomHandle} will fill it in.
 *
 * @throws {KaosError} INVALID_PAYLOAD when a number does not fit its field, PAYLOAD_TOO_LARGE above 65,528 data bytes.
 */
export function encodeRoomData(message: RoomData): Uint8Array {
  const frame = allocateFrame(Op.RoomData, ROOM_DATA_HEADER_BYTES + message.data.length)
  patchRoomHandle(frame, uint16.check(message.room, 'room'))
  frame[5] = (message.isReliable ? RELIABLE : 0) | (message.isMessagePack ? MESSAGEPACK : 0)
  const op = uint16.check(message.op, 'op')
  frame[6] = op & 0xff
  frame[7] = op >>> 8
  const sender = uint16.check(message.sender, 'sender')
  frame[8] = sender & 0xff
  frame[9] = sender >>> 8
  frame.set(message.data, 10)
  return frame
}

/**
 * Rewrites the room handle of an encoded RoomData or RoomState frame, so that one encoding serves every member of
 * a room although each has its own handle.
 */
export function patchRoomHandle(frame: Uint8Array, room: number): void {
  frame[ROOM_HANDLE_OFFSET] = room & 0xff
  frame[ROOM_HANDLE_OFFSET + 1] = room >>> 8
}

/** @throws {KaosError} INVALID_PAYLOAD when it is too short or a reserved flag is set. `data` is a view. */
export function decodeRoomData(payload: Uint8Array): RoomData {
  if (payload.length < ROOM_DATA_HEADER_BYTES) {
    throw new KaosError(
      'INVALID_PAYLOAD',
      `RoomData has at least ${ROOM_DATA_HEADER_BYTES} bytes, got ${payload.length}`,
    )
  }
  const flags = payload[2] as number
  if ((flags & ~(RELIABLE | MESSAGEPACK)) !== 0) {
    throw new KaosError('INVALID_PAYLOAD', `RoomData flags 0x${flags.toString(16)}: reserved bits are set`)
  }
  return {
    room: (payload[0] as number) | ((payload[1] as number) << 8),
    isReliable: (flags & RELIABLE) !== 0,
    isMessagePack: (flags & MESSAGEPACK) !== 0,
    op: (payload[3] as number) | ((payload[4] as number) << 8),
    sender: (payload[5] as number) | ((payload[6] as number) << 8),
    data: payload.subarray(ROOM_DATA_HEADER_BYTES),
  }
}
