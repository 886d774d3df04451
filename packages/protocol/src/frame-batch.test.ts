import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameBatch } from './frame-batch.ts'
import { concat, fromHex, toHex } from './testing/bytes.ts'
import { checkProperty } from './testing/seeded.ts'

describe('FrameBatch', () => {
  it('hands over what was added, in order, and starts anew', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 })
    const batch = new FrameBatch()
    checkProperty(
      fc.property(frames, (added) => {
        for (const frame of added) batch.add(frame)
        const expected = concat(...added)
        expect(batch.length).toBe(expected.length)
        expect(toHex(batch.drain())).toBe(toHex(expected))
        expect(batch.length).toBe(0)
      }),
    )
  })

  it('keeps a copy of what was added', () => {
    const batch = new FrameBatch()
    const frame = fromHex('010000')
    batch.add(frame)
    frame[0] = 0xff
    expect(toHex(batch.drain())).toBe('010000')
  })

  it('uses its memory again', () => {
    const batch = new FrameBatch()
    batch.add(fromHex('010000'))
    const { buffer } = batch.drain()
    batch.add(fromHex('020000'))
    expect(batch.drain().buffer).toBe(buffer)
  })

  it('keeps bytes in front of the frames free, however it grows', () => {
    const batch = new FrameBatch(10)
    expect([batch.length, batch.capacity]).toEqual([0, 0])
    const frames = [new Uint8Array(200).fill(1), new Uint8Array(200).fill(2), new Uint8Array(2_000).fill(3)]
    for (const frame of frames) batch.add(frame)
    expect(batch.length).toBe(2_400)
    expect(toHex(batch.drain().subarray(10))).toBe(toHex(concat(...frames)))
  })

  it('is empty when nothing was added', () => {
    expect(new FrameBatch().drain()).toHaveLength(0)
  })
})
