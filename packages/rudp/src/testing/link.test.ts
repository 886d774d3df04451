import { describe, expect, it } from 'vitest'
import { Link } from './link.ts'
import type { LinkConditions } from './link-conditions.ts'
import { ManualClock } from './manual-clock.ts'
import { SeededRandom } from './random.ts'

function createLink(conditions: Partial<LinkConditions>, clock = new ManualClock()): Link {
  return new Link(clock, new SeededRandom(1), conditions)
}

function enter(link: Link, length: number, nowMs = 0): number {
  return link.enter(new Uint8Array(2000), 0, length, nowMs, 'a', 'b')
}

describe('Link', () => {
  it('sends one after the other at its bandwidth, headers included', () => {
    const link = createLink({ bandwidthBytesPerSecond: 100_000, overheadBytes: 28 })
    expect(enter(link, 972)).toBeCloseTo(10)
    expect(enter(link, 972)).toBeCloseTo(20)
    expect(enter(link, 472, 12)).toBeCloseTo(25)
    expect(enter(link, 972, 100)).toBeCloseTo(110)
  })

  it('drops what does not fit into the queue, and takes more when it has drained', () => {
    const link = createLink({ bandwidthBytesPerSecond: 100_000, overheadBytes: 0, queueBytes: 3000 })
    const departures = [1, 2, 3, 4, 5].map(() => enter(link, 1000))
    expect(departures.map((ms) => Math.round(ms))).toEqual([10, 20, 30, -1, -1])
    expect(link.backlogBytes(5)).toBeCloseTo(2500)
    expect(enter(link, 1000, 9)).toBe(-1)
    expect(enter(link, 1000, 10)).toBeCloseTo(40)
    expect(link.counters.droppedByQueue).toBe(3)
  })

  it('always takes a datagram when idle, however small the queue', () => {
    const link = createLink({ bandwidthBytesPerSecond: 1000, queueBytes: 0 })
    expect(enter(link, 1000)).toBeGreaterThan(0)
    expect(enter(link, 1)).toBe(-1)
  })

  it('keeps the bytes of the queue when the bandwidth changes', () => {
    const clock = new ManualClock()
    const link = createLink({ bandwidthBytesPerSecond: 100_000, overheadBytes: 0 }, clock)
    enter(link, 1000)
    enter(link, 1000)
    clock.advance(5)
    link.update({ bandwidthBytesPerSecond: 50_000 })
    expect(link.backlogBytes(5)).toBeCloseTo(1500)
    expect(enter(link, 1000, 5)).toBeCloseTo(5 + 50)
    link.update({ bandwidthBytesPerSecond: Number.POSITIVE_INFINITY })
    expect(enter(link, 1000, 5)).toBe(5)
  })

  it('swallows what is larger than its limit', () => {
    const link = createLink({ maxDatagramBytes: 1250 })
    expect(enter(link, 1250)).toBe(0)
    expect(enter(link, 1251)).toBe(-1)
    expect(link.counters.droppedBySize).toBe(1)
  })

  it('changes conditions by script, at the time given', () => {
    const clock = new ManualClock()
    const link = createLink({ delayMs: 5 }, clock)
    link.script([
      { atMs: 10, isBlackout: true },
      { atMs: 20, isBlackout: false, delayMs: 7 },
    ])
    clock.advance(9)
    expect(enter(link, 1, 9)).toBe(9)
    clock.advance(1)
    expect(enter(link, 1, 10)).toBe(-1)
    clock.advance(10)
    expect(link.drawArrivalMs(enter(link, 1, 20))).toBe(27)
    expect(link.counters.droppedByBlackout).toBe(1)
  })

  it('asks the filter, and counts what it refuses', () => {
    const link = createLink({})
    const seen: string[] = []
    link.filter = (buffer, offset, length, nowMs, from, to) => {
      seen.push(`${buffer.length} ${offset} ${length} ${nowMs} ${from} ${to}`)
      return length !== 3
    }
    expect(enter(link, 2, 1)).toBe(1)
    expect(enter(link, 3, 2)).toBe(-1)
    expect(seen).toEqual(['2000 0 2 1 a b', '2000 0 3 2 a b'])
    expect(link.counters.droppedByFilter).toBe(1)
  })

  it('never lets normal jitter make the delay negative', () => {
    const link = createLink({ delayMs: 1, jitter: { kind: 'normal', stdDevMs: 20 } })
    for (let count = 0; count < 1000; count += 1) expect(link.drawArrivalMs(100)).toBeGreaterThanOrEqual(100)
  })

  it('flips one to three bits of a corrupted copy and keeps its length', () => {
    const link = createLink({ corruptRate: 1 })
    const flips = new Set<number>()
    for (let count = 0; count < 500; count += 1) {
      const length = 1 + (count % 5)
      const copy = new Uint8Array(8)
      expect(link.damage(copy, length)).toBe(length)
      expect(copy.subarray(length).every((byte) => byte === 0)).toBe(true)
      flips.add(copy.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0))
    }
    expect([...flips].sort()).toEqual([1, 2, 3])
    expect(link.counters.corrupted).toBe(500)
  })

  it('cuts a truncated copy anywhere, and never makes it longer', () => {
    const link = createLink({ truncateRate: 1 })
    const lengths = new Set<number>()
    for (let count = 0; count < 200; count += 1) lengths.add(link.damage(new Uint8Array(4), 4))
    expect([...lengths].sort()).toEqual([0, 1, 2, 3])
    expect(link.damage(new Uint8Array(0), 0)).toBe(0)
  })

  it('refuses conditions that make no sense, by name', () => {
    const cases: [Partial<LinkConditions>, string][] = [
      [{ delayMs: -1 }, 'delayMs'],
      [{ loss: { kind: 'uniform', rate: 1.1 } }, 'loss.rate'],
      [
        { loss: { kind: 'gilbert-elliott', goodToBad: 2, badToGood: 0, lossInGood: 0, lossInBad: 0 } },
        'loss.goodToBad',
      ],
      [{ jitter: { kind: 'uniform', maxMs: Number.NaN } }, 'jitter.maxMs'],
      [{ jitter: { kind: 'normal', stdDevMs: -1 } }, 'jitter.stdDevMs'],
      [{ jitter: { kind: 'pareto', scaleMs: 1, shape: 0, maxMs: 1 } }, 'jitter.shape'],
      [{ bandwidthBytesPerSecond: 0 }, 'bandwidthBytesPerSecond'],
      [{ duplicateRate: -0.1 }, 'duplicateRate'],
    ]
    for (const [conditions, name] of cases) expect(() => createLink(conditions)).toThrow(`${name} is`)
    const link = createLink({})
    expect(() => link.update({ reorderRate: 2 })).toThrow('reorderRate is 2')
    expect(link.conditions.reorderRate).toBe(0)
  })
})
