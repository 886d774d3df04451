import { END_OF_FRAMES, FrameReader, MALFORMED_FRAME } from '../../core/frame-reader.ts'
import { FrameType } from '../../core/frame-types.ts'
import type { FuzzTarget } from '../fuzz-target.ts'
import { mutate, randomBytes } from '../mutate.ts'
import { writeRandomFrame } from './random-frames.ts'

const BUFFER_BYTES = 4096
const MARGIN_BYTES = 64

/** The frame parser alone, on random bytes and on damaged frames, in the middle of a larger buffer. */
export const frames: FuzzTarget = {
  name: 'frames',
  start(random) {
    const buffer = new Uint8Array(BUFFER_BYTES)
    const input = buffer.subarray(MARGIN_BYTES, BUFFER_BYTES - MARGIN_BYTES)
    const reader = new FrameReader()
    return () => {
      let length = 0
      if (random.chance(0.5)) {
        length = randomBytes(random, input, 300)
      } else {
        for (let count = 1 + random.integer(5); count > 0 && length < 2000; count--) {
          length = writeRandomFrame(random, input, length)
        }
        length = mutate(random, input, length)
      }
      readAll(reader, buffer, MARGIN_BYTES, MARGIN_BYTES + length)
    }
  },
}

/** @throws Error when the parser does not end, or points outside of its input */
function readAll(reader: FrameReader, buffer: Uint8Array, start: number, end: number): void {
  reader.reset(buffer, start, end)
  for (let count = 0; count <= end - start; count++) {
    const type = reader.next()
    if (type === END_OF_FRAMES || type === MALFORMED_FRAME) return
    const { dataOffset, dataLength } = reader
    const hasData = type === FrameType.Message || type === FrameType.Close || type === FrameType.Resume
    if (hasData && (dataOffset < start || dataLength < 0 || dataOffset + dataLength > end)) {
      throw new Error(
        `frame ${type} has data at ${dataOffset}, ${dataLength} bytes, outside ${start}..${end}`,
      )
    }
    if (type === FrameType.Message && reader.fragmentIndex >= reader.fragmentCount) {
      throw new Error(`fragment ${reader.fragmentIndex} of ${reader.fragmentCount}`)
    }
  }
  throw new Error('more frames than bytes')
}
