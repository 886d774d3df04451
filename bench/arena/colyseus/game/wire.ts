/** What client and server of the arena send each other, the same bytes as in every other arena of this benchmark. */

export const TICK_HZ = 20
export const TICK_MS = 1000 / TICK_HZ
export const INPUT_HZ = 10
export const PLAYERS_PER_ROOM = 8

/** Colyseus writes a number below 128 as one byte, the cheapest type of a message there is. */
export const INPUT_TYPE = 0
export const SNAPSHOT_TYPE = 1

/** Number u32, buttons u32, move x f32, move y f32, aim f32, and 12 bytes that nobody reads; little-endian. */
export const INPUT_BYTES = 32
export const InputOffset = { number: 0, buttons: 4, moveX: 8, moveY: 12, aim: 16 } as const

/**
 * One record for each place in the room: id u16, flags u16, x f32, y f32, angle f32, velocity x f32, velocity y f32, tick
 * u32, number of the newest input u32, two bytes of padding; little-endian.
 */
export const PLAYER_BYTES = 34
export const PlayerOffset = {
  id: 0,
  flags: 2,
  x: 4,
  y: 8,
  angle: 12,
  velocityX: 16,
  velocityY: 20,
  tick: 24,
  input: 28,
} as const
export const SNAPSHOT_BYTES = PLAYERS_PER_ROOM * PLAYER_BYTES
