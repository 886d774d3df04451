import { MAX_CHANNELS } from '../../core/limits.ts'
import {
  writeClose,
  writeCredit,
  writeMessageHeader,
  writePathFrame,
  writePing,
  writeResume,
  writeTick,
} from '../../core/frame-writer.ts'
import { FrameType } from '../../core/frame-types.ts'
import { writeU16, writeU32 } from '../../core/little-endian.ts'
import { writeVarint } from '../../core/varint.ts'
import type { SeededRandom } from '../../testing/random.ts'

/** Writes one valid frame with random contents, at most 200 bytes. @returns the offset after it */
export function writeRandomFrame(random: SeededRandom, out: Uint8Array, offset: number): number {
  const data = new Uint8Array(8)
  switch (random.integer(10)) {
    case 0:
      return writePing(out, offset)
    case 1:
      return writeClose(out, offset, random.integer(0x10000), data.subarray(0, random.integer(9)))
    case 2:
      return writePathFrame(out, offset, FrameType.PathChallenge, data)
    case 3:
      return writePathFrame(out, offset, FrameType.PathResponse, data)
    case 4:
      return writeCredit(out, offset, random.integer(MAX_CHANNELS), random.integer(2 ** 32))
    case 5:
      return writeResume(out, offset, data)
    case 6:
      return writeTick(out, offset, random.integer(2 ** 32), random.integer(0x10000))
    case 7:
      return writeRandomAck(random, out, offset, random.integer(100))
    default:
      return writeRandomMessage(random, out, offset)
  }
}

/** Writes an ACK frame of valid form whose largest number is this; what it acknowledges is random. */
export function writeRandomAck(
  random: SeededRandom,
  out: Uint8Array,
  offset: number,
  largest: number,
): number {
  const flags = random.integer(8)
  out[offset] = FrameType.Ack | flags
  let at = offset + 1
  if ((flags & 4) !== 0) {
    writeU32(out, at, largest)
    at += 4
  } else {
    writeU16(out, at, largest)
    at += 2
  }
  writeU16(out, at, random.integer(0x10000))
  at += 2
  if ((flags & 2) !== 0) {
    writeU32(out, at, random.uint32())
    at += 4
  }
  if ((flags & 1) === 0) return at
  const count = random.integer(17)
  at = writeVarint(out, at, 33 + random.integer(2000))
  out[at++] = count
  for (let range = 0; range < count; range++) {
    at = writeVarint(out, at, random.integer(20))
    at = writeVarint(out, at, 1 + random.integer(20))
  }
  return at
}

/** Writes a MESSAGE frame of valid form, often of low channels and sequence numbers, so that they meet. */
export function writeRandomMessage(random: SeededRandom, out: Uint8Array, offset: number): number {
  const sequence = random.chance(0.99) ? random.integer(200) : random.integer(0x10000)
  // Mostly the same number of fragments for the same sequence number, or none would ever be complete.
  const usualCount = sequence % 3 === 0 ? 2 + (sequence % 5) : 1
  const count = random.chance(0.99) ? usualCount : 1 + random.integer(900)
  const isFragment = count > 1
  const index = random.integer(count)
  const length = isFragment && index < count - 1 ? 1100 : 1 + random.integer(100)
  const dataAt = writeMessageHeader(
    out,
    offset,
    random.integer(3),
    random.integer(4),
    sequence,
    index,
    count,
    length,
  )
  return dataAt + length
}
