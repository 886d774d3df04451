import { describe, expect, it } from 'vitest'
import { RttEstimator } from './rtt.ts'

describe('the RTT estimator', () => {
  it('takes the first sample as it is, with half of it as the variance (RFC 9002 §5.3)', () => {
    const rtt = new RttEstimator(100)
    expect(rtt.timeoutMs).toBe(300)
    rtt.onSample(40, 0, 0)
    expect(rtt).toMatchObject({ latestMs: 40, smoothedMs: 40, varianceMs: 20, minMs: 40 })
  })

  it('smooths later samples by 1/8 and their variance by 1/4', () => {
    const rtt = new RttEstimator(100)
    rtt.onSample(40, 0, 0)
    rtt.onSample(48, 0, 10)
    expect(rtt.smoothedMs).toBe(41)
    expect(rtt.varianceMs).toBe(17)
  })

  it('takes off the time the peer held the ACK back', () => {
    const rtt = new RttEstimator(100)
    rtt.onSample(40, 0, 0)
    rtt.onSample(60, 20, 10)
    expect(rtt).toMatchObject({ latestMs: 40, smoothedMs: 40, minMs: 40 })
  })

  it('does not believe in a delay longer than the sample, or than any ACK may be held back', () => {
    const rtt = new RttEstimator(100)
    rtt.onSample(40, 40, 0)
    expect(rtt.latestMs).toBe(40)
    rtt.onSample(2200, 2100, 10)
    expect(rtt.latestMs).toBe(2200)
  })

  it('forgets a minimum after 5 to 10 seconds', () => {
    const rtt = new RttEstimator(100)
    rtt.onSample(20, 0, 0)
    for (let nowMs = 100; nowMs <= 4900; nowMs += 100) rtt.onSample(50, 0, nowMs)
    expect(rtt.minMs).toBe(20)
    for (let nowMs = 5000; nowMs <= 10_100; nowMs += 100) rtt.onSample(50, 0, nowMs)
    expect(rtt.minMs).toBe(50)
  })

  it('never lets variance make the timeout shorter than the timers’ granularity allows', () => {
    const rtt = new RttEstimator(100)
    for (let sample = 0; sample < 100; sample++) rtt.onSample(10, 0, sample)
    expect(rtt.timeoutMs).toBeCloseTo(12)
  })

  it('starts afresh on another path', () => {
    const rtt = new RttEstimator(100)
    rtt.onSample(5, 0, 0)
    rtt.reset(80)
    expect(rtt).toMatchObject({ smoothedMs: 80, minMs: 80, hasSample: false })
    rtt.onSample(60, 0, 10)
    expect(rtt).toMatchObject({ smoothedMs: 60, minMs: 60 })
  })

  it('measures jitter as the smoothed difference of successive samples', () => {
    const rtt = new RttEstimator(100)
    for (let sample = 0; sample < 400; sample++) rtt.onSample(sample % 2 === 0 ? 40 : 50, 0, sample)
    expect(rtt.jitterMs).toBeCloseTo(10, 1)
  })
})
