import { SeededRandom } from '@kaosnet/rudp/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backoff, DEFAULT_RECONNECT } from './reconnect.ts'

describe('Backoff', () => {
  it('doubles the bound of the wait from 250 ms up to 8 s', () => {
    const backoff = new Backoff(DEFAULT_RECONNECT, () => 1)
    const waits = Array.from({ length: 8 }, () => backoff.nextDelayMs())
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
  })

  it('draws each wait from the whole range below the bound', () => {
    const random = new SeededRandom(1)
    const waits = Array.from({ length: 1_000 }, () => {
      return new Backoff(DEFAULT_RECONNECT, () => random.next()).nextDelayMs()
    })
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
    expect(Math.min(...waits)).toBeLessThan(5)
    expect(Math.max(...waits)).toBeGreaterThan(245)
    expect(mean).toBeGreaterThan(115)
    expect(mean).toBeLessThan(135)
  })

  it('waits no less than the server asked for, and no longer than the bound beyond it', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(60_000),
        (earlierTries, random, retryAfterMs) => {
          const backoff = new Backoff(DEFAULT_RECONNECT, () => random)
          for (let i = 0; i < earlierTries; i++) backoff.nextDelayMs()
          const delayMs = backoff.nextDelayMs(retryAfterMs)
          expect(delayMs).toBeGreaterThanOrEqual(retryAfterMs)
          expect(delayMs).toBeLessThanOrEqual(retryAfterMs + DEFAULT_RECONNECT.maxDelayMs)
        },
      ),
    )
  })

  it('is exhausted after the configured number of tries and fresh after a reset', () => {
    const backoff = new Backoff({ baseDelayMs: 100, maxDelayMs: 1_000, maxAttempts: 2 }, () => 1)
    backoff.nextDelayMs()
    expect(backoff.isExhausted).toBe(false)
    backoff.nextDelayMs()
    expect(backoff.isExhausted).toBe(true)
    expect(backoff.attempts).toBe(2)
    backoff.reset()
    expect(backoff.isExhausted).toBe(false)
    expect(backoff.nextDelayMs()).toBe(100)
  })
})
