import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LinkCounters } from './link.ts'
import type { LinkConditions } from './link-conditions.ts'
import { burstLoss, uniformLoss } from './loss-model.ts'
import { NetworkSimulator } from './network-simulator.ts'

interface Arrival {
  readonly number: number
  readonly from: string
  readonly atMs: number
}

/** Sends numbered datagrams from a to b, one per millisecond unless told otherwise, and says what arrived. */
function sendNumbered(
  conditions: Partial<LinkConditions>,
  { seed = 1, count = 20_000, everyMs = 1, sizeBytes = 100 } = {},
): { arrivals: Arrival[]; counters: LinkCounters; network: NetworkSimulator } {
  const network = new NetworkSimulator({ seed, conditions })
  const arrivals: Arrival[] = []
  network.attach('b', (buffer, length, from, atMs) => {
    if (length < 4) return
    arrivals.push({ number: new DataView(buffer.buffer).getUint32(0), from, atMs })
  })
  const bytes = new Uint8Array(sizeBytes)
  for (let number = 0; number < count; number += 1) {
    new DataView(bytes.buffer).setUint32(0, number)
    network.send('a', 'b', bytes)
    network.clock.advance(everyMs)
  }
  network.clock.advance(1_000_000)
  return { arrivals, counters: network.counters(), network }
}

function dropped(counters: LinkCounters): number {
  return (
    counters.droppedByLoss +
    counters.droppedByQueue +
    counters.droppedBySize +
    counters.droppedByBlackout +
    counters.droppedByFilter
  )
}

const rate = fc.double({ min: 0, max: 1, noNaN: true })
const anyConditions: fc.Arbitrary<Partial<LinkConditions>> = fc.record({
  delayMs: fc.integer({ min: 0, max: 200 }),
  jitter: fc.oneof(
    fc.constant({ kind: 'none' as const }),
    fc.record({ kind: fc.constant('uniform' as const), maxMs: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ kind: fc.constant('normal' as const), stdDevMs: fc.integer({ min: 0, max: 50 }) }),
    fc.record({
      kind: fc.constant('pareto' as const),
      scaleMs: fc.integer({ min: 0, max: 20 }),
      shape: fc.integer({ min: 1, max: 5 }),
      maxMs: fc.integer({ min: 0, max: 500 }),
    }),
  ),
  keepsOrder: fc.boolean(),
  loss: fc.oneof(
    rate.map(uniformLoss),
    fc
      .tuple(fc.double({ min: 0, max: 0.9, noNaN: true }), fc.integer({ min: 1, max: 30 }))
      .map((args) => burstLoss(...args)),
  ),
  reorderRate: rate,
  reorderDelayMs: fc.integer({ min: 0, max: 100 }),
  duplicateRate: rate,
  corruptRate: rate,
  truncateRate: rate,
  bandwidthBytesPerSecond: fc.constantFrom(10_000, 100_000, Number.POSITIVE_INFINITY),
  queueBytes: fc.constantFrom(0, 1000, 10_000, Number.POSITIVE_INFINITY),
  maxDatagramBytes: fc.constantFrom(50, 150, Number.POSITIVE_INFINITY),
})

