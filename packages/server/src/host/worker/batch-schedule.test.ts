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

  it('sends at most once in a millisecond, and then everything of that time', () => {
    const { clock, schedule, sentMs } = world()
    for (let step = 0; step < 40; step++) {
      schedule.plan()
      clock.advance(0.25)
    }
    clock.advance(2)
    expect(sentMs.length).toBeGreaterThan(6)
    for (const [index, atMs] of sentMs.entries()) {
      if (index > 0) expect(atMs - (sentMs[index - 1] as number)).toBeGreaterThanOrEqual(1)
    }
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
