/** The motion of one player at one step. */
export interface PlayerMotion {
  readonly slot: number
  readonly x: number
  readonly y: number
  /** Units per second. */
  readonly vx: number
  readonly vy: number
  /** The low eight bits of the number of the last input that the server used. */
  readonly acknowledged: number
  /** Ticks until the next dash; a high value means that a dash is under way. */
  readonly cooldownTicks: number
  /** Neither hits nor is hit. */
  readonly isProtected: boolean
}

export interface Snapshot {
  readonly step: number
  readonly players: readonly PlayerMotion[]
}

/** step u32 | count u8 */
const HEADER_BYTES = 5
/** slot u8 | x i16 | y i16 | vx i16 | vy i16 | acknowledged u8 | status u8 */
const PLAYER_BYTES = 11
/** Positions and speeds come in sixteenths of a unit. */
const PRECISION = 16
const PROTECTED = 0x80
const COOLDOWN_MASK = 0x3f

/**
 * Reads what `lua/arena/snapshot.lua` writes.
 * @throws {RangeError} when the bytes do not have the length that they announce
 */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const count = bytes[HEADER_BYTES - 1]
  if (count === undefined || bytes.length !== HEADER_BYTES + count * PLAYER_BYTES) {
    throw new RangeError(`a snapshot cannot have ${bytes.length} bytes`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const players: PlayerMotion[] = []
  for (let offset = HEADER_BYTES; offset < bytes.length; offset += PLAYER_BYTES) {
    const status = view.getUint8(offset + 10)
    players.push({
      slot: view.getUint8(offset),
      x: view.getInt16(offset + 1, true) / PRECISION,
      y: view.getInt16(offset + 3, true) / PRECISION,
      vx: view.getInt16(offset + 5, true) / PRECISION,
      vy: view.getInt16(offset + 7, true) / PRECISION,
      acknowledged: view.getUint8(offset + 9),
      cooldownTicks: status & COOLDOWN_MASK,
      isProtected: (status & PROTECTED) !== 0,
    })
  }
  return { step: view.getUint32(0, true), players }
}
