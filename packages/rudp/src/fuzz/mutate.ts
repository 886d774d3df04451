import type { SeededRandom } from '../testing/random.ts'

/** Bytes at which parsers go wrong more often than at others. */
const SPECIAL_BYTES = [0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff]

/** Fills the buffer's start with random bytes, many of them special ones. @returns how many */
export function randomBytes(random: SeededRandom, buffer: Uint8Array, maxLength: number): number {
  const length = random.integer(maxLength + 1)
  for (let index = 0; index < length; index++) buffer[index] = randomByte(random)
  return length
}

/**
 * Damages the first `length` bytes in place: flips, overwrites, cuts or doubles parts of them.
 * @returns the new length, at most the buffer's
 */
export function mutate(random: SeededRandom, buffer: Uint8Array, length: number): number {
  let result = length
  for (let count = 1 + random.integer(4); count > 0; count--) {
    const at = random.integer(Math.max(result, 1))
    switch (random.integer(4)) {
      case 0:
        buffer[at] = (buffer[at] ?? 0) ^ (1 << random.integer(8))
        break
      case 1:
        buffer[at] = randomByte(random)
        break
      case 2:
        result = at
        break
      default: {
        const end = Math.min(at + random.integer(40), buffer.length)
        buffer.copyWithin(at, random.integer(Math.max(result, 1)), result)
        result = Math.max(result, end)
      }
    }
  }
  return result
}

function randomByte(random: SeededRandom): number {
  return random.chance(0.3) ? (SPECIAL_BYTES[random.integer(SPECIAL_BYTES.length)] ?? 0) : random.integer(256)
}
