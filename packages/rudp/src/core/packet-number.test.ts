import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expandPacketNumber, packetNumberBytes } from './packet-number.ts'

describe('packet numbers', () => {
  it('expands the example of RFC 9000 A.3', () => {
    expect(expandPacketNumber(0x9b32, 2, 0xa82f30ea)).toBe(0xa82f9b32)
  })

  it('expands any number within the distance the sender chose its length for', () => {
    const largestAcked = fc.oneof(
      fc.integer({ min: -1, max: 70_000 }),
      fc.integer({ min: 2 ** 32 - 70_000, max: 2 ** 32 + 70_000 }),
      fc.integer({ min: 2 ** 47, max: 2 ** 47 + 70_000 }),
    )
    const ahead = fc.oneof(fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: 1, max: 2 ** 30 }))
    fc.assert(
      fc.property(
        largestAcked,
        ahead,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (acked, distance, share) => {
          const packetNumber = acked + distance
          const bytes = packetNumberBytes(packetNumber, acked)
          // The receiver has at least what it acknowledged, and may have anything up to the packet before.
          const received = acked + Math.floor(share * (distance - 1))
          expect(expandPacketNumber(packetNumber % 2 ** (8 * bytes), bytes, received)).toBe(packetNumber)
        },
      ),
    )
  })

  it.each([2 ** 16, 2 ** 24, 2 ** 32])('passes %i without a seam', (boundary) => {
    for (let packetNumber = boundary - 3; packetNumber <= boundary + 3; packetNumber++) {
      for (const bytes of [2, 3, 4]) {
        const truncated = packetNumber % 2 ** (8 * bytes)
        expect(expandPacketNumber(truncated, bytes, packetNumber - 1)).toBe(packetNumber)
        expect(expandPacketNumber(truncated, bytes, packetNumber + 100)).toBe(packetNumber)
      }
    }
  })

  it('needs 2 to 4 bytes, depending on how far the peer may be behind', () => {
    expect(packetNumberBytes(0, -1)).toBe(2)
    expect(packetNumberBytes(2 ** 15 - 2, -1)).toBe(2)
    expect(packetNumberBytes(2 ** 15 - 1, -1)).toBe(3)
    expect(packetNumberBytes(2 ** 23 - 1, -1)).toBe(4)
  })
})
