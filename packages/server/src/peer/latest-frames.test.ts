import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../testing/property.ts'
import { LatestFrames } from './latest-frames.ts'

function drained(frames: LatestFrames, most = Number.POSITIVE_INFINITY): string[] {
  const taken: string[] = []
  frames.drain((frame, lane) => {
    if (taken.length >= most) return false
    taken.push(`${lane}:${frame.join()}`)
    return true
  })
  return taken
}

describe('LatestFrames', () => {
  it('keeps a copy of the newest of each lane, and hands over the one that waited longest first', () => {
    const frames = new LatestFrames(100)
    const frame = Uint8Array.of(1, 2)
    frames.put(7, frame)
    frame.fill(9)
    frames.put(8, Uint8Array.of(3))
    frames.put(9, Uint8Array.of(4))
    frames.put(7, Uint8Array.of(5, 6))
    expect(frames.superseded).toBe(1)
    expect(drained(frames)).toEqual(['8:3', '9:4', '7:5,6'])
    expect([frames.isEmpty, frames.sizeBytes]).toEqual([true, 0])
  })

  it('counts the frames of messages that were replaced', () => {
    const frames = new LatestFrames(100)
    frames.put(1, Uint8Array.of(1), 5)
    frames.put(1, Uint8Array.of(2), 2)
    frames.put(2, new Uint8Array(100), 1)
    expect(frames.superseded).toBe(5 + 2)
  })

  it('keeps what nobody takes', () => {
    const frames = new LatestFrames(100)
    for (const lane of [1, 2, 3]) frames.put(lane, Uint8Array.of(lane))
    expect(drained(frames, 1)).toEqual(['1:1'])
    expect(frames.sizeBytes).toBe(2)
    expect(drained(frames)).toEqual(['2:2', '3:3'])
  })

  it('lets go of the oldest beyond its bound, but keeps one frame of any size', () => {
    const frames = new LatestFrames(10)
    for (const lane of [1, 2, 3]) frames.put(lane, new Uint8Array(4))
    expect([frames.sizeBytes, frames.superseded]).toEqual([8, 1])
    frames.put(4, new Uint8Array(50))
    expect([frames.sizeBytes, frames.superseded]).toEqual([50, 3])
    frames.clear()
    expect(drained(frames)).toEqual([])
  })

  it('never holds more memory than its bound, and always the newest of all', () => {
    const puts = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 40 })), { minLength: 1, maxLength: 60 })
    checkProperty(
      fc.property(puts, (given) => {
        const frames = new LatestFrames(64)
        given.forEach(([lane, length], index) => {
          frames.put(lane, new Uint8Array(length).fill(index))
          expect(frames.sizeBytes).toBeLessThanOrEqual(64)
        })
        const [lane = 0, length = 0] = given.at(-1) ?? []
        const left = drained(frames)
        expect(left.at(-1)).toBe(`${lane}:${new Uint8Array(length).fill(given.length - 1).join()}`)
        expect(frames.superseded + left.length).toBe(given.length)
      }),
    )
  })
})
