import { describe, expect, it } from 'vitest'
import { createController } from './congestion/create-controller.ts'
import { SEGMENT_BYTES } from './congestion/controller.ts'
import { Pacer } from './pacer.ts'

/** Sends as fast as the pacer lets it. @returns when each packet left */
function sendAll(pacer: Pacer, packets: number, startMs: number): number[] {
  const times: number[] = []
  let nowMs = startMs
  for (let packet = 0; packet < packets; packet++) {
    nowMs = Math.max(nowMs, pacer.nextSendMs(nowMs))
    pacer.onSent(SEGMENT_BYTES, nowMs)
    times.push(nowMs)
  }
  return times
}

describe('the pacer', () => {
  it('lets a burst go at once and spreads the rest at twice the window per RTT in slow start', () => {
    const pacer = new Pacer(0)
    pacer.update(createController({}), 100)
    const times = sendAll(pacer, 110, 0)
    expect(times.filter((timeMs) => timeMs === 0).length).toBe(10)
    const bytesPerSecond = (100 * SEGMENT_BYTES) / ((times.at(-1)! - 0) / 1000)
    expect(bytesPerSecond / pacer.bytesPerSecond).toBeCloseTo(1, 1)
    expect(pacer.bytesPerSecond).toBeCloseTo((2 * 12_000) / 0.1)
  })

  it('never holds back the first two packets of a tick', () => {
    const pacer = new Pacer(0)
    pacer.update(createController({}), 1000)
    sendAll(pacer, 30, 0)
    pacer.onFlush()
    expect(pacer.nextSendMs(1)).toBe(1)
    pacer.onSent(SEGMENT_BYTES, 1)
    expect(pacer.nextSendMs(1)).toBe(1)
    pacer.onSent(SEGMENT_BYTES, 1)
    expect(pacer.nextSendMs(1)).toBeGreaterThan(1)
  })

  it('keeps the rate of a controller that has one', () => {
    const pacer = new Pacer(0)
    pacer.update(createController({ algorithm: 'game' }), 100)
    expect(pacer.bytesPerSecond).toBe(60_000)
  })

  it('saves up no more than a burst while nothing is sent', () => {
    const pacer = new Pacer(0)
    pacer.update(createController({}), 100)
    const times = sendAll(pacer, 12, 3_600_000)
    expect(times.filter((timeMs) => timeMs === 3_600_000).length).toBe(10)
  })

  it('owes no more than a burst, however much was exempt', () => {
    const pacer = new Pacer(0)
    pacer.update(createController({}), 100)
    for (let tick = 0; tick < 100; tick++) {
      pacer.onFlush()
      pacer.onSent(SEGMENT_BYTES, 0)
      pacer.onSent(SEGMENT_BYTES, 0)
    }
    expect(pacer.nextSendMs(0)).toBeLessThanOrEqual((12_001 / pacer.bytesPerSecond) * 1000)
  })
})
