import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReceivedPackets, REPLAY_WINDOW } from './received-packets.ts'

describe('received packets', () => {
  it('remembers exactly the newest 1024 numbers, in any order of arrival and at any boundary', () => {
    const start = fc.constantFrom(0, 2 ** 16 - 500, 2 ** 32 - 500, 2 ** 47)
    const steps = fc.array(fc.integer({ min: -1200, max: 400 }), { maxLength: 200 })
    fc.assert(
      fc.property(start, steps, (first, jumps) => {
        const packets = new ReceivedPackets(first - 1)
        const model = new Set<number>()
        let largest = first - 1
        for (const jump of jumps) {
          const number = largest + jump
          if (number < first) continue
          expect(packets.isTooOld(number)).toBe(largest - number >= REPLAY_WINDOW)
          if (packets.isTooOld(number)) continue
          expect(packets.has(number)).toBe(model.has(number))
          packets.add(number)
          model.add(number)
          largest = Math.max(largest, number)
          expect(packets.largest).toBe(largest)
        }
        for (let index = 0; index < 32; index++) {
          const bit = (packets.bitsFrom(largest - 5) >>> index) & 1
          expect(bit === 1).toBe(model.has(largest - 5 - index))
        }
      }),
    )
  })

  it('forgets everything when the numbers leap by more than the window', () => {
    const packets = new ReceivedPackets(-1)
    for (let number = 0; number < 2000; number++) packets.add(number)
    packets.add(2000 + REPLAY_WINDOW)
    for (let number = 2001; number < 2000 + REPLAY_WINDOW; number++) expect(packets.has(number)).toBe(false)
  })

  it('has nothing below zero', () => {
    const packets = new ReceivedPackets(-1)
    packets.add(0)
    packets.add(2)
    expect(packets.bitsFrom(1)).toBe(0b10)
    expect(packets.bitsFrom(-1)).toBe(0)
  })
})