describe('NetworkSimulator', () => {
  it('delivers everything at once, in order and unchanged over a perfect network', () => {
    const { arrivals, counters } = sendNumbered({}, { count: 1000 })
    expect(arrivals.map(({ number }) => number)).toEqual(Array.from({ length: 1000 }, (_, index) => index))
    expect(arrivals.every(({ number, atMs, from }) => atMs === number && from === 'a')).toBe(true)
    expect(counters).toMatchObject({
      sent: 1000,
      sentBytes: 100_000,
      delivered: 1000,
      deliveredBytes: 100_000,
    })
  })

  it('delays by exactly the delay and keeps the order without jitter', () => {
    const { arrivals } = sendNumbered({ delayMs: 50, loss: uniformLoss(0.1) })
    expect(arrivals.every(({ number, atMs }) => atMs === number + 50)).toBe(true)
    expect(
      arrivals.every(({ number }, index) => index === 0 || number > (arrivals[index - 1]?.number ?? 0)),
    ).toBe(true)
  })

  it('loses, doubles, reorders, corrupts and truncates at the rates asked for', () => {
    const conditions = {
      loss: uniformLoss(0.1),
      duplicateRate: 0.05,
      reorderRate: 0.2,
      reorderDelayMs: 30,
      corruptRate: 0.02,
      truncateRate: 0.03,
    }
    const { counters } = sendNumbered(conditions)
    const passed = counters.sent - counters.droppedByLoss
    expect(Math.abs(counters.droppedByLoss / counters.sent - 0.1)).toBeLessThan(0.008)
    expect(Math.abs(counters.duplicated / passed - 0.05)).toBeLessThan(0.006)
    expect(Math.abs(counters.reordered / counters.delivered - 0.2)).toBeLessThan(0.01)
    expect(Math.abs(counters.corrupted / counters.delivered - 0.02)).toBeLessThan(0.004)
    expect(Math.abs(counters.truncated / counters.delivered - 0.03)).toBeLessThan(0.005)
    expect(counters.delivered).toBe(passed + counters.duplicated)
  })

  it('holds back reordered datagrams no longer than asked for, and only those', () => {
    const { arrivals, counters } = sendNumbered({ delayMs: 10, reorderRate: 0.1, reorderDelayMs: 30 })
    const late = arrivals.filter(({ number, atMs }) => atMs > number + 10)
    expect(late.length).toBe(counters.reordered)
    expect(late.every(({ number, atMs }) => atMs <= number + 40)).toBe(true)
    const overtaken = arrivals.filter(({ number }, index) => number < (arrivals[index - 1]?.number ?? 0))
    expect(overtaken.length).toBeGreaterThan(1000)
  })

  it('lets jitter reorder, unless the link keeps order', () => {
    const jitter = { kind: 'uniform', maxMs: 80 } as const
    const isOrdered = (arrivals: Arrival[]): boolean =>
      arrivals.every(({ number }, index) => index === 0 || number > (arrivals[index - 1]?.number ?? 0))
    expect(isOrdered(sendNumbered({ jitter }).arrivals)).toBe(false)
    const { arrivals } = sendNumbered({ jitter, keepsOrder: true })
    expect(isOrdered(arrivals)).toBe(true)
    expect(arrivals.every(({ number, atMs }) => atMs >= number && atMs <= number + 80)).toBe(true)
  })

  it('passes no more than its bandwidth, and all of it when saturated', () => {
    // 228 bytes with headers each millisecond into a link that passes 100.
    const { arrivals, counters } = sendNumbered(
      { bandwidthBytesPerSecond: 100_000, queueBytes: 5000 },
      { sizeBytes: 200 },
    )
    const lastMs = arrivals.at(-1)?.atMs ?? 0
    const wireBytes = counters.deliveredBytes + 28 * counters.delivered
    expect(wireBytes / lastMs).toBeCloseTo(100, 1)
    expect(lastMs).toBeLessThan(20_000 + 51)
    // A full queue of 5000 bytes takes 50 ms to drain.
    expect(Math.max(...arrivals.map(({ number, atMs }) => atMs - number))).toBeLessThanOrEqual(50.001)
    expect(counters.droppedByQueue).toBe(counters.sent - counters.delivered)
  })

  it('shares the bottleneck among flows that are routed over one link', () => {
    const network = new NetworkSimulator({ seed: 1 })
    const shared = network.createLink({ bandwidthBytesPerSecond: 100_000, overheadBytes: 0 })
    network.route('*', 'server', shared)
    const arrivalsMs: number[] = []
    network.attach('server', (_buffer, _length, _from, nowMs) => arrivalsMs.push(Math.round(nowMs)))
    for (const from of ['a', 'b', 'c']) network.send(from, 'server', new Uint8Array(1000))
    network.clock.advance(100)
    expect(arrivalsMs).toEqual([10, 20, 30])
    expect(shared.counters.delivered).toBe(3)
  })

  it('prefers the most exact route', () => {
    const network = new NetworkSimulator({ seed: 1, conditions: { delayMs: 1 } })
    network.route('*', '*', network.createLink({ delayMs: 2 }))
    network.route('*', 'to', network.createLink({ delayMs: 3 }))
    network.route('from', '*', network.createLink({ delayMs: 4 }))
    network.route('from', 'to', network.createLink({ delayMs: 5 }))
    const arrivalsMs: number[] = []
    for (const address of ['to', 'other'])
      network.attach(address, (_b, _l, _f, nowMs) => arrivalsMs.push(nowMs))
    network.send('from', 'to', new Uint8Array(1))
    network.send('from', 'other', new Uint8Array(1))
    network.send('x', 'to', new Uint8Array(1))
    network.send('x', 'other', new Uint8Array(1))
    network.clock.advance(10)
    expect(arrivalsMs).toEqual([2, 3, 4, 5])
    expect(network.defaultLink.counters.sent).toBe(0)
  })

  it('loses datagrams in one direction only when only that one is lossy', () => {
    const network = new NetworkSimulator({ seed: 1 })
    const { forward, backward } = network.connect('a', 'b', { isBlackout: true }, {})
    let arrived = 0
    network.attach('a', () => (arrived += 1))
    network.attach('b', () => (arrived += 100))
    network.send('a', 'b', new Uint8Array(1))
    network.send('b', 'a', new Uint8Array(1))
    network.clock.advance(1)
    expect(arrived).toBe(1)
    expect(forward.counters.droppedByBlackout).toBe(1)
    expect(backward.counters.delivered).toBe(1)
  })

  it('accounts for every datagram under any conditions', () => {
    fc.assert(
      fc.property(anyConditions, fc.nat(), (conditions, seed) => {
        const network = new NetworkSimulator({ seed, conditions })
        let received = 0
        network.attach('b', () => (received += 1))
        for (let count = 0; count < 100; count += 1) {
          network.send('a', count % 10 === 0 ? 'nobody' : 'b', new Uint8Array(count % 5 === 0 ? 200 : 100))
          network.clock.advance(3)
          const counters = network.counters()
          const gone = counters.delivered + counters.unroutable + dropped(counters)
          expect(counters.sent + counters.duplicated).toBe(gone + network.datagramsInFlight)
        }
        network.clock.advance(1_000_000)
        expect(network.datagramsInFlight).toBe(0)
        expect(network.clock.pendingEvents).toBe(0)
        expect(network.counters().delivered).toBe(received)
      }),
      { seed: 2, numRuns: 100 },
    )
  })

  it('runs the same for the same seed and differently for another', () => {
    fc.assert(
      fc.property(anyConditions, fc.nat(), (conditions, seed) => {
        const first = sendNumbered(conditions, { seed, count: 200 })
        const second = sendNumbered(conditions, { seed, count: 200 })
        expect(second.arrivals).toEqual(first.arrivals)
        expect(second.counters).toEqual(first.counters)
      }),
      { seed: 3, numRuns: 50 },
    )
    const lossy = { loss: uniformLoss(0.5) }
    expect(sendNumbered(lossy, { seed: 1 }).arrivals).not.toEqual(sendNumbered(lossy, { seed: 2 }).arrivals)
  })

  it('does not let traffic on one link change the luck of another', () => {
    const lossPattern = (hasOtherTraffic: boolean): number[] => {
      const network = new NetworkSimulator({ seed: 1 })
      network.connect('a', 'b', { loss: uniformLoss(0.3) })
      network.connect('c', 'd', { loss: uniformLoss(0.3) })
      const numbers: number[] = []
      network.attach('b', (buffer) => numbers.push(buffer[0] ?? -1))
      for (let number = 0; number < 100; number += 1) {
        if (hasOtherTraffic) network.send('c', 'd', new Uint8Array(1))
        network.send('a', 'b', new Uint8Array([number]))
      }
      network.clock.advance(1)
      return numbers
    }
    expect(lossPattern(true)).toEqual(lossPattern(false))
  })

  it('copies the bytes when sending, so that the sender may reuse its buffer', () => {
    const network = new NetworkSimulator({ seed: 1, conditions: { delayMs: 5 } })
    const received: number[][] = []
    network.attach('b', (buffer, length) => received.push(Array.from(buffer.subarray(0, length))))
    const buffer = new Uint8Array([0, 1, 2, 3, 4])
    network.send('a', 'b', buffer, 1, 3)
    buffer.fill(9)
    network.send('a', 'b', buffer, 3)
    network.clock.advance(5)
    expect(received).toEqual([
      [1, 2, 3],
      [9, 9],
    ])
  })

  it('gives each copy a buffer of its own, whatever the receiver does to it', () => {
    const network = new NetworkSimulator({ seed: 1, conditions: { delayMs: 5, duplicateRate: 1 } })
    const received: number[] = []
    network.attach('b', (buffer) => {
      received.push(buffer[0] ?? -1)
      buffer.fill(0)
      // Sending while receiving must not reuse the buffer that is being read.
      if (received.length < 4) network.send('b', 'b', new Uint8Array([7]))
    })
    network.send('a', 'b', new Uint8Array([7]))
    network.clock.advance(100)
    expect(new Set(received)).toEqual(new Set([7]))
  })

  it('carries datagrams larger than a pooled buffer', () => {
    const { arrivals } = sendNumbered({ delayMs: 10 }, { count: 20, sizeBytes: 65_507 })
    expect(arrivals.length).toBe(20)
  })

  it('refuses a range that is not within the buffer', () => {
    const network = new NetworkSimulator({ seed: 1 })
    expect(() => network.send('a', 'b', new Uint8Array(4), 2, 3)).toThrow(RangeError)
    expect(() => network.send('a', 'b', new Uint8Array(4), 5)).toThrow(RangeError)
    expect(network.counters().sent).toBe(0)
  })

  it('stops a loop of datagrams that beget datagrams', () => {
    const network = new NetworkSimulator({ seed: 1, conditions: { delayMs: 1 }, maxDatagramsInFlight: 1000 })
    network.attach('b', () => {
      network.send('b', 'b', new Uint8Array(1))
      network.send('b', 'b', new Uint8Array(1))
    })
    network.send('a', 'b', new Uint8Array(1))
    expect(() => network.clock.advance(100)).toThrow('More than 1000 datagrams in flight')
  })
})
