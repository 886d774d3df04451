import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { END_OF_FRAMES, FrameReader, MALFORMED_FRAME } from './frame-reader.ts'
import { CREDIT_CONNECTION, FrameType } from './frame-types.ts'
import {
  messageOverheadBytes,
  stripMessageLength,
  writeClose,
  writeCredit,
  writeMessageHeader,
  writePathFrame,
  writePing,
  writeResume,
  writeTick,
} from './frame-writer.ts'
import { FRAGMENT_BYTES } from './limits.ts'

const room = () => new Uint8Array(2000)

/** The type of the only frame in these bytes, or what is wrong with them. */
function read(bytes: ArrayLike<number>): { type: number; reader: FrameReader } {
  const reader = new FrameReader()
  const buffer = Uint8Array.from(bytes)
  reader.reset(buffer, 0, buffer.length)
  return { type: reader.next(), reader }
}

describe('the frame reader', () => {
  it('reads every control frame as it was written, one after another, padding in between', () => {
    const out = room()
    const reason = new TextEncoder().encode('bye')
    const data = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
    let at = writePing(out, 0)
    at = writeClose(out, at + 3, 259, reason)
    at = writePathFrame(out, at, FrameType.PathChallenge, data)
    at = writePathFrame(out, at, FrameType.PathResponse, data)
    at = writeCredit(out, at, 31, 2 ** 32 + 7)
    at = writeCredit(out, at, CREDIT_CONNECTION, 2 ** 32 - 1)
    at = writeResume(out, at, data)
    at = writeTick(out, at, 2 ** 32 - 1, 49_999)
    const reader = new FrameReader()
    reader.reset(out, 0, at)
    expect(reader.next()).toBe(FrameType.Ping)
    expect(reader.next()).toBe(FrameType.Close)
    expect(reader.closeCode).toBe(259)
    expect([...out.subarray(reader.dataOffset, reader.dataOffset + reader.dataLength)]).toEqual([...reason])
    for (const type of [FrameType.PathChallenge, FrameType.PathResponse]) {
      expect(reader.next()).toBe(type)
      expect([...out.subarray(reader.dataOffset, reader.dataOffset + 8)]).toEqual([...data])
    }
    expect(reader.next()).toBe(FrameType.Credit)
    expect([reader.channel, reader.creditBytes]).toEqual([31, 7])
    expect(reader.next()).toBe(FrameType.Credit)
    expect([reader.channel, reader.creditBytes]).toEqual([CREDIT_CONNECTION, 2 ** 32 - 1])
    expect(reader.next()).toBe(FrameType.Resume)
    expect(reader.dataLength).toBe(8)
    expect(reader.next()).toBe(FrameType.Tick)
    expect([reader.tick, reader.microsInTick]).toEqual([2 ** 32 - 1, 49_999])
    expect(reader.next()).toBe(END_OF_FRAMES)
  })

  it('reads messages of all modes, whole and in fragments, with and without a length', () => {
    const message = fc.record({
      channel: fc.integer({ min: 0, max: 31 }),
      mode: fc.integer({ min: 0, max: 3 }),
      sequence: fc.integer({ min: 0, max: 0xffff }),
      fragmentCount: fc.integer({ min: 1, max: 900 }),
      position: fc.double({ min: 0, max: 0.999, noNaN: true }),
      lastLength: fc.integer({ min: 1, max: FRAGMENT_BYTES }),
      isStripped: fc.boolean(),
    })
    fc.assert(
      fc.property(message, ({ channel, mode, sequence, fragmentCount, position, lastLength, isStripped }) => {
        const fragmentIndex = Math.floor(position * fragmentCount)
        const length = fragmentIndex < fragmentCount - 1 ? FRAGMENT_BYTES : lastLength
        const out = room()
        const dataAt = writeMessageHeader(
          out,
          5,
          channel,
          mode,
          sequence,
          fragmentIndex,
          fragmentCount,
          length,
        )
        expect(dataAt - 5).toBe(messageOverheadBytes(mode, fragmentIndex, fragmentCount, length))
        out.fill(0xab, dataAt, dataAt + length)
        let end = dataAt + length
        if (isStripped) end = stripMessageLength(out, 5, end)
        out[end] = 0xcd
        const reader = new FrameReader()
        reader.reset(out, 5, end)
        expect(reader.next()).toBe(FrameType.Message)
        expect(reader).toMatchObject({ channel, mode, fragmentIndex, fragmentCount, dataLength: length })
        if (mode !== 3 || fragmentCount > 1) expect(reader.sequence).toBe(sequence)
        expect(out.subarray(reader.dataOffset, end).every((byte) => byte === 0xab)).toBe(true)
        expect(reader.next()).toBe(END_OF_FRAMES)
      }),
    )
  })

  it('finds every cut of a valid frame malformed, save the ends of what needs no length', () => {
    const out = room()
    const ends = [
      writeClose(out, 0, 4, new Uint8Array(9)),
      writeClose(out, 100, 4, new Uint8Array(0)) - 100,
      writePathFrame(out, 200, FrameType.PathChallenge, new Uint8Array(8)) - 200,
      writeCredit(out, 300, 1, 5) - 300,
      writeResume(out, 400, new Uint8Array(5)) - 400,
      writeTick(out, 500, 1, 1) - 500,
      writeMessageHeader(out, 600, 1, 0, 7, 0, 1, 10) + 10 - 600,
    ]
    ends.forEach((length, index) => {
      for (let cut = 1; cut < length; cut++) {
        expect(read(out.subarray(100 * index, 100 * index + cut)).type).toBe(MALFORMED_FRAME)
      }
    })
  })

  it.each([
    ['an unknown type', [0x02]],
    ['an unknown type', [0x0a]],
    ['an unknown ACK', [0x18, 0, 0, 0, 0]],
    ['a type beyond the messages', [0x40]],
    ['a message with the reserved bit', [0x21, 0, 0, 0]],
    ['a message on channel 32', [0x20, 32, 0, 0]],
    ['a fragment of a message of one', [0x24, 0, 0, 0, 0, 1, 9]],
    ['a fragment beyond the count', [0x24, 0, 0, 0, 2, 2, 9]],
    ['a fragment of nothing', [0x24, 0, 0, 0, 1, 2]],
    ['a fragment in the middle that is not full', [0x24, 0, 0, 0, 0, 2, 9, 9]],
    ['credit of channel 32', [0x07, 32, 0, 0, 0, 0]],
    ['a close reason beyond 128 bytes', [0x04, 0, 0, 129, ...new Array<number>(129).fill(65)]],
    ['an ACK with ranges that reach no further than its bits', [0x11, 9, 0, 0, 0, 32, 0]],
    ['an ACK with 17 ranges', [0x11, 9, 0, 0, 0, 0x7f, 0xff, 17, ...new Array<number>(34).fill(1)]],
    ['an ACK with an empty range', [0x11, 9, 0, 0, 0, 60, 1, 2, 0]],
    ['an ACK whose ranges reach below its floor', [0x11, 9, 0, 0, 0, 40, 1, 4, 5]],
  ])('refuses %s', (_what, bytes) => {
    expect(read(bytes).type).toBe(MALFORMED_FRAME)
  })

  it('takes an empty message, and an ACK whose ranges reach exactly to its floor', () => {
    expect(read([0x20, 0, 0, 0]).type).toBe(FrameType.Message)
    expect(read([0x38, 0]).type).toBe(FrameType.Message)
    expect(read([0x11, 9, 0, 0, 0, 40, 1, 4, 4]).type).toBe(FrameType.Ack)
  })

  it('reads an ACK’s fields', () => {
    const { type, reader } = read([0x17, 1, 2, 3, 4, 10, 0, 0xfe, 0xff, 0xff, 0x7f, 60, 1, 2, 3])
    expect(type).toBe(FrameType.Ack)
    expect(reader).toMatchObject({
      ackLargest: 0x04030201,
      ackLargestBytes: 4,
      ackDelayMs: 0.64,
      ackBits: 0x7ffffffe,
      ackFloor: 60,
      ackRangeCount: 1,
    })
    expect([...reader.ackRuns.subarray(0, 2)]).toEqual([2, 3])
    expect(read([0x10, 9, 0, 0xff, 0xff]).reader).toMatchObject({ ackDelayMs: -1, ackBits: 0xffffffff })
  })
})
