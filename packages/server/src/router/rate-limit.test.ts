import { describe, expect, it } from 'vitest'
import { RateLimit } from './rate-limit.ts'

function countAdmitted(rate: RateLimit, sizeBytes: number, nowMs: number): number {
  let count = 0
  while (count < 10_000 && rate.passed(sizeBytes, nowMs) === undefined) count++
  return count
}

describe('RateLimit', () => {
  it('admits two seconds’ worth of messages at once, then its rate, and names the limit that is passed', () => {
    const rate = new RateLimit({ messagesPerSecond: 10, bytesPerSecond: 1_000 }, 0)
    expect(countAdmitted(rate, 1, 0)).toBe(20)
    expect(rate.passed(1, 0)).toBe('messagesPerSecond')
    expect(countAdmitted(rate, 1, 1_000)).toBe(10)
  })

  it('does the same for bytes', () => {
    const rate = new RateLimit({ messagesPerSecond: 100, bytesPerSecond: 1_000 }, 0)
    expect(countAdmitted(rate, 400, 0)).toBe(5)
    expect(rate.passed(400, 0)).toBe('bytesPerSecond')
    expect(countAdmitted(rate, 400, 400)).toBe(1)
  })

  it('admits a frame above the burst from a session that was quiet, so that none is refused for ever', () => {
    const rate = new RateLimit({ messagesPerSecond: 100, bytesPerSecond: 1_000 }, 0)
    expect(rate.passed(16_000, 0)).toBeUndefined()
    expect(rate.passed(1, 14_000)).toBe('bytesPerSecond')
    expect(rate.passed(1, 14_001)).toBeUndefined()
  })

  it('takes nothing for what it refuses', () => {
    const rate = new RateLimit({ messagesPerSecond: 10, bytesPerSecond: 1_000 }, 0)
    expect(rate.passed(1_990, 0)).toBeUndefined()
    for (let i = 0; i < 100; i++) expect(rate.passed(500, 0)).toBe('bytesPerSecond')
    expect(countAdmitted(rate, 0, 0)).toBe(19)
  })

  it('admits everything where a limit is 0', () => {
    const rate = new RateLimit({ messagesPerSecond: 0, bytesPerSecond: 0 }, 0)
    expect(countAdmitted(rate, 65_535, 0)).toBe(10_000)
  })

  it('lets a flood be answered ten times a second', () => {
    const rate = new RateLimit({ messagesPerSecond: 10, bytesPerSecond: 1_000 }, 0)
    const told = Array.from({ length: 1_000 }, (_, nowMs) => rate.mayTell(nowMs))
    expect(told.filter(Boolean)).toHaveLength(10)
    expect(told[0]).toBe(true)
  })

  it('lets a client that was away send what it would have sent meanwhile', () => {
    const rate = new RateLimit({ messagesPerSecond: 10, bytesPerSecond: 1_000 }, 0)
    expect(countAdmitted(rate, 1, 0)).toBe(20)
    rate.catchUp(8_000, 30_000)
    expect(countAdmitted(rate, 1, 8_000)).toBe(80)
    rate.catchUp(3_600_000, 30_000)
    expect(countAdmitted(rate, 1, 3_600_000)).toBe(300)
  })
})
