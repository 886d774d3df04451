import { describe, expect, it } from 'vitest'
import { encodeFrame } from './frame.ts'
import { BatchPool } from './batch-pool.ts'
import { LaneBatches } from './lane-batches.ts'
import { LaneOutbox, rudpChannelOf } from './lane-outbox.ts'
import { fromHex, toHex } from './testing/bytes.ts'

function collecting() {
  const sent: { hex: string; isReliable: boolean; lane: number }[] = []
  const outbox = new LaneOutbox((message, isReliable, lane) => {
    sent.push({ hex: toHex(message), isReliable, lane })
  })
  return { outbox, sent }
}

describe('LaneOutbox', () => {
  it('makes one message of each lane and delivery class', () => {
    const { outbox, sent } = collecting()
    outbox.add(fromHex('aa'), true, 5)
    outbox.add(fromHex('bb'), true, 0)
    outbox.add(fromHex('cc'), false, 5)
    outbox.add(fromHex('dd'), true, 5)
    expect(sent).toEqual([])
    outbox.flush()
    expect(sent).toEqual([
      { hex: 'aadd', isReliable: true, lane: 5 },
      { hex: 'cc', isReliable: false, lane: 5 },
      { hex: 'bb', isReliable: true, lane: 0 },
    ])
  })

  it('keeps nothing after a flush', () => {
    const { outbox, sent } = collecting()
    outbox.add(fromHex('aa'), true, 1)
    outbox.flush()
    outbox.flush()
    expect(sent).toHaveLength(1)
  })

  it('may hand over what is unreliable alone', () => {
    const { outbox, sent } = collecting()
    outbox.flushUnreliable()
    outbox.add(fromHex('aa'), true, 5)
    outbox.add(fromHex('bb'), false, 5)
    outbox.flushUnreliable()
    expect(sent).toEqual([{ hex: 'bb', isReliable: false, lane: 5 }])
    outbox.add(fromHex('cc'), true, 5)
    expect(outbox.queuedBytes).toBe(2)
    outbox.flush()
    expect(sent.slice(1)).toEqual([{ hex: 'aacc', isReliable: true, lane: 5 }])
  })

  it('uses what others have handed over again, and keeps nothing large', () => {
    const pool = new BatchPool(() => new LaneBatches())
    const sent: string[] = []
    const outboxes = [1, 2].map(() => new LaneOutbox((message) => sent.push(toHex(message)), pool))
    for (const outbox of outboxes) {
      outbox.add(fromHex('aabb'), true, 1)
      outbox.flush()
    }
    outboxes[0]?.add(new Uint8Array(5_000), false, 1)
    outboxes[0]?.flush()
    outboxes[1]?.add(fromHex('cc'), false, 1)
    outboxes[1]?.flush()
    expect([sent[0], sent[1], sent[2]?.length, sent[3]]).toEqual(['aabb', 'aabb', 10_000, 'cc'])
    expect(pool.take().unreliable.capacity).toBeLessThan(1_024)
  })

  it('counts the bytes that wait', () => {
    const { outbox } = collecting()
    outbox.add(fromHex('aabb'), true, 1)
    outbox.add(fromHex('cc'), false, 2)
    expect(outbox.queuedBytes).toBe(3)
    outbox.flush()
    expect(outbox.queuedBytes).toBe(0)
  })

  it('takes a largest frame whole, and hands over early rather than growing beyond one', () => {
    const { outbox, sent } = collecting()
    const largest = encodeFrame(0x13, new Uint8Array(65_535))
    outbox.add(fromHex('aa'), true, 1)
    outbox.add(largest, true, 1)
    expect(sent).toEqual([{ hex: 'aa', isReliable: true, lane: 1 }])
    expect(outbox.queuedBytes).toBe(largest.length)
    outbox.add(fromHex('bb'), false, 1)
    outbox.flush()
    expect(sent.map(({ hex }) => hex.length / 2)).toEqual([1, largest.length, 1])
  })
})

describe('rudpChannelOf', () => {
  it('gives the session a channel of its own and shares the other 31 among rooms', () => {
    expect([0, 1, 2, 31, 32, 62, 63, 65_535].map(rudpChannelOf)).toEqual([0, 1, 2, 31, 1, 31, 1, 1])
    for (let lane = 1; lane <= 65_535; lane++) {
      const channel = rudpChannelOf(lane)
      if (channel < 1 || channel > 31) throw new Error(`lane ${lane}: channel ${channel}`)
    }
  })
})
