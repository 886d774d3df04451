import type { World } from './world.ts'

/** step u32 | count u8 */
const HEADER_BYTES = 5
/** slot u8 | x i16 | y i16 | vx i16 | vy i16 | acknowledged u8 | status u8 */
const PLAYER_BYTES = 11
/** Positions and speeds are sent in sixteenths of a unit. */
const PRECISION = 16
const PROTECTED_BIT = 0x80

/**
 * The motion of every player as bytes: 5 for the whole and 11 for each player, so 555 for a full arena. The layout is in
 * README.md; `web/snapshot.ts` reads it.
 */
export function encodeSnapshot(world: World): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + PLAYER_BYTES * world.players.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, world.stepCount, true)
  view.setUint8(4, world.players.length)
  let offset = HEADER_BYTES
  for (const player of world.players) {
    view.setUint8(offset, player.slot)
    view.setInt16(offset + 1, quantise(player.x), true)
    view.setInt16(offset + 3, quantise(player.y), true)
    view.setInt16(offset + 5, quantise(player.vx), true)
    view.setInt16(offset + 7, quantise(player.vy), true)
    view.setUint8(offset + 9, player.inputs.acknowledged & 0xff)
    view.setUint8(offset + 10, player.cooldownTicks | (player.protectedTicks > 0 ? PROTECTED_BIT : 0))
    offset += PLAYER_BYTES
  }
  return bytes
}

function quantise(value: number): number {
  return Math.floor(value * PRECISION + 0.5)
}
