import { beforeEach, describe, expect, it } from 'vitest'
import type { ChannelOptions } from './channel-options.ts'
import { DropCounters } from './drop-counters.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameType } from './frame-types.ts'
import { type ConnectionLimits, SERVER_LIMITS } from './limits.ts'
import { PacketWriter } from './packet-writer.ts'
import { SendChannels } from './send-channels.ts'
import { SENT_ELICITING, SentPackets } from './sent-packets.ts'
import { numberedMessage, numberOf } from './testing/numbered-message.ts'

const ORDERED = 0
const UNORDERED = 1
const SEQUENCED = 2
const PLAIN = 3
const PACKET_BYTES = 1170

let drops: DropCounters
let sent: SentPackets
let send: SendChannels
const writer = new PacketWriter()

beforeEach(() => create([]))

function create(channels: readonly ChannelOptions[], limits: Partial<ConnectionLimits> = {}): void {
  drops = new DropCounters()
  sent = new SentPackets(1024, 0)
  send = new SendChannels({ ...SERVER_LIMITS, ...limits }, channels, sent, drops)
}

function push(channel: number, mode: number, number: number, sizeBytes = 50, nowMs = 0) {
  return send.send(channel, mode, numberedMessage(number, sizeBytes), nowMs)
}

interface PacketContents {
  readonly packetNumber: number
  /** channel/number of whole messages, channel/number#index of fragments. */
  readonly messages: string[]
}

/** Builds one packet the way the sender does. */
function buildPacket(nowMs = 0, write = () => send.writeNew(writer, true)): PacketContents {
  const out = new Uint8Array(1300)
  const packetNumber = sent.next
  writer.begin(out, 0, 0, PACKET_BYTES, 64, packetNumber, nowMs)
  write()
  const end = writer.finish()
  sent.record(end + 30, SENT_ELICITING, -1, nowMs)
  const reader = new FrameReader()
  reader.reset(out, 0, end)
  const messages: string[] = []
  while (reader.next() === FrameType.Message) {
    const { channel, sequence, dataOffset, dataLength, fragmentIndex, fragmentCount } = reader
    const data = out.subarray(dataOffset, dataOffset + dataLength)
    messages.push(
      fragmentCount > 1 ? `${channel}/${sequence}#${fragmentIndex}` : `${channel}/${numberOf(data)}`,
    )
  }
  return { packetNumber, messages }
}

function ackPacket(packetNumber: number): void {
  const start = sent.unitStart(packetNumber)
  for (let unit = start; unit < start + sent.unitCount(packetNumber); unit++) {
    send.onUnitAcked(sent.unitOwner(unit), sent.unitIndex(unit))
  }
}

function losePacket(packetNumber: number): void {
  const start = sent.unitStart(packetNumber)
  for (let unit = start; unit < start + sent.unitCount(packetNumber); unit++) {
    send.onUnitLost(sent.unitOwner(unit), sent.unitIndex(unit), packetNumber)
  }
}

describe('the schedule', () => {
  it('puts many small messages into one packet, in order', () => {
    for (let number = 0; number < 30; number++) push(0, ORDERED, number, 30)
    const { messages } = buildPacket()
    expect(messages).toEqual(Array.from({ length: 30 }, (_, number) => `0/${number}`))
  })

  it('sends higher priorities first', () => {
    create([{ priority: 5 }, { priority: 0 }, { priority: 3 }])
    for (const channel of [0, 1, 2]) push(channel, PLAIN, channel)
    expect(buildPacket().messages).toEqual(['1/1', '2/2', '0/0'])
  })

  it('shares among equals by weight', () => {
    create([{ weight: 3 }, { weight: 1 }])
    for (let number = 0; number < 400; number++) {
      push(0, ORDERED, number, 100)
      push(1, ORDERED, number, 100)
    }
    const counts = [0, 0]
    for (let packet = 0; packet < 40; packet++) {
      for (const message of buildPacket().messages) counts[Number(message[0])]!++
    }
    expect(counts[0]! / counts[1]!).toBeCloseTo(3, 0)
  })

  it('gives a channel that was idle no arrears', () => {
    for (let number = 0; number < 300; number++) push(0, ORDERED, number, 100)
    for (let packet = 0; packet < 20; packet++) buildPacket()
    for (let number = 0; number < 100; number++) push(1, ORDERED, number, 100)
    const { messages } = buildPacket()
    const ofIdle = messages.filter((message) => message.startsWith('1/')).length
    expect(ofIdle).toBeLessThanOrEqual(messages.length / 2 + 1)
    expect(ofIdle).toBeGreaterThan(0)
  })

  it('leaves bulk out when it is not allowed', () => {
    create([{ priority: 7 }, { priority: 6 }])
    push(0, ORDERED, 1)
    push(1, ORDERED, 2)
    expect(buildPacket(0, () => send.writeNew(writer, false)).messages).toEqual(['1/2'])
    expect(send.nextFrameBytes(true, false, 0)).toBe(0)
    expect(send.nextFrameBytes(true, true, 0)).toBeGreaterThan(0)
    expect(send.hasUnsent).toBe(true)
  })
})

