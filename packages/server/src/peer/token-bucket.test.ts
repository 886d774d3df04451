import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

const bucket = (): TokenBucket => new TokenBucket({ ratePerSecond: 10, burst: 20 }, 0)

/** How many single tokens can be taken at a moment. */
function drain(from: TokenBucket, nowMs: number): number {
  let taken = 0
  for (; from.has(1, nowMs); taken++) from.take(1)
  return taken
}

describe('TokenBucket', () => {
  it('gives its burst at once, then its rate', () => {
    const tokens = bucket()
    expect(drain(tokens, 0)).toBe(20)
    expect(tokens.has(1, 99)).toBe(false)
    expect(drain(tokens, 500)).toBe(5)
    expect(drain(tokens, 1_500)).toBe(10)
  })

  it('holds no more than its burst, however long nobody asks', () => {
    const tokens = bucket()
    expect(drain(tokens, 0)).toBe(20)
    expect(drain(tokens, 3_600_000)).toBe(20)
  })

  it('gives more than it holds only when it is full, and then owes it', () => {
    const tokens = bucket()
    tokens.take(1)
    expect(tokens.has(50, 99)).toBe(false)
    expect(tokens.has(50, 100)).toBe(true)
    tokens.take(50)
    expect(tokens.has(1, 3_190)).toBe(false)
    expect(tokens.has(1, 3_210)).toBe(true)
  })

  it('is full when everything is paid back', () => {
    const tokens = bucket()
    expect(tokens.isFull(0)).toBe(true)
    tokens.take(5)
    expect([tokens.isFull(499), tokens.isFull(500)]).toEqual([false, true])
  })

  it('may be filled beyond its burst once, up to a bound, and what it got stays until it is taken', () => {
    const tokens = bucket()
    expect(drain(tokens, 0)).toBe(20)
    tokens.fillBeyondBurst(60_000, 10_000)
    expect(tokens.has(1, 61_000)).toBe(true)
    expect(drain(tokens, 62_000)).toBe(100)
    expect(drain(tokens, 122_000)).toBe(20)
  })
})
