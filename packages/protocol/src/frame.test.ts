import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocateFrame, encodeFrame, FrameReader } from './frame.ts'
import { WireLimits } from './limits.ts'
import { bytes } from './testing/arbitraries.ts'
import { concat, fromHex, toHex } from './testing/bytes.ts'
import { checkProperty } from './testing/seeded.ts'

function readAll(message: Uint8Array): { op: number; payload: Uint8Array }[] {
  const reader = new FrameReader()
  reader.reset(message)
  const frames = []
  while (reader.next()) frames.push({ op: reader.op, payload: reader.payload() })
  return frames
}

const truncated = expect.objectContaining({ error: 'TRUNCATED_FRAME' })

describe('encodeFrame', () => {
  it('writes op, length with the low byte first, payload', () => {
    expect(toHex(encodeFrame(0x13, fromHex('aabb')))).toBe('130200aabb')
    expect(toHex(allocateFrame(0x20, 0x1234).subarray(0, 3))).toBe('203412')
  })

  it('takes 65,535 payload bytes and refuses one more', () => {
    const largest = new Uint8Array(WireLimits.payloadBytes).fill(0x5a)
    const [frame] = readAll(encodeFrame(0x20, largest))
    expect(toHex(frame?.payload ?? fromHex(''))).toBe(toHex(largest))
    expect(() => encodeFrame(0x20, new Uint8Array(65_536))).toThrow(
      expect.objectContaining({ error: 'PAYLOAD_TOO_LARGE' }),
    )
  })
})

describe('FrameReader', () => {
  it('reads back the frames of any message, in order', () => {
    const frames = fc.array(fc.record({ op: fc.nat({ max: 255 }), payload: bytes }), { maxLength: 8 })
    checkProperty(
      fc.property(frames, (sent) => {
        const message = concat(...sent.map(({ op, payload }) => encodeFrame(op, payload)))
        expect(readAll(message)).toEqual(sent)
      }),
    )
  })

  it('reads nothing from an empty message', () => {
    expect(readAll(new Uint8Array(0))).toEqual([])
  })

  it('reads frames without a payload', () => {
    expect(readAll(fromHex('010000 020000')).map(({ op }) => op)).toEqual([1, 2])
  })

  it('gives payloads as views of the message, wherever that lies in its buffer', () => {
    const buffer = fromHex('ffff 130200aabb ffff')
    const [frame] = readAll(buffer.subarray(2, 7))
    expect(toHex(frame?.payload ?? fromHex(''))).toBe('aabb')
    buffer[5] = 0xcc
    expect(toHex(frame?.payload ?? fromHex(''))).toBe('ccbb')
  })

  it.each(['01', '0102', '010100', '01020000', '01ffff00'])(
    'refuses %s, which ends before its frame does',
    (hex) => {
      expect(() => readAll(fromHex(hex))).toThrow(truncated)
    },
  )

  it('says what is missing: the header or the payload', () => {
    expect(() => readAll(fromHex('0102'))).toThrow('2 byte(s) at offset 0: a frame header has 3 bytes')
    expect(() => readAll(fromHex('010000 020500aa'))).toThrow(
      'frame at offset 3 says 5 payload bytes, 1 follow',
    )
  })

  it('refuses every message that is cut off inside a frame', () => {
    checkProperty(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 4 }), fc.nat(), (payloads, cut) => {
        const frames = payloads.map((payload) => encodeFrame(1, payload))
        const boundaries = frames.map((_, count) => concat(...frames.slice(0, count)).length)
        const message = concat(...frames)
        const length = cut % message.length
        const read = () => readAll(message.subarray(0, length))
        if (boundaries.includes(length)) expect(read()).toHaveLength(boundaries.indexOf(length))
        else expect(read).toThrow(truncated)
      }),
    )
  })

  it('gives the frames before a fault, and reads the next message after it', () => {
    const reader = new FrameReader()
    reader.reset(fromHex('010100aa 0205'))
    expect(reader.next()).toBe(true)
    expect(() => reader.next()).toThrow(truncated)
    reader.reset(fromHex('030000'))
    expect(reader.next()).toBe(true)
    expect(reader.op).toBe(3)
    expect(reader.next()).toBe(false)
    expect(reader.next()).toBe(false)
  })
})
