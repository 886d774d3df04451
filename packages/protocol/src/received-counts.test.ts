import { describe, expect, it } from 'vitest'
import { decodeLaneCounts } from './lane-counts.ts'
import { ReceivedCounts } from './received-counts.ts'

function ackOf(counts: ReceivedCounts): [number, number][] {
  const ack = counts.takeAck()
  return ack === undefined ? [] : [...decodeLaneCounts(ack.subarray(3))]
}

describe('ReceivedCounts', () => {
  it('count each lane that is open, and lane 0 always is', () => {
    const counts = new ReceivedCounts()
    counts.open(3)
    for (const lane of [0, 0, 3, 9]) counts.add(lane, 10)
    expect([...counts.all()]).toEqual([
      [0, 2],
      [3, 1],
    ])
  })

  it('acknowledge what has moved, once', () => {
    const counts = new ReceivedCounts()
    counts.open(3)
    counts.add(0, 10)
    expect(ackOf(counts)).toEqual([[0, 1]])
    expect(ackOf(counts)).toEqual([])
    counts.add(3, 10)
    expect(ackOf(counts)).toEqual([[3, 1]])
  })

  it('say when an acknowledgement is due: after 64 frames or 32 KiB', () => {
    const counts = new ReceivedCounts()
    const due = Array.from({ length: 64 }, () => counts.add(0, 1))
    expect(due.indexOf(true)).toBe(63)
    counts.takeAck()
    expect([counts.add(0, 32_767), counts.add(0, 1)]).toEqual([false, true])
  })

  it('keep the count of a closed lane until it has served, and begin anew when it opens again', () => {
    const counts = new ReceivedCounts()
    counts.open(3)
    counts.add(3, 1)
    counts.close(3)
    expect(counts.add(3, 1)).toBe(false)
    expect(counts.all().get(3)).toBe(1)
    counts.open(3)
    expect(counts.all().get(3)).toBe(0)
    counts.close(3)
    counts.forgetClosed(new Map([[3, 1]]))
    expect(counts.all().has(3)).toBe(true)
    counts.forgetClosed(counts.all())
    expect(counts.all().has(3)).toBe(false)
    counts.open(4)
    counts.forget(4)
    expect([...counts.all().keys()]).toEqual([0])
  })
})
