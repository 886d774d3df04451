import {
  INPUT_BYTES,
  INPUT_HZ,
  INPUT_TYPE,
  InputOffset,
  PlayerOffset,
  SNAPSHOT_BYTES,
  SNAPSHOT_TYPE,
} from '../game/wire.ts'

/** Codes of Colyseus 0.18, the first byte of a frame. */
export const ProtocolCode = { joinRoom: 10, error: 11, roomDataBytes: 17 } as const

/** Code, and a type that is a small number. */
const HEADER_BYTES = 2
const SNAPSHOT_FRAME_BYTES = HEADER_BYTES + SNAPSHOT_BYTES
/** A player changes direction every so often. */
const INPUTS_PER_TURN = INPUT_HZ

/** The tick of a snapshot in this frame; undefined when it is none. */
export function snapshotTick(frame: Buffer): number | undefined {
  if (frame.length !== SNAPSHOT_FRAME_BYTES) return undefined
  if (frame[0] !== ProtocolCode.roomDataBytes || frame[1] !== SNAPSHOT_TYPE) return undefined
  return frame.readUInt32LE(HEADER_BYTES + PlayerOffset.tick)
}

/** The frame of an input, written anew into the same bytes for each of them. */
export class InputFrame {
  readonly bytes = Buffer.alloc(HEADER_BYTES + INPUT_BYTES)

  constructor() {
    this.bytes[0] = ProtocolCode.roomDataBytes
    this.bytes[1] = INPUT_TYPE
  }

  /** Goes round in circles. */
  write(number: number): void {
    const angle = Math.floor(number / INPUTS_PER_TURN)
    this.bytes.writeUInt32LE(number >>> 0, HEADER_BYTES + InputOffset.number)
    this.bytes.writeUInt32LE(number & 1, HEADER_BYTES + InputOffset.buttons)
    this.bytes.writeFloatLE(Math.cos(angle), HEADER_BYTES + InputOffset.moveX)
    this.bytes.writeFloatLE(Math.sin(angle), HEADER_BYTES + InputOffset.moveY)
    this.bytes.writeFloatLE(angle, HEADER_BYTES + InputOffset.aim)
  }
}
