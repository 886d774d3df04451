import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isPacketHeader,
  keyPhaseOf,
  packetNumberBytesOf,
  readTruncatedPacketNumber,
  writePacketHeader,
} from './packet-header.ts'

describe('the short header', () => {
  it('has the connection id from client to server and none the other way', () => {
    const out = new Uint8Array(16)
    expect(writePacketHeader(out, 0, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]), 1, 0x1234, 2)).toBe(11)
    expect([...out.subarray(0, 11)]).toEqual([0x62, 1, 2, 3, 4, 5, 6, 7, 8, 0x34, 0x12])
    expect(writePacketHeader(out, 0, new Uint8Array(0), 0, 0x12345678, 4)).toBe(5)
    expect([...out.subarray(0, 5)]).toEqual([0x46, 0x78, 0x56, 0x34, 0x12])
  })

  it('reads back what was written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 47 }),
        fc.integer({ min: 2, max: 4 }),
        fc.integer({ min: 0, max: 1 }),
        (packetNumber, bytes, phase) => {
          const out = new Uint8Array(8)
          writePacketHeader(out, 1, new Uint8Array(0), phase, packetNumber, bytes)
          const flags = out[1]!
          expect(isPacketHeader(flags)).toBe(true)
          expect(keyPhaseOf(flags)).toBe(phase)
          expect(packetNumberBytesOf(flags)).toBe(bytes)
          expect(readTruncatedPacketNumber(out, 2, bytes)).toBe(packetNumber % 2 ** (8 * bytes))
        },
      ),
    )
  })

  it('is not taken for one with the long-header bit, without the fixed bit, or with reserved bits', () => {
    expect(isPacketHeader(0x42)).toBe(true)
    expect(isPacketHeader(0x43)).toBe(true)
    expect(isPacketHeader(0xc2)).toBe(false)
    expect(isPacketHeader(0x02)).toBe(false)
    expect(isPacketHeader(0x4a)).toBe(false)
    expect(isPacketHeader(0x52)).toBe(false)
    expect(isPacketHeader(0x40)).toBe(false)
  })
})
