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
        expect(toHex(batch.take())).toBe(toHex(expected))
        expect(batch.length).toBe(0)
      }),
    )
  })

  it('keeps a copy: neither the frame nor a batch that was taken is touched later', () => {
    const batch = new FrameBatch()
    const frame = fromHex('010000')
    batch.add(frame)
    frame[0] = 0xff
    const taken = batch.take()
    batch.add(fromHex('020000'))
    expect(toHex(taken)).toBe('010000')
    expect(toHex(batch.take())).toBe('020000')
  })

  it('is empty when nothing was added', () => {
    expect(new FrameBatch().take()).toHaveLength(0)
  })
})
