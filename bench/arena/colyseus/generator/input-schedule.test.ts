import { describe, expect, it } from 'vitest'
import { InputSchedule } from './input-schedule.ts'

describe('InputSchedule', () => {
  it('lets every client send once a period, at a phase of its own', () => {
    const schedule = new InputSchedule(4, 100, 1_000)
    const turns = Array.from({ length: 6 }, () => [schedule.nextDueMs(), schedule.take()])
    expect(turns).toEqual([
      [1_000, 0],
      [1_025, 1],
      [1_050, 2],
      [1_075, 3],
      [1_100, 0],
      [1_125, 1],
    ])
  })

  it('does not move what is due when something was taken late', () => {
    const schedule = new InputSchedule(3, 100, 0)
    for (let turn = 0; turn < 3_000; turn += 1) schedule.take()
    expect(schedule.nextDueMs()).toBeCloseTo(100_000, 6)
    expect(schedule.taken).toBe(3_000)
  })

  it('counts what was due, the first at the start itself', () => {
    const schedule = new InputSchedule(4, 100, 1_000)
    expect([999, 1_000, 1_024, 1_025, 1_100].map((nowMs) => schedule.dueBy(nowMs))).toEqual([0, 1, 1, 2, 5])
  })
})
