import { KaosError } from './errors.ts'
import { allocateFrame } from './frame.ts'
import { Op } from './opcodes.ts'
import { patchRoomHandle } from './room-data.ts'
import { uint } from './schema.ts'

/**
 * The state a room publishes (`docs/protocol.md#roomstate`). Payload layout, little-endian:
 * `room u16 | flags u8 | version u32 | data`. Version 1 of the protocol sends whole states only; the delta flag and
 * the base version that would follow it are reserved.
 */
export interface RoomState {
  readonly room: number
  /** `data` is one MessagePack value; otherwise it is opaque bytes. */
  readonly isMessagePack: boolean
  /** Counts the states of this room from 1, mod 2^32. */
  readonly version: number
  readonly data: Uint8Array
}

export const ROOM_STATE_HEADER_BYTES = 7
const MESSAGEPACK = 0x01
const uint16 = uint(0xffff)

/**
 * A whole RoomState frame. `room` may be 0 when `patchRoomHandle` will fill it in; `version` is taken mod 2^32.
 *
 * @throws {KaosError} INVALID_PAYLOAD when `room` does not fit, PAYLOAD_TOO_LARGE above 65,528 data bytes.
 */
export function encodeRoomState(state: RoomState): Uint8Array {
  const frame = allocateFrame(Op.RoomState, ROOM_STATE_HEADER_BYTES + state.data.length)
  patchRoomHandle(frame, uint16.check(state.room, 'room'))
  frame[5] = state.isMessagePack ? MESSAGEPACK : 0
  new DataView(frame.buffer, frame.byteOffset).setUint32(6, state.version, true)
  frame.set(state.data, 10)
  return frame
}

/** @throws {KaosError} INVALID_PAYLOAD when it is too short or a reserved flag is set. `data` is a view. */
export function decodeRoomState(payload: Uint8Array): RoomState {
  if (payload.length < ROOM_STATE_HEADER_BYTES) {
    throw new KaosError(
      'INVALID_PAYLOAD',
      `RoomState has at least ${ROOM_STATE_HEADER_BYTES} bytes, got ${payload.length}`,
    )
  }
  const flags = payload[2] as number
  if ((flags & ~MESSAGEPACK) !== 0) {
    throw new KaosError('INVALID_PAYLOAD', `RoomState flags 0x${flags.toString(16)}: reserved bits are set`)
  }
  return {
    room: (payload[0] as number) | ((payload[1] as number) << 8),
    isMessagePack: (flags & MESSAGEPACK) !== 0,
    version: new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(3, true),
    data: payload.subarray(ROOM_STATE_HEADER_BYTES),
  }
}
