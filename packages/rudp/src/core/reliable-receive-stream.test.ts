import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DropCounters } from './drop-counters.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameType } from './frame-types.ts'
import { writeMessageHeader } from './frame-writer.ts'
import { FRAGMENT_BYTES, SERVER_LIMITS } from './limits.ts'
import { ReceiveChannels } from './receive-channels.ts'
import { numberedMessage, numberOf } from './testing/numbered-message.ts'

const ORDERED = 0
const UNORDERED = 1

interface Frame {
  readonly sequence: number
  readonly index: number
  readonly count: number
  readonly data: Uint8Array
}

/** A receiver that is handed frames one by one and notes what it delivers. */
class Receiver {
  readonly delivered: number[] = []
  readonly drops = new DropCounters()
  readonly channels: ReceiveChannels
  readonly #reader = new FrameReader()
  readonly #buffer = new Uint8Array(1500)
  readonly #mode: number

  constructor(mode: number, limits: Partial<typeof SERVER_LIMITS> = {}) {
    this.#mode = mode
    this.channels = new ReceiveChannels({ ...SERVER_LIMITS, ...limits }, this.drops, {
      onMessage: (_channel, _mode, data) => this.delivered.push(numberOf(data)),
      onWritable: () => {},
      onPathValidated: () => {},
      onUnstable: () => {},
      onStateChanged: () => {},
    })
  }

  take({ sequence, index, count, data }: Frame): boolean {
    const dataAt = writeMessageHeader(
      this.#buffer,
      0,
      2,
      this.#mode,
      sequence & 0xffff,
      index,
      count,
      data.length,
    )
    this.#buffer.set(data, dataAt)
    this.#reader.reset(this.#buffer, 0, dataAt + data.length)
    if (this.#reader.next() !== FrameType.Message) throw new Error('the frame does not parse')
    const isAccepted = this.channels.onFrame(this.#reader, 0)
    this.#buffer.fill(0xee)
    return isAccepted
  }
}

/** The frames of messages with these sizes, numbered from `first` on. */
function framesOf(sizes: readonly number[], first: number): Frame[] {
  return sizes.flatMap((size, offset) => {
    const data = numberedMessage(offset, size)
    const count = Math.max(1, Math.ceil(size / FRAGMENT_BYTES))
    return Array.from({ length: count }, (_, index) => ({
      sequence: first + offset,
      index,
      count,
      data: data.slice(index * FRAGMENT_BYTES, (index + 1) * FRAGMENT_BYTES),
    }))
  })
}

/** Delivers messages before the given one, so that sequence numbers wrap in the midst. */
function advanceTo(receiver: Receiver, end: number): void {
  const data = numberedMessage(0, 4)
  for (let sequence = 0; sequence < end; sequence++) receiver.take({ sequence, index: 0, count: 1, data })
  receiver.delivered.length = 0
}

describe.each([
  { name: 'ordered', mode: ORDERED },
  { name: 'unordered', mode: UNORDERED },
])('a reliable-$name receive stream', ({ mode }) => {
  it.each([
    { first: 0, numRuns: 60 },
    { first: 65_520, numRuns: 2 },
  ])(
    'delivers each message once, whatever the order and repetition of its frames, from $first on',
    ({ first, numRuns }) => {
      const sizes = fc.array(
        fc.oneof(fc.integer({ min: 4, max: 200 }), fc.integer({ min: 1090, max: 4000 })),
        {
          minLength: 1,
          maxLength: 30,
        },
      )
      const seed = fc.infiniteStream(fc.nat())
      fc.assert(
        fc.property(sizes, seed, (lengths, randomness) => {
          const receiver = new Receiver(mode)
          advanceTo(receiver, first)
          const frames = framesOf(lengths, first)
          const script = frames.flatMap((frame) => [frame, frame])
          for (let index = script.length - 1; index > 0; index--) {
            const other = (randomness.next().value ?? 0) % (index + 1)
            ;[script[index], script[other]] = [script[other]!, script[index]!]
          }
          for (const frame of script) expect(receiver.take(frame)).toBe(true)
          const all = lengths.map((_, number) => number)
          if (mode === ORDERED) expect(receiver.delivered).toEqual(all)
          else expect([...receiver.delivered].sort((a, b) => a - b)).toEqual(all)
          expect(receiver.drops.snapshot()['duplicate-message']).toBe(frames.length)
          expect(receiver.channels.credit.bufferedBytes).toBe(0)
          expect(receiver.channels.reliablePartials).toBe(0)
        }),
        { numRuns },
      )
    },
  )

  it('takes 1023 messages ahead of the next and refuses the one after', () => {
    const receiver = new Receiver(mode)
    const frames = framesOf(new Array<number>(1025).fill(4), 0)
    expect(receiver.take(frames[1023]!)).toBe(true)
    expect(receiver.take(frames[1024]!)).toBe(false)
  })

  it('refuses fragments that disagree about their number, and a whole message where there are fragments', () => {
    const receiver = new Receiver(mode)
    const [fragment] = framesOf([3000], 5)
    expect(receiver.take(fragment!)).toBe(true)
    expect(receiver.take({ ...fragment!, index: 1, count: 4 })).toBe(false)
    expect(receiver.take({ sequence: 5, index: 0, count: 1, data: new Uint8Array(10) })).toBe(false)
  })

  it('refuses more messages in parts than agreed', () => {
    const receiver = new Receiver(mode, { maxPartialMessages: 3 })
    for (let sequence = 0; sequence < 3; sequence++) {
      expect(receiver.take(framesOf([3000], sequence)[0]!)).toBe(true)
    }
    expect(receiver.take(framesOf([3000], 3)[0]!)).toBe(false)
  })

  it('refuses a message larger than the limit, however it was cut', () => {
    const receiver = new Receiver(mode, { maxMessageBytes: 2000 })
    const [first, second] = framesOf([2100], 0)
    expect(receiver.take(first!)).toBe(true)
    expect(receiver.take(second!)).toBe(false)
    expect(receiver.delivered).toEqual([])
  })

  it('holds no more bytes than the credit it gave', () => {
    const receiver = new Receiver(mode)
    const frames = framesOf(new Array<number>(8).fill(60_000), 0)
    const accepted: boolean[] = []
    for (const frame of frames) if (frame.index > 0) accepted.push(receiver.take(frame))
    expect(accepted).toContain(false)
    expect(receiver.channels.credit.bufferedBytes).toBeLessThanOrEqual(SERVER_LIMITS.channelWindowBytes)
  })
})

describe('a reliable-ordered receive stream', () => {
  it('notes how many messages waited for one', () => {
    const receiver = new Receiver(ORDERED)
    const frames = framesOf([4, 4, 4, 4], 0)
    for (const frame of frames.slice(1)) receiver.take(frame)
    expect(receiver.delivered).toEqual([])
    expect(receiver.channels.reorderDepth).toBe(3)
    receiver.take(frames[0]!)
    expect(receiver.delivered).toEqual([0, 1, 2, 3])
  })

  it('delivers nothing more when the connection was closed in the midst', () => {
    const receiver = new Receiver(ORDERED)
    const frames = framesOf([4, 4, 4], 0)
    receiver.take(frames[1]!)
    receiver.take(frames[2]!)
    receiver.channels.stop()
    receiver.take(frames[0]!)
    expect(receiver.delivered).toEqual([])
  })
})
