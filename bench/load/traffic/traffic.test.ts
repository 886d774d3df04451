import { encodeRoomData } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { Bot } from '../bot.ts'
import { Histogram } from '../histogram.ts'
import { SendSchedule } from '../send-schedule.ts'
import { BROADCAST_OP, ChatTraffic, ECHO_OP } from './chat-traffic.ts'
import { SnapshotTraffic } from './snapshot-traffic.ts'
import { type Deliveries, putUint32, uint32At } from './traffic.ts'

const nobody = { botLost() {}, botRefused() {}, heartbeatAnswered() {} }

function bots(count: number): Bot[] {
  return Array.from({ length: count }, (_, index) => {
    const bot = new Bot(index, nobody)
    bot.member = index + 1
    return bot
  })
}

function deliveriesOfNothing(): Deliveries {
  return { received: 0, gaps: 0, latency: new Histogram(), interval: new Histogram() }
}

describe('SnapshotTraffic', () => {
  const plan = {
    kind: 'snapshot',
    inputBytes: 32,
    inputHz: 10,
    snapshotHz: 20,
    newestOffset: 4,
    newestStride: 4,
  } as const

  function world() {
    const deliveries = deliveriesOfNothing()
    const traffic = new SnapshotTraffic(plan, deliveries)
    const [one, other] = bots(2) as [Bot, Bot]
    const schedule = new SendSchedule({ senders: 2, perSecond: 10, startMs: 1_000 })
    traffic.begin([one, other], schedule)
    const snapshot = (number: number, ...newest: readonly number[]) => {
      const bytes = new Uint8Array(12)
      for (const [place, value] of [number, ...newest].entries()) putUint32(bytes, place * 4, value)
      return bytes
    }
    return { deliveries, traffic, one, other, schedule, snapshot }
  }

  it('measures from when an input was due until its effect is seen, once', () => {
    const { deliveries, traffic, other, schedule, snapshot } = world()
    traffic.receive(other, snapshot(1, 0, 0), 0, 1_100)
    expect(deliveries.latency.count).toBe(0)
    const dueMs = schedule.dueMs(1, 1)
    traffic.receive(other, snapshot(2, 0, 2), 0, dueMs + 30)
    traffic.receive(other, snapshot(3, 0, 2), 0, dueMs + 80)
    expect(deliveries.latency.count).toBe(1)
    expect(deliveries.latency.percentile(1)).toBeCloseTo(30)
  })

  it('counts what is missing between two snapshots, and the time between them', () => {
    const { deliveries, traffic, one, snapshot } = world()
    traffic.receive(one, snapshot(4), 0, 1_000)
    traffic.receive(one, snapshot(7), 0, 1_150)
    expect(deliveries).toMatchObject({ received: 2, gaps: 2 })
    expect(deliveries.interval.maxMs).toBe(150)
  })

  it('should receive every snapshot of every bot', () => {
    expect(world().traffic.duePerSecond(800)).toBe(16_000)
  })
})

describe('ChatTraffic', () => {
  const plan = { kind: 'chat', textBytes: 40, messageHz: 2, isReliable: true } as const

  it('alternates between echo and broadcast, and finds out of a text who sent it when', async () => {
    const deliveries = deliveriesOfNothing()
    const traffic = new ChatTraffic(plan, deliveries)
    const room = bots(300)
    const schedule = new SendSchedule({ senders: 300, perSecond: 2, startMs: 0 })
    const sent: Uint8Array[] = []
    const sender = room[299] as Bot
    // Its session never starts: nobody answers.
    void sender.start({ send: (_lane, _isReliable, message) => sent.push(message.slice()), close() {} })
    sent.length = 0
    traffic.begin(room, schedule)
    for (let count = 0; count < 3; count += 1) traffic.send(sender)
    expect(sent.map((frame) => frame[6])).toEqual([BROADCAST_OP, ECHO_OP, BROADCAST_OP])
    expect(sent[0]).toHaveLength(50)
    traffic.receive(room[0] as Bot, sent[2] as Uint8Array, 10, schedule.dueMs(299, 2) + 7)
    expect(deliveries.received).toBe(1)
    expect(deliveries.latency.percentile(1)).toBeCloseTo(7)
  })

  it('should receive one for an echo, and one for everybody for a broadcast', () => {
    expect(new ChatTraffic(plan, deliveriesOfNothing()).duePerSecond(100, 10)).toBe(1_100)
  })
})

describe('Bot', () => {
  it('hands the data of every frame of a message to its receiver where it lies', () => {
    const bot = new Bot(0, nobody)
    const seen: number[] = []
    const data = (value: number) =>
      encodeRoomData({
        room: 1,
        isReliable: false,
        isMessagePack: false,
        op: 2,
        sender: 0,
        data: Uint8Array.of(value, 0, 0, 0),
      })
    bot.onMessage(data(1), 0)
    bot.receiver = { receive: (_bot, message, offset) => seen.push(uint32At(message, offset)) }
    bot.onMessage(Uint8Array.from([...data(5), ...data(6)]), 0)
    expect(seen).toEqual([5, 6])
  })
})
