import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  AckTracker,
  ELICITS_LAZILY,
  ELICITS_NOTHING,
  ELICITS_PROMPTLY,
  MAX_ACK_DELAY_MS,
  MAX_LAZY_ACK_DELAY_MS,
  MIN_ACK_BYTES,
} from './ack-tracker.ts'
import { END_OF_FRAMES, FrameReader } from './frame-reader.ts'
import { ACK_BITFIELD_SPAN, FrameType } from './frame-types.ts'
import { ReceivedPackets, REPLAY_WINDOW } from './received-packets.ts'

class Receiver {
  readonly packets = new ReceivedPackets(-1)
  readonly tracker = new AckTracker(this.packets)
  readonly #out = new Uint8Array(200)

  receive(number: number, elicits: number, nowMs: number, sizeBytes = 100, numberBytes = 2): void {
    const previous = this.packets.largest
    this.packets.add(number)
    this.tracker.onPacket(number, previous, numberBytes, elicits, sizeBytes, nowMs)
  }

  writeAck(nowMs: number, room = 100): { reader: FrameReader; length: number } {
    const end = this.tracker.write(this.#out, 3, room, nowMs)
    const reader = new FrameReader()
    reader.reset(this.#out, 3, end)
    expect(reader.next()).toBe(FrameType.Ack)
    expect(reader.next()).toBe(END_OF_FRAMES)
    return { reader, length: end - 3 }
  }
}

let receiver: Receiver

beforeEach(() => {
  receiver = new Receiver()
})

/** The numbers an ACK frame acknowledges, by the words of the specification. */
function acknowledgedBy(reader: FrameReader): Set<number> {
  const numbers = new Set([reader.ackLargest])
  for (let bit = 0; bit < 32; bit++) {
    if ((reader.ackBits >>> bit) & 1) numbers.add(reader.ackLargest - 1 - bit)
  }
  if (reader.ackFloor === 0) return numbers
  let number = reader.ackLargest - ACK_BITFIELD_SPAN
  for (let range = 0; range < reader.ackRangeCount; range++) {
    for (let gap = reader.ackRuns[2 * range]!; gap > 0; gap--) numbers.add(number--)
    number -= reader.ackRuns[2 * range + 1]!
  }
  while (number >= reader.ackLargest - reader.ackFloor) numbers.add(number--)
  return numbers
}

describe('an ACK', () => {
  it('acknowledges what was received and nothing else, down to its floor', () => {
    const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 25 })), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(runs, (lengths) => {
        const fresh = new Receiver()
        const received = new Set<number>()
        let number = 0
        for (const [present, missing] of lengths) {
          for (let count = 0; count < present; count++) {
            fresh.receive(number, ELICITS_PROMPTLY, 0)
            received.add(number++)
          }
          number += missing
        }
        const { reader } = fresh.writeAck(0)
        const largest = Math.max(...received)
        expect(reader.ackLargest).toBe(largest)
        const acknowledged = acknowledgedBy(reader)
        const floor = largest - Math.max(reader.ackFloor, 32)
        for (let candidate = Math.max(0, floor); candidate <= largest; candidate++) {
          expect(acknowledged.has(candidate)).toBe(received.has(candidate))
        }
        // Ranges reach as far back as is remembered, unless there are more than a frame lists.
        if (reader.ackFloor > 0 && reader.ackRangeCount < 16) {
          expect(reader.ackFloor).toBe(Math.min(largest, REPLAY_WINDOW - 1))
        }
      }),
    )
  })

  it('takes 5 bytes when nothing is missing', () => {
    for (let number = 0; number <= 20; number++) receiver.receive(number, ELICITS_PROMPTLY, 0)
    expect(receiver.writeAck(0).length).toBe(5)
  })

  it('takes 9 bytes when one of the last 33 is missing', () => {
    for (let number = 0; number <= 20; number++) {
      if (number !== 9) receiver.receive(number, ELICITS_PROMPTLY, 0)
    }
    expect(receiver.writeAck(0).length).toBe(9)
  })

  it('leaves out the ranges the peer has learnt from an ACK that arrived', () => {
    for (let number = 0; number <= 100; number += 5) receiver.receive(number, ELICITS_PROMPTLY, 0)
    expect(receiver.writeAck(0).reader.ackFloor).toBe(100)
    receiver.tracker.onAckArrived(80)
    expect(receiver.writeAck(0).reader.ackFloor).toBe(0)
  })

  it('leaves out the ranges where there is no room', () => {
    for (let number = 0; number <= 100; number += 3) receiver.receive(number, ELICITS_PROMPTLY, 0)
    const { reader, length } = receiver.writeAck(0, MIN_ACK_BYTES)
    expect(reader.ackFloor).toBe(0)
    expect(length).toBeLessThanOrEqual(MIN_ACK_BYTES)
  })

  it('uses 4 bytes for the largest number when the peer’s own numbers take more than 2', () => {
    receiver.receive(0x12345, ELICITS_PROMPTLY, 0, 100, 3)
    expect(receiver.writeAck(0).reader).toMatchObject({ ackLargest: 0x12345, ackLargestBytes: 4 })
  })

  it('says how long it waited since the largest number arrived', () => {
    receiver.receive(0, ELICITS_PROMPTLY, 100)
    receiver.receive(1, ELICITS_PROMPTLY, 106.4)
    expect(receiver.writeAck(112.8).reader.ackDelayMs).toBeCloseTo(6.4, 1)
    receiver.receive(2, ELICITS_PROMPTLY, 200)
    expect(receiver.writeAck(10_000).reader.ackDelayMs).toBe(-1)
  })
})

