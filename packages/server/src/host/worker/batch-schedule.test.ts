import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../testing/manual-clock.ts'
import { BatchSchedule } from './batch-schedule.ts'

function world() {
  const clock = new ManualClock()
  const sentMs: number[] = []
  return { clock, sentMs, schedule: new BatchSchedule(clock, () => sentMs.push(clock.nowMs())) }
}

describe('BatchSchedule', () => {
  it('sends at the end of the turn, once, however often it is asked', () => {
    const { clock, schedule, sentMs } = world()
    schedule.plan()
    schedule.plan()
    expect(sentMs).toEqual([])
    clock.turn()
    clock.turn()
    expect(sentMs).toHaveLength(1)
  })

  it('sends at most twice in a millisecond, and then everything of that time', () => {
    const { clock, schedule, sentMs } = world()
    for (let step = 0; step < 100; step++) {
      schedule.plan()
      clock.turn()
      clock.advance(0.125)
    }
    clock.advance(2)
    expect(sentMs.length).toBeGreaterThan(20)
    for (const [index, atMs] of sentMs.entries()) {
      if (index > 0) expect(atMs - (sentMs[index - 1] as number)).toBeGreaterThanOrEqual(0.5)
    }
    expect(clock.pendingTimers).toBe(0)
  })

  it('waits for no record to come once the time is over', () => {
    const { clock, schedule, sentMs } = world()
    schedule.plan()
    clock.turn()
    clock.advance(0.1)
    schedule.plan()
    clock.advance(5)
    expect(sentMs).toEqual([0, 0.5])
  })

  it('is at once again after a pause', () => {
    const { clock, schedule, sentMs } = world()
    schedule.plan()
    clock.turn()
    clock.advance(5)
    schedule.plan()
    clock.turn()
    expect(sentMs).toHaveLength(2)
  })
})
