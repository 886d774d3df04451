import { describe, expect, test } from 'vitest'
import { EventSchedule } from './event-schedule.ts'
import type { ArenaEvent } from './messages.ts'

const ME = 1
const dash = (slot: number): ArenaEvent => ({ kind: 'dash', slot })

describe('the event schedule', () => {
  test('holds events back until their step is shown', () => {
    const schedule = new EventSchedule(ME)
    expect(schedule.push({ step: 10, events: [dash(2)] })).toEqual([])
    expect(schedule.takeDue(9.9)).toEqual([])
    expect(schedule.takeDue(10)).toEqual([dash(2)])
    expect(schedule.takeDue(11)).toEqual([])
  })

  test('keeps their order over several steps', () => {
    const schedule = new EventSchedule(ME)
    schedule.push({ step: 10, events: [dash(2), dash(3)] })
    schedule.push({ step: 11, events: [dash(4)] })
    schedule.push({ step: 12, events: [dash(5)] })
    expect(schedule.takeDue(11.5)).toEqual([dash(2), dash(3), dash(4)])
  })

  test.each<ArenaEvent>([
    { kind: 'score', slot: ME, score: 3 },
    { kind: 'take', orbId: 5, by: ME },
    { kind: 'hit', by: ME, on: 2, spilled: 1 },
    { kind: 'hit', by: 2, on: ME, spilled: 1 },
    { kind: 'bump', a: 2, b: ME },
    { kind: 'bumper', bumper: 0, slot: ME },
  ])('%j concerns the own player and is due at once', (event) => {
    const schedule = new EventSchedule(ME)
    expect(schedule.push({ step: 10, events: [dash(2), event] })).toEqual([event])
    expect(schedule.takeDue(10)).toEqual([dash(2)])
  })

  test('does not pile up while nothing is shown', () => {
    const schedule = new EventSchedule(ME)
    for (let step = 1; step <= 200; step += 1) schedule.push({ step, events: [dash(2)] })
    expect(schedule.takeDue(0)).toHaveLength(110)
    expect(schedule.takeDue(200)).toHaveLength(90)
  })
})
