import { beforeEach, describe, expect, it } from 'vitest'
import { DelayGuard } from './delay-guard.ts'

const MUCH = 1_000_000
let guard: DelayGuard
const rtt = { latestMs: 50, smoothedMs: 50, minMs: 50 }

beforeEach(() => {
  guard = new DelayGuard()
  Object.assign(rtt, { latestMs: 50, smoothedMs: 50, minMs: 50 })
})

/** ACKs for a while, bulk always waiting. */
function acknowledge(fromMs: number, toMs: number): number {
  let factor = 1
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 10) {
    guard.onBulkHeld(nowMs)
    factor = Math.min(factor, guard.onAck(5000, rtt, nowMs))
  }
  return factor
}

/** The bytes that may be in flight for bulk to go. */
function bulkWindow(nowMs: number): number {
  let low = 0
  let high = 1e9
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (guard.allowsBulk(middle, nowMs)) low = middle
    else high = middle
  }
  return high
}

describe('the delay guard', () => {
  it('lets bulk grow while the path shows no delay', () => {
    const before = bulkWindow(0)
    acknowledge(0, 500)
    expect(bulkWindow(500)).toBeGreaterThan(4 * before)
  })

  it('shrinks bulk’s window while the queue is longer than its target, and lets a single packet go always', () => {
    acknowledge(0, 500)
    const before = bulkWindow(500)
    rtt.latestMs = 120
    acknowledge(500, 1200)
    expect(bulkWindow(1200)).toBeLessThan(before / 2)
    acknowledge(1200, 3000)
    expect(guard.allowsBulk(0, 3000)).toBe(true)
    expect(guard.allowsBulk(MUCH, 3000)).toBe(false)
  })

  it('takes no single late ACK for a queue', () => {
    acknowledge(0, 500)
    const before = bulkWindow(500)
    rtt.latestMs = 300
    guard.onBulkHeld(505)
    guard.onAck(5000, rtt, 505)
    expect(bulkWindow(505)).toBeGreaterThanOrEqual(before)
  })

  it('does not grow while bulk needs no more', () => {
    const before = bulkWindow(0)
    for (let nowMs = 1000; nowMs < 2000; nowMs += 10) guard.onAck(5000, rtt, nowMs)
    expect(bulkWindow(2000)).toBe(before)
  })

  it('stands back now and then, so that the minimum RTT is seen again', () => {
    acknowledge(0, 3400)
    expect(bulkWindow(3400)).toBeGreaterThan(12_000)
    acknowledge(3400, 3520)
    expect(bulkWindow(3520)).toBeLessThanOrEqual(2400)
    acknowledge(3520, 3700)
    expect(bulkWindow(3700)).toBeGreaterThan(12_000)
  })

  it('shrinks all traffic by 15 % for each second that a queue of 100 ms stands', () => {
    rtt.latestMs = 200
    rtt.smoothedMs = 200
    expect(acknowledge(0, 990)).toBe(1)
    expect(acknowledge(990, 1100)).toBe(0.85)
    expect(acknowledge(1100, 1900)).toBe(1)
    expect(acknowledge(1900, 2100)).toBe(0.85)
  })
})
