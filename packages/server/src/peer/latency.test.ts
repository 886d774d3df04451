import { describe, expect, it } from 'vitest'
import { Latency } from './latency.ts'

describe('Latency', () => {
  it('is 0 before the first sample and the first sample afterwards', () => {
    const latency = new Latency()
    expect([latency.rttMs, latency.jitterMs]).toEqual([0, 0])
    latency.addSample(80)
    expect([latency.rttMs, latency.jitterMs]).toEqual([80, 0])
  })

  it('moves by an eighth of the difference, and its jitter by a sixteenth', () => {
    const latency = new Latency()
    latency.addSample(80)
    latency.addSample(160)
    expect([latency.rttMs, latency.jitterMs]).toEqual([90, 5])
    latency.addSample(160)
    expect([latency.rttMs, latency.jitterMs]).toEqual([98.75, 4.6875])
  })

  it('settles on a steady round trip, without jitter', () => {
    const latency = new Latency()
    latency.addSample(500)
    for (let i = 0; i < 200; i++) latency.addSample(40)
    expect(latency.rttMs).toBeCloseTo(40, 3)
    expect(latency.jitterMs).toBeLessThan(0.01)
  })

  it('ignores a sample below zero: the other side made it up, or a clock was set', () => {
    const latency = new Latency()
    latency.addSample(-1)
    expect(latency.rttMs).toBe(0)
    latency.addSample(10)
    latency.addSample(-5)
    expect([latency.rttMs, latency.jitterMs]).toEqual([10, 0])
  })

  it('takes 0 for a sample like any other', () => {
    const latency = new Latency()
    latency.addSample(0)
    latency.addSample(8)
    expect([latency.rttMs, latency.jitterMs]).toEqual([1, 0.5])
  })
})
