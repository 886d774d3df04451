/** What a player wants in one tick, in the precision that travels. */
export interface PlayerInput {
  /** Direction in 256ths of a turn; 0 is right, 64 is down. */
  readonly angle: number
  /** 0 (stand still) to 127 (full speed). */
  readonly strength: number
  readonly dash: boolean
}

/** An input with its number, which counts from 0 to 65,535 and starts again. */
export interface NumberedInput extends PlayerInput {
  readonly number: number
}

export const FULL_STRENGTH = 127
/** A message repeats the newest inputs, so that up to three lost messages in a row cost nothing. */
export const INPUTS_PER_MESSAGE = 4

const DASH = 0x80
const UNITS_PER_TURN = 256

/** @param angle in radians @param strength 0 to 1 */
export function toPlayerInput(angle: number, strength: number, dash: boolean): PlayerInput {
  return {
    angle: Math.round((angle * UNITS_PER_TURN) / (2 * Math.PI)) & 0xff,
    strength: Math.round(Math.min(Math.max(strength, 0), 1) * FULL_STRENGTH),
    dash,
  }
}

/** The direction in radians. */
export function inputAngle(input: PlayerInput): number {
  return input.angle * ((2 * Math.PI) / UNITS_PER_TURN)
}

/**
 * Encodes the newest of the given inputs, which are ordered from old to new and numbered without gaps:
 * `newest u16`, then from the newest to the oldest `angle u8 | dash 1 bit, strength 7 bits`.
 */
export function encodeInputs(inputs: readonly NumberedInput[]): Uint8Array {
  const newest = inputs.at(-1)
  if (newest === undefined) throw new RangeError('there is no input to encode')
  const sent = inputs.slice(-INPUTS_PER_MESSAGE).reverse()
  const bytes = new Uint8Array(2 + 2 * sent.length)
  bytes[0] = newest.number & 0xff
  bytes[1] = newest.number >>> 8
  sent.forEach((input, index) => {
    bytes[2 + 2 * index] = input.angle
    bytes[3 + 2 * index] = input.strength | (input.dash ? DASH : 0)
  })
  return bytes
}
