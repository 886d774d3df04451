import { beforeEach, describe, expect, it } from 'vitest'
import { DropCounters } from './drop-counters.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameType } from './frame-types.ts'
import { writeMessageHeader } from './frame-writer.ts'
import { FRAGMENT_BYTES, SERVER_LIMITS } from './limits.ts'
import { ReceiveChannels } from './receive-channels.ts'
import { numberedMessage, numberOf } from './testing/numbered-message.ts'

const SEQUENCED = 2
const PLAIN = 3

let delivered: number[]
let drops: DropCounters
let channels: ReceiveChannels

beforeEach(() => {
  delivered = []
  drops = new DropCounters()
  channels = new ReceiveChannels(SERVER_LIMITS, drops, {
    onMessage: (_channel, _mode, data) => delivered.push(numberOf(data)),
    onWritable: () => {},
    onPathValidated: () => {},
    onUnstable: () => {},
    onStateChanged: () => {},
  })
})

/** Hands over one fragment (or all) of a message. */
function take(mode: number, sequence: number, sizeBytes: number, index = 0, nowMs = 0): boolean {
  const message = numberedMessage(sequence, sizeBytes)
  const count = Math.max(1, Math.ceil(sizeBytes / FRAGMENT_BYTES))
  const data = message.slice(index * FRAGMENT_BYTES, (index + 1) * FRAGMENT_BYTES)
  const buffer = new Uint8Array(1500)
  const dataAt = writeMessageHeader(buffer, 0, 1, mode, sequence & 0xffff, index, count, data.length)
  buffer.set(data, dataAt)
  const reader = new FrameReader()
  reader.reset(buffer, 0, dataAt + data.length)
  expect(reader.next()).toBe(FrameType.Message)
  return channels.onFrame(reader, nowMs)
}

describe('unreliable-sequenced messages', () => {
  it('are delivered only when newer than the newest, also across the wrap of their numbers', () => {
    const arrivals = [65_530, 65_534, 65_533, 65_535, 65_537, 65_536, 65_537, 65_540]
    for (const sequence of arrivals) take(SEQUENCED, sequence, 8)
    expect(delivered).toEqual([65_530, 65_534, 65_535, 65_537, 65_540])
    expect(drops.snapshot()['late-unreliable']).toBe(3)
  })

  it('do not wait for missing fragments of an older one', () => {
    take(SEQUENCED, 1, 3000, 0)
    take(SEQUENCED, 2, 8)
    take(SEQUENCED, 1, 3000, 1)
    take(SEQUENCED, 1, 3000, 2)
    expect(delivered).toEqual([2])
  })
})

describe('unreliable messages in fragments', () => {
  it('are delivered once complete, in any order of their fragments', () => {
    for (const index of [2, 0, 1]) take(PLAIN, 7, 3000, index)
    expect(delivered).toEqual([7])
  })

  it('count repeated fragments and refuse ones that disagree', () => {
    take(PLAIN, 7, 3000, 0)
    expect(take(PLAIN, 7, 3000, 0)).toBe(true)
    expect(drops.snapshot()['duplicate-message']).toBe(1)
    expect(take(PLAIN, 7, 5000, 1)).toBe(false)
  })

  it('are refused when there are more than eight', () => {
    expect(take(PLAIN, 1, 8 * FRAGMENT_BYTES)).toBe(true)
    expect(take(PLAIN, 2, 8 * FRAGMENT_BYTES + 1)).toBe(false)
  })

  it('are dropped when incomplete after a second', () => {
    take(PLAIN, 7, 3000, 0, 0)
    take(PLAIN, 7, 3000, 1, 999)
    take(PLAIN, 8, 3000, 0, 1000)
    take(PLAIN, 7, 3000, 2, 1001)
    expect(delivered).toEqual([])
    expect(drops.snapshot()['unreliable-partial']).toBe(1)
  })

  it('push out the oldest when more than eight are incomplete', () => {
    for (let sequence = 0; sequence < 9; sequence++) take(PLAIN, sequence, 2000, 0)
    expect(drops.snapshot()['unreliable-partial']).toBe(1)
    take(PLAIN, 8, 2000, 1)
    take(PLAIN, 1, 2000, 1)
    expect(delivered).toEqual([8, 1])
  })
})
