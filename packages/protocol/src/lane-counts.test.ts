import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeLaneCounts, encodeLaneCounts, encodeSessionAck } from './lane-counts.ts'
import { Op } from './opcodes.ts'
import { checkProperty } from './testing/seeded.ts'

const invalid = expect.objectContaining({ error: 'INVALID_PAYLOAD' })
const counts = fc
  .uniqueArray(fc.tuple(fc.nat({ max: 0xffff }), fc.nat({ max: 0xffff_ffff })), {
    selector: ([lane]) => lane,
    maxLength: 40,
  })
  .map((entries) => new Map(entries))

describe('lane counts', () => {
  it('decode to what was encoded, alone and in a SessionAck', () => {
    checkProperty(
      fc.property(counts, (given) => {
        expect(decodeLaneCounts(encodeLaneCounts(given))).toEqual(given)
        const frame = encodeSessionAck(given)
        expect(frame[0]).toBe(Op.SessionAck)
        expect(decodeLaneCounts(frame.subarray(3))).toEqual(given)
      }),
    )
  })

  it('are refused when their size is not what they say', () => {
    const whole = encodeLaneCounts(new Map([[1, 2]]))
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeLaneCounts(whole.subarray(0, length)), String(length)).toThrow(invalid)
    }
    expect(() => decodeLaneCounts(new Uint8Array([...whole, 0]))).toThrow(invalid)
    expect(() => decodeLaneCounts(new Uint8Array(3))).toThrow(invalid)
  })

  it('are refused when a lane comes twice', () => {
    const twice = encodeLaneCounts(
      new Map([
        [1, 5],
        [2, 5],
      ]),
    )
    twice[8] = 1
    expect(() => decodeLaneCounts(twice)).toThrow(invalid)
  })
})
