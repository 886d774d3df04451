import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader } from './frame-reader.ts'
import { FrameType } from './frame-types.ts'
import { PacketWriter } from './packet-writer.ts'
import { ReceiveCredit } from './receive-credit.ts'
import { CREDIT_STEP, INITIAL_CHANNEL_CREDIT, INITIAL_CONNECTION_CREDIT, SendCredit } from './send-credit.ts'
import { SentPackets } from './sent-packets.ts'

const MAX_MESSAGE = INITIAL_CHANNEL_CREDIT - CREDIT_STEP

/** Carries the CREDIT frames that are due from the receiver to the sender. @returns how many */
function exchange(receive: ReceiveCredit, send: SendCredit, isLost = false): number {
  const writer = new PacketWriter()
  const out = new Uint8Array(1200)
  writer.begin(out, 0, 0, 1200, 64, 0, 0)
  receive.write(writer, new SentPackets(128, 0))
  const reader = new FrameReader()
  reader.reset(out, 0, writer.at)
  let count = 0
  while (reader.next() === FrameType.Credit) {
    count++
    if (isLost) receive.onLost(reader.channel)
    else send.onCredit(reader.channel, reader.creditBytes)
  }
  return count
}

describe('credit', () => {
  it('never lets the sender go where the receiver would refuse, and never stops it for good', () => {
    const step = fc.record({
      channel: fc.integer({ min: 0, max: 3 }),
      bytes: fc.integer({ min: 0, max: MAX_MESSAGE }),
      isDelivered: fc.boolean(),
      isLost: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const send = new SendCredit()
        const receive = new ReceiveCredit(INITIAL_CHANNEL_CREDIT, INITIAL_CONNECTION_CREDIT)
        const waiting: { channel: number; bytes: number }[] = []
        const deliverAll = () => {
          for (const { channel, bytes } of waiting.splice(0)) {
            receive.unbuffer(channel, bytes)
            expect(receive.deliver(channel, bytes)).toBe(true)
          }
          exchange(receive, send)
        }
        for (const { channel, bytes, isDelivered, isLost } of steps) {
          if (send.canCommit(channel, bytes)) {
            send.commit(channel, bytes)
            expect(receive.buffer(channel, bytes)).toBe(true)
            waiting.push({ channel, bytes })
          } else {
            deliverAll()
            // With nothing under way there is room for any message.
            expect(send.canCommit(channel, bytes)).toBe(true)
          }
          if (isDelivered) deliverAll()
          if (isLost) exchange(receive, send, true)
        }
        deliverAll()
        expect(receive.bufferedBytes).toBe(0)
      }),
    )
  })

  it('refuses one byte more than was allowed, per channel and in total', () => {
    const receive = new ReceiveCredit(INITIAL_CHANNEL_CREDIT, INITIAL_CONNECTION_CREDIT)
    expect(receive.buffer(0, INITIAL_CHANNEL_CREDIT + 1)).toBe(false)
    expect(receive.buffer(0, INITIAL_CHANNEL_CREDIT)).toBe(true)
    expect(receive.deliver(0, 1)).toBe(false)
    expect(receive.buffer(1, INITIAL_CHANNEL_CREDIT)).toBe(true)
    expect(receive.buffer(2, INITIAL_CHANNEL_CREDIT)).toBe(true)
    const rest = INITIAL_CONNECTION_CREDIT - 3 * INITIAL_CHANNEL_CREDIT
    expect(receive.buffer(3, rest + 1)).toBe(false)
    expect(receive.buffer(3, rest)).toBe(true)
  })

  it('is renewed each 64 KiB and not for every message', () => {
    const send = new SendCredit()
    const receive = new ReceiveCredit(INITIAL_CHANNEL_CREDIT, INITIAL_CONNECTION_CREDIT)
    let frames = 0
    for (let message = 0; message < 640; message++) {
      receive.deliver(0, 1024)
      frames += exchange(receive, send)
    }
    // Ten of the channel, ten of the sum.
    expect(frames).toBe(20)
  })

  it('goes on when the sum passes 2^32', () => {
    const send = new SendCredit()
    const receive = new ReceiveCredit(INITIAL_CHANNEL_CREDIT, INITIAL_CONNECTION_CREDIT)
    for (let sum = 0; sum < 2 ** 32 + 10 * MAX_MESSAGE; sum += MAX_MESSAGE) {
      expect(send.canCommit(0, MAX_MESSAGE)).toBe(true)
      send.commit(0, MAX_MESSAGE)
      expect(receive.deliver(0, MAX_MESSAGE)).toBe(true)
      exchange(receive, send)
    }
  })

  it('is not taken back by an old frame', () => {
    const send = new SendCredit()
    send.onCredit(0, INITIAL_CHANNEL_CREDIT + 1000)
    send.onCredit(0, INITIAL_CHANNEL_CREDIT)
    expect(send.canCommit(0, INITIAL_CHANNEL_CREDIT + 1000)).toBe(true)
  })

  it('announces windows larger than the initial credit at once', () => {
    const send = new SendCredit()
    const receive = new ReceiveCredit(2 ** 21, 2 ** 22)
    expect(exchange(receive, send)).toBe(33)
    expect(send.canCommit(31, 2 ** 21)).toBe(true)
    expect(send.canCommit(31, 2 ** 21 + 1)).toBe(false)
  })
})
