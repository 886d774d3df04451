import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_VARINT, readVarint, varintBytes, varintBytesOf, writeVarint } from './varint.ts'

describe('varints', () => {
  it('reads back what was written, in as many bytes as announced', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: MAX_VARINT }),
        fc.integer({ min: 0, max: 5 }),
        (value, offset) => {
          const buffer = new Uint8Array(16)
          const end = writeVarint(buffer, offset, value)
          expect(end - offset).toBe(varintBytes(value))
          expect(varintBytesOf(buffer[offset]!)).toBe(end - offset)
          expect(readVarint(buffer, offset, end)).toBe(value)
        },
      ),
    )
  })

  it('takes 1, 2 or 4 bytes at the boundaries, most significant byte first', () => {
    const bytesOf = (value: number) => {
      const buffer = new Uint8Array(4)
      return [...buffer.subarray(0, writeVarint(buffer, 0, value))]
    }
    expect(bytesOf(63)).toEqual([0x3f])
    expect(bytesOf(64)).toEqual([0x40, 0x40])
    expect(bytesOf(16_383)).toEqual([0x7f, 0xff])
    expect(bytesOf(16_384)).toEqual([0x80, 0, 0x40, 0])
    expect(bytesOf(MAX_VARINT)).toEqual([0xbf, 0xff, 0xff, 0xff])
  })

  it('refuses one that is cut short, whatever lies behind the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_VARINT }), (value) => {
        const buffer = new Uint8Array(8)
        const end = writeVarint(buffer, 0, value)
        for (let cut = 0; cut < end; cut++) expect(readVarint(buffer, 0, cut)).toBe(-1)
      }),
    )
  })

  it('refuses the reserved prefix', () => {
    expect(readVarint(new Uint8Array(8).fill(0xff), 0, 8)).toBe(-1)
  })
})