describe('an ACK is due', () => {
  it('within 25 ms for reliable data, within 1 s for unreliable, and never for ACKs', () => {
    receiver.receive(0, ELICITS_NOTHING, 0)
    expect(receiver.tracker.isPending).toBe(false)
    receiver.receive(1, ELICITS_LAZILY, 10)
    expect(receiver.tracker.deadlineMs).toBe(10 + MAX_LAZY_ACK_DELAY_MS)
    receiver.receive(2, ELICITS_PROMPTLY, 20)
    expect(receiver.tracker.deadlineMs).toBe(20 + MAX_ACK_DELAY_MS)
    receiver.writeAck(20)
    expect(receiver.tracker.isPending).toBe(false)
    expect(receiver.tracker.deadlineMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('at once for the second full packet', () => {
    receiver.receive(0, ELICITS_PROMPTLY, 0, 1100)
    expect(receiver.tracker.deadlineMs).toBe(MAX_ACK_DELAY_MS)
    receiver.receive(1, ELICITS_PROMPTLY, 1, 1100)
    expect(receiver.tracker.deadlineMs).toBe(1)
  })

  it('at once for every full packet when many are lost', () => {
    for (let number = 0; number < 200; number++) {
      if (number % 10 !== 0) receiver.receive(number, ELICITS_PROMPTLY, number, 1100)
    }
    receiver.writeAck(200)
    receiver.receive(200, ELICITS_PROMPTLY, 300, 1100)
    expect(receiver.tracker.deadlineMs).toBe(300)
  })

  it('at once when a packet is missing or comes late, if reliable data are about', () => {
    receiver.receive(0, ELICITS_PROMPTLY, 0)
    receiver.writeAck(0)
    receiver.receive(2, ELICITS_LAZILY, 50)
    expect(receiver.tracker.deadlineMs).toBe(50)
    receiver.writeAck(50)
    receiver.receive(1, ELICITS_LAZILY, 60)
    expect(receiver.tracker.deadlineMs).toBe(60)
  })

  it('within 100 ms of the first when unreliable data fill half of the smallest window', () => {
    receiver.receive(0, ELICITS_LAZILY, 0, 500)
    receiver.receive(1, ELICITS_LAZILY, 50, 500)
    expect(receiver.tracker.deadlineMs).toBe(MAX_LAZY_ACK_DELAY_MS)
    receiver.receive(2, ELICITS_LAZILY, 60, 500)
    expect(receiver.tracker.deadlineMs).toBe(100)
    receiver.writeAck(100)
    receiver.receive(3, ELICITS_LAZILY, 150, 500)
    expect(receiver.tracker.deadlineMs).toBe(150 + MAX_LAZY_ACK_DELAY_MS)
  })

  it('within 100 ms for unreliable data when many packets are lost', () => {
    for (let number = 0; number < 200; number++) {
      if (number % 10 !== 0) receiver.receive(number, ELICITS_LAZILY, number)
    }
    receiver.writeAck(200)
    receiver.receive(200, ELICITS_LAZILY, 300)
    expect(receiver.tracker.deadlineMs).toBe(400)
  })

  it('not at once when only unreliable data are missing', () => {
    receiver.receive(0, ELICITS_LAZILY, 0)
    receiver.receive(2, ELICITS_LAZILY, 10)
    expect(receiver.tracker.deadlineMs).toBe(100)
  })
})
