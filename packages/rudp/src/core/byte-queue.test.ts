import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteQueue } from './byte-queue.ts'

describe('the byte queue', () => {
  it('gives back every payload unchanged until it is released, whatever grows in between', () => {
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 3000 }) },
      { weight: 2, arbitrary: fc.constant(-1) },
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
        const queue = new ByteQueue()
        const held: { position: number; data: Uint8Array }[] = []
        let filler = 0
        for (const length of operations) {
          if (length >= 0) {
            const data = new Uint8Array(length).fill(++filler)
            held.push({ position: queue.push(data), data })
          } else if (held.length > 0) {
            held.shift()
            if (held[0] === undefined) queue.clear()
            else queue.releaseBefore(held[0].position)
          }
          const out = new Uint8Array(3100)
          for (const { position, data } of held) {
            queue.copyTo(position, data.length, out, 7)
            expect(Buffer.compare(out.subarray(7, 7 + data.length), data)).toBe(0)
          }
        }
      }),
    )
  })

  it('takes payloads again after it gave its buffer back', () => {
    const queue = new ByteQueue()
    queue.push(new Uint8Array(300))
    queue.trim()
    const position = queue.push(new Uint8Array([1, 2, 3]))
    const out = new Uint8Array(3)
    queue.copyTo(position, 3, out, 0)
    expect(out).toEqual(new Uint8Array([1, 2, 3]))
  })
})
