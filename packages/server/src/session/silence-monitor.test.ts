import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { SilenceMonitor, type Watched } from './silence-monitor.ts'

function watched(onCheck: (nowMs: number) => void = () => {}): Watched & { checks: number[] } {
  const checks: number[] = []
  return {
    checks,
    checkSilence(nowMs) {
      checks.push(nowMs)
      onCheck(nowMs)
    },
  }
}

describe('SilenceMonitor', () => {
  it('looks after everybody once a second, with a single timer', () => {
    const clock = new ManualClock()
    const all = [watched(), watched(), watched()]
    const monitor = new SilenceMonitor(clock, all)
    expect(clock.pendingTimers).toBe(0)
    monitor.start()
    expect(clock.pendingTimers).toBe(1)
    clock.advance(3_500)
    for (const { checks } of all) expect(checks).toEqual([1_000, 2_000, 3_000])
    expect(clock.pendingTimers).toBe(1)
  })

  it('looks after those who come later, and lets those go who close themselves', () => {
    const clock = new ManualClock()
    const set = new Set<Watched>()
    const mortal = watched(() => set.delete(mortal))
    const lasting = watched()
    set.add(mortal).add(lasting)
    new SilenceMonitor(clock, set).start()
    clock.advance(1_000)
    const late = watched()
    set.add(late)
    clock.advance(1_000)
    expect([mortal, lasting, late].map(({ checks }) => checks.length)).toEqual([1, 2, 1])
  })

  it('leaves no timer when it is stopped, also from within a check', () => {
    const clock = new ManualClock()
    const first = new SilenceMonitor(clock, [])
    first.start()
    first.stop()
    first.stop()
    expect(clock.pendingTimers).toBe(0)

    const one = watched(() => second.stop())
    const second = new SilenceMonitor(clock, [one])
    second.start()
    clock.advance(5_000)
    expect(one.checks).toEqual([1_000])
    expect(clock.pendingTimers).toBe(0)
  })
})
