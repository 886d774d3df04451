import { describe, expect, it } from 'vitest'
import { ViolationMeter } from './violation-meter.ts'

describe('ViolationMeter', () => {
  it('allows as many violations in a window as the limit says', () => {
    const meter = new ViolationMeter(3, 1_000)
    expect([0, 10, 20, 30, 40].map((nowMs) => meter.add(nowMs))).toEqual([false, false, false, true, true])
  })

  it('starts anew when the window is over', () => {
    const meter = new ViolationMeter(2, 1_000)
    expect([0, 500, 1_001, 1_500, 2_000].map((nowMs) => meter.add(nowMs))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ])
  })

  it('counts the first one whatever the clock says', () => {
    expect(new ViolationMeter(1, 1_000).add(-5_000)).toBe(false)
    expect(new ViolationMeter(0, 1_000).add(0)).toBe(true)
  })
})
