import { describe, expect, it } from 'vitest'
import { SERVER_LIMITS } from './limits.ts'
import { ReceiveBudget } from './receive-budget.ts'

function taken(budget: ReceiveBudget, packets: number, sizeBytes: number, nowMs: number): number {
  let count = 0
  for (let packet = 0; packet < packets; packet++) {
    if (budget.take(sizeBytes, nowMs) === undefined) count++
  }
  return count
}

describe('the receive budget', () => {
  it('takes a burst of packets at once and the configured rate over time', () => {
    const budget = new ReceiveBudget(SERVER_LIMITS, 0)
    expect(taken(budget, 1000, 50, 0)).toBe(150)
    expect(budget.take(50, 0)).toBe('packet-rate')
    let count = 0
    for (let nowMs = 1; nowMs <= 10_000; nowMs++) count += taken(budget, 2, 50, nowMs)
    expect(Math.abs(count - 3000)).toBeLessThanOrEqual(1)
  })

  it('takes half a second’s worth of bytes at once and the configured rate over time', () => {
    const budget = new ReceiveBudget({ ...SERVER_LIMITS, receivePacketsPerSecond: 0 }, 0)
    expect(taken(budget, 1000, 1024, 0)).toBe(128)
    expect(budget.take(1024, 0)).toBe('byte-rate')
    let count = 0
    for (let nowMs = 10; nowMs <= 10_000; nowMs += 10) count += taken(budget, 10, 1024, nowMs)
    expect(count).toBe(2560)
  })

  it('has no bounds when they are 0', () => {
    const limits = { ...SERVER_LIMITS, receivePacketsPerSecond: 0, receiveBytesPerSecond: 0 }
    expect(taken(new ReceiveBudget(limits, 0), 10_000, 1400, 0)).toBe(10_000)
  })

  it('finds one failed authentication too many in a minute, and starts over with the next', () => {
    const limits = { ...SERVER_LIMITS, authenticationFailuresPerMinute: 3 }
    const budget = new ReceiveBudget(limits, 0)
    expect([0, 1, 2].map((nowMs) => budget.onAuthenticationFailed(nowMs))).toEqual([false, false, false])
    expect(budget.onAuthenticationFailed(59_999)).toBe(true)
    expect(budget.onAuthenticationFailed(60_000)).toBe(false)
  })

  it('never finds one too many when that limit is 0', () => {
    const budget = new ReceiveBudget({ ...SERVER_LIMITS, authenticationFailuresPerMinute: 0 }, 0)
    for (let failure = 0; failure < 5000; failure++) expect(budget.onAuthenticationFailed(0)).toBe(false)
  })
})
