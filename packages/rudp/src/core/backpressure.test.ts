import { describe, expect, it } from 'vitest'
import { Backpressure } from './backpressure.ts'

const LIMIT = 100_000

describe('backpressure', () => {
  it('names the refused channels when the queue has fallen below three quarters', () => {
    const backpressure = new Backpressure(LIMIT, 1000, 5000)
    backpressure.onRefused(3, LIMIT, 100, 0)
    backpressure.onRefused(31, LIMIT, 100, 1)
    expect(backpressure.onDrained(80_000, 100)).toBe(0)
    expect(backpressure.onDrained(74_000, 100) >>> 0).toBe((2 ** 31 + 2 ** 3) >>> 0)
    expect(backpressure.onDrained(0, 0)).toBe(0)
  })

  it('finds a slow consumer when nothing is taken off a full queue for long', () => {
    const backpressure = new Backpressure(LIMIT, 1000, 5000)
    expect(backpressure.deadlineMs).toBe(Number.POSITIVE_INFINITY)
    backpressure.onRefused(0, LIMIT, 100, 1000)
    backpressure.onRefused(0, LIMIT, 100, 4000)
    expect(backpressure.deadlineMs).toBe(6000)
    expect(backpressure.isSlowConsumer(5999)).toBe(false)
    expect(backpressure.isSlowConsumer(6000)).toBe(true)
  })

  it('starts the time anew when something was taken, of bytes or of messages', () => {
    const backpressure = new Backpressure(LIMIT, 1000, 5000)
    backpressure.onRefused(0, LIMIT, 1000, 0)
    backpressure.onDrained(LIMIT - 100, 1000)
    expect(backpressure.deadlineMs).toBe(5000)
    backpressure.onDrained(LIMIT - 1000, 1000)
    expect(backpressure.deadlineMs).toBe(Number.POSITIVE_INFINITY)
    backpressure.onRefused(0, LIMIT, 1000, 3000)
    backpressure.onDrained(LIMIT, 990)
    expect(backpressure.deadlineMs).toBe(Number.POSITIVE_INFINITY)
  })
})