describe('reliable messages', () => {
  it('are sent again when their packet was lost, and not when it was acknowledged', () => {
    push(0, ORDERED, 0)
    const first = buildPacket()
    push(0, ORDERED, 1)
    const second = buildPacket()
    losePacket(first.packetNumber)
    ackPacket(second.packetNumber)
    losePacket(second.packetNumber)
    expect(buildPacket(0, () => send.writeLost(writer)).messages).toEqual(['0/0'])
    expect(send.account.queuedMessages).toBe(2)
    ackPacket(2)
    expect(send.account).toMatchObject({
      queuedMessages: 0,
      queuedBytes: 0,
      inFlightFrames: 0,
      lostFrames: 0,
    })
  })

  it('are not sent again for a lost packet when a later one carried them too', () => {
    push(0, ORDERED, 0)
    const first = buildPacket(0)
    const second = buildPacket(100, () => send.writeRepeats(writer, 50))
    expect(second.messages).toEqual(['0/0'])
    losePacket(first.packetNumber)
    expect(send.nextFrameBytes(false, true, 100)).toBe(0)
    losePacket(second.packetNumber)
    expect(send.nextFrameBytes(false, true, 100)).toBeGreaterThan(0)
  })

  it('are repeated oldest first, only when old enough, and on eager channels alone if so asked', () => {
    create([{ eager: true }])
    push(0, ORDERED, 0)
    push(1, ORDERED, 1)
    buildPacket(0)
    push(0, ORDERED, 2)
    buildPacket(60)
    expect(buildPacket(90, () => send.writeRepeats(writer, 80)).messages).toEqual(['0/0', '1/1'])
    expect(buildPacket(150, () => send.writeEagerRepeats(writer, 50)).messages).toEqual(['0/0', '0/2'])
  })

  it('are cut into fragments of which only the lost ones are sent again', () => {
    push(0, ORDERED, 0, 5000)
    const packets = [0, 1, 2, 3, 4].map(() => buildPacket())
    expect(packets.map(({ messages }) => messages)).toEqual([0, 1, 2, 3, 4].map((index) => [`0/0#${index}`]))
    for (const { packetNumber } of packets) {
      if (packetNumber === 2) losePacket(packetNumber)
      else ackPacket(packetNumber)
    }
    expect(buildPacket(0, () => send.writeLost(writer)).messages).toEqual(['0/0#2'])
    expect(send.account.partialMessages).toBe(1)
    ackPacket(5)
    expect(send.account.partialMessages).toBe(0)
  })

  it('wait while 1024 are unacknowledged from the oldest on', () => {
    create([], { sendQueueMessages: 3000 })
    for (let number = 0; number < 1030; number++) push(0, UNORDERED, number, 4)
    let packets = 0
    while (send.nextFrameBytes(true, true, 0) > 0) {
      buildPacket()
      packets++
    }
    expect(send.account.framesSent).toBe(1024)
    for (let packet = 1; packet < packets; packet++) ackPacket(packet)
    expect(send.nextFrameBytes(true, true, 0)).toBe(0)
    ackPacket(0)
    expect(send.nextFrameBytes(true, true, 0)).toBeGreaterThan(0)
  })

  it('wait for credit', () => {
    create([], { sendQueueBytes: 10 ** 6 })
    push(0, ORDERED, 0, 200_000)
    push(0, ORDERED, 1, 200_000)
    while (send.nextFrameBytes(true, true, 0) > 0) buildPacket()
    expect(send.account.messagesSent).toBe(1)
    send.credit.onCredit(0, 400_000)
    while (send.nextFrameBytes(true, true, 0) > 0) buildPacket()
    expect(send.account.messagesSent).toBe(2)
  })

  it('in fragments take at most half of the places on one stream', () => {
    create([], { maxPartialMessages: 4 })
    for (const channel of [0, 1, 2]) {
      for (let number = 0; number < 5; number++) push(channel, ORDERED, number, 2000)
    }
    while (send.nextFrameBytes(true, true, 0) > 0) buildPacket()
    expect(send.account.partialMessages).toBe(4)
    push(3, ORDERED, 9, 500)
    expect(buildPacket().messages).toEqual(['3/9'])
  })

  it('are refused when the queue is full of bytes or of messages, or when they are too large', () => {
    create([], { sendQueueBytes: 1000, sendQueueMessages: 3, maxMessageBytes: 900 })
    expect(push(0, ORDERED, 0, 901)).toBe('too-large')
    expect(push(0, ORDERED, 0, 900)).toBe('queued')
    expect(push(0, ORDERED, 1, 101)).toBe('blocked')
    expect(push(0, ORDERED, 1, 10)).toBe('queued')
    expect(push(0, ORDERED, 2, 10)).toBe('queued')
    expect(push(0, ORDERED, 3, 10)).toBe('blocked')
    expect(drops.snapshot()).toMatchObject({
      'message-size': 1,
      'send-queue-bytes': 1,
      'send-queue-messages': 1,
    })
  })

  it('are counted for a channel until all before them are acknowledged', () => {
    push(0, ORDERED, 0, 1_100)
    push(0, ORDERED, 1, 1_100)
    expect([0, 1].map((channel) => send.orderedMessages(channel))).toEqual([2, 0])
    const [first, second] = [buildPacket(), buildPacket()]
    expect([first.messages, second.messages]).toEqual([['0/0'], ['0/1']])
    push(0, UNORDERED, 2)
    push(1, ORDERED, 3)
    expect([0, 1].map((channel) => send.orderedMessages(channel))).toEqual([2, 1])
    ackPacket(second.packetNumber)
    expect(send.orderedMessages(0)).toBe(2)
    ackPacket(first.packetNumber)
    expect([0, 1].map((channel) => send.orderedMessages(channel))).toEqual([0, 1])
  })

  it('are dropped when they were not begun in time, and leave no gap', () => {
    create([{ ttlMs: 100 }])
    push(0, ORDERED, 0, 50, 0)
    push(0, ORDERED, 1, 3000, 0)
    push(0, ORDERED, 2, 50, 80)
    expect(buildPacket(150).messages).toEqual(['0/2'])
    expect(drops.snapshot().expired).toBe(2)
    ackPacket(0)
    expect(send.account).toMatchObject({ queuedMessages: 0, queuedBytes: 0 })
  })

  it('are never dropped once begun', () => {
    create([{ ttlMs: 100 }])
    push(0, ORDERED, 0, 3000, 0)
    buildPacket(0)
    expect(buildPacket(500).messages).toEqual(['0/0#1'])
  })
})

