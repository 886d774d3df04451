import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame } from './frame.ts'
import { ReplayBuffer } from './replay-buffer.ts'
import { checkProperty } from './testing/seeded.ts'

const BOUNDS = { maxBytes: 100, maxFrames: 10 }

/** A frame of 3 bytes and a number. */
const frame = (number: number, bytes = 1): Uint8Array => encodeFrame(0x20, new Uint8Array(bytes).fill(number))

function kept(buffer: ReplayBuffer): [lane: number, number: number | undefined][] {
  const frames: [number, number | undefined][] = []
  buffer.replay((one, lane) => frames.push([lane, one[3]]))
  return frames
}

describe('ReplayBuffer', () => {
  it('keeps copies, lane by lane in order, until they are acknowledged', () => {
    const buffer = new ReplayBuffer(BOUNDS)
    const reused = frame(1)
    buffer.push(0, reused)
    buffer.push(7, frame(10))
    reused[3] = 99
    buffer.push(0, frame(2))
    expect(kept(buffer)).toEqual([
      [0, 1],
      [0, 2],
      [7, 10],
    ])
    expect(buffer.sizeBytes).toBe(12)
    buffer.ack(0, 1)
    expect(kept(buffer)).toEqual([
      [0, 2],
      [7, 10],
    ])
    buffer.ack(0, 2)
    buffer.ack(7, 1)
    expect([kept(buffer), buffer.sizeBytes]).toEqual([[], 0])
  })

  it('ignores acknowledgements that are old, that cannot be, or of lanes it does not know', () => {
    const buffer = new ReplayBuffer(BOUNDS)
    buffer.push(0, frame(1))
    buffer.push(0, frame(2))
    buffer.ack(0, 1)
    for (const count of [0, 1, 3, 0xffff_ffff]) buffer.ack(0, count)
    buffer.ack(5, 1)
    expect(kept(buffer)).toEqual([[0, 2]])
  })

  it('can replay to whoever has all that it has let go of, and no more than was sent', () => {
    const buffer = new ReplayBuffer(BOUNDS)
    buffer.push(0, frame(1))
    buffer.push(0, frame(2))
    buffer.push(3, frame(3))
    buffer.ack(0, 1)
    const can = (lane0: number, lane3?: number): boolean =>
      buffer.canReplay(new Map([[0, lane0], ...(lane3 === undefined ? [] : [[3, lane3] as const])]))
    expect([can(0), can(1), can(2), can(3)]).toEqual([false, true, true, false])
    expect([can(1, 1), can(1, 2)]).toEqual([true, false])
  })

  it('lets go of everything beyond its bounds, and can replay again once that has arrived', () => {
    const buffer = new ReplayBuffer(BOUNDS)
    buffer.push(0, frame(1, 60))
    expect(buffer.fits(60)).toBe(false)
    expect(buffer.push(2, frame(2, 60))).toBe(false)
    expect([kept(buffer), buffer.sizeBytes]).toEqual([[], 0])
    expect(buffer.canReplay(new Map([[0, 1]]))).toBe(false)
    const all = new Map([
      [0, 1],
      [2, 1],
    ])
    expect(buffer.canReplay(all)).toBe(true)
    expect(buffer.push(0, frame(3))).toBe(true)
    expect(buffer.canReplay(all)).toBe(true)
    expect(kept(buffer)).toEqual([[0, 3]])
  })

  it('is bounded in frames, too', () => {
    const buffer = new ReplayBuffer({ maxBytes: 1_000, maxFrames: 2 })
    expect([buffer.push(0, frame(1)), buffer.push(1, frame(2)), buffer.push(0, frame(3))]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('forgets a closed lane when its last frame is acknowledged, and one that nobody needs at once', () => {
    const buffer = new ReplayBuffer(BOUNDS)
    buffer.push(4, frame(1))
    buffer.close(4)
    expect(buffer.has(4)).toBe(true)
    buffer.ack(4, 1)
    expect(buffer.has(4)).toBe(false)
    buffer.push(5, frame(1))
    buffer.forget(5)
    expect([buffer.has(5), buffer.sizeBytes, buffer.lanes]).toEqual([false, 0, [0]])
  })

  it('gives to the other side exactly what it lacks, whatever is sent, acknowledged and lost', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('send' as const), lane: fc.nat({ max: 2 }), bytes: fc.nat({ max: 40 }) }),
      fc.record({ kind: fc.constant('ack' as const), lane: fc.nat({ max: 2 }), bytes: fc.nat({ max: 40 }) }),
    )
    checkProperty(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const buffer = new ReplayBuffer({ maxBytes: 2_000, maxFrames: 60 })
        const sent: number[][] = [[], [], []]
        const received = [0, 0, 0]
        let number = 0
        for (const { kind, lane, bytes } of steps) {
          const numbers = sent[lane] as number[]
          if (kind === 'send') {
            const next = ++number & 0xff
            const isKept = buffer.push(lane, frame(next, 1 + bytes))
            numbers.push(next)
            if (!isKept) for (const [index, all] of sent.entries()) received[index] = all.length
          } else if ((received[lane] as number) < numbers.length) {
            received[lane] = (received[lane] as number) + 1
            buffer.ack(lane, received[lane] as number)
          }
        }
        expect(buffer.canReplay(new Map(received.entries()))).toBe(true)
        const repeated: number[][] = [[], [], []]
        for (const [lane, count] of received.entries()) buffer.ack(lane, count)
        buffer.replay((one, lane) => repeated[lane]?.push(one[3] as number))
        expect(repeated).toEqual(sent.map((all, lane) => all.slice(received[lane])))
      }),
    )
  })
})