describe('unreliable messages', () => {
  it('are superseded in a sequenced stream', () => {
    expect(push(0, SEQUENCED, 1)).toBe('queued')
    expect(push(0, SEQUENCED, 2)).toBe('superseded')
    expect(push(1, SEQUENCED, 3)).toBe('queued')
    expect(buildPacket().messages).toEqual(['0/2', '1/3'])
    expect(drops.snapshot()['unreliable-superseded']).toBe(1)
  })

  it('are dropped when they missed two flushes', () => {
    push(0, PLAIN, 1)
    send.onFlush()
    push(0, PLAIN, 2)
    send.onFlush()
    expect(drops.snapshot()['unreliable-congested']).toBe(1)
    expect(buildPacket().messages).toEqual(['0/2'])
  })

  it('are dropped, the oldest first, when too many wait', () => {
    create([], { unreliableQueueBytes: 100 })
    for (let number = 0; number < 5; number++) push(0, PLAIN, number, 40)
    expect(buildPacket().messages).toEqual(['0/3', '0/4'])
    expect(drops.snapshot()['unreliable-overflow']).toBe(3)
  })

  it('are cut into at most eight fragments', () => {
    expect(push(0, PLAIN, 1, 8801)).toBe('too-large')
    expect(push(0, PLAIN, 1, 8800)).toBe('queued')
    const messages = Array.from({ length: 8 }, () => buildPacket().messages).flat()
    expect(messages).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((index) => `0/0#${index}`))
    expect(send.hasUnsent).toBe(false)
  })

  it('expire', () => {
    create([{ ttlMs: 30 }])
    push(0, PLAIN, 1, 50, 0)
    push(0, PLAIN, 2, 50, 20)
    expect(buildPacket(40).messages).toEqual(['0/2'])
    expect(drops.snapshot().expired).toBe(1)
  })
})

describe('channel options', () => {
  it.each([
    { priority: 8 },
    { priority: -1 },
    { priority: 1.5 },
    { weight: 0 },
    { weight: 256 },
    { ttlMs: 0 },
  ])('refuse %o', (options) => {
    expect(() => create([options])).toThrow(RangeError)
  })

  it('refuse more than 32 channels, and a message on a channel that does not exist', () => {
    expect(() => create(new Array<ChannelOptions>(33).fill({}))).toThrow(RangeError)
    expect(() => push(32, ORDERED, 0)).toThrow(RangeError)
    expect(() => push(-1, ORDERED, 0)).toThrow(RangeError)
  })
})
