import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../testing/property.ts'
import { tickSchedule } from '../testing/tick-schedule.ts'

const rate = fc.double({ min: 1, max: 128, noNaN: true })
const start = fc.double({ min: 0, max: 1e9, noNaN: true })

describe('TickSchedule', () => {
  it('has tick n due at start + n × period, however late the ticks before it ran', () => {
    const lateness = fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { maxLength: 200, size: 'max' })
    checkProperty(
      fc.property(rate, start, lateness, (tickHz, startMs, lateBy) => {
        const schedule = tickSchedule(tickHz, startMs)
        const ran = lateBy.map((periods) => {
          const dueMs = schedule.nextDueMs
          schedule.begin(dueMs + periods * schedule.periodMs)
          return { dueMs, tick: schedule.tick, skipped: schedule.skipped }
        })
        expect(ran).toEqual(
          lateBy.map((_, index) => ({
            dueMs: startMs + (index + 1) * (1000 / tickHz),
            tick: index + 1,
            skipped: 0,
          })),
        )
      }),
      100,
    )
  })

  it('passes over the ticks that it missed, says how many, and is back in step', () => {
    const missed = fc.array(
      fc.tuple(fc.nat({ max: 1_000 }), fc.double({ min: 0.01, max: 0.99, noNaN: true })),
      { maxLength: 50, size: 'max' },
    )
    checkProperty(
      fc.property(rate, missed, (tickHz, steps) => {
        const schedule = tickSchedule(tickHz, 0)
        let tick = 0
        for (const [skipped, fraction] of steps) {
          const nowMs = schedule.nextDueMs + (skipped + fraction) * schedule.periodMs
          schedule.begin(nowMs)
          tick += skipped + 1
          expect([schedule.tick, schedule.skipped]).toEqual([tick, skipped])
          expect(schedule.nextDueMs).toBe((tick + 1) * schedule.periodMs)
          expect(schedule.nextDueMs).toBeGreaterThan(nowMs)
        }
      }),
      50,
    )
  })

  it('gives the true time between runs, so that all of them add up to the time that passed', () => {
    const gaps = fc.array(fc.double({ min: 0, max: 5, noNaN: true }), {
      minLength: 1,
      maxLength: 100,
      size: 'max',
    })
    checkProperty(
      fc.property(rate, gaps, (tickHz, periods) => {
        const schedule = tickSchedule(tickHz, 500)
        let nowMs = 500
        let sumSeconds = 0
        for (const late of periods) {
          nowMs = schedule.nextDueMs + late * schedule.periodMs
          sumSeconds += schedule.begin(nowMs)
        }
        expect(sumSeconds).toBeCloseTo((nowMs - 500) / 1000, 6)
      }),
    )
  })

  it('counts the first dt from the moment the room started', () => {
    const schedule = tickSchedule(20, 1_000, 10)
    expect(schedule.tick).toBe(0)
    expect(schedule.nextDueMs).toBe(1_060)
    expect(schedule.begin(1_060)).toBeCloseTo(0.06)
    expect(schedule.begin(1_110)).toBeCloseTo(0.05)
  })

  it('takes a timer that fired a rounding error early for the tick it was set for', () => {
    const schedule = tickSchedule(30, 0)
    for (let tick = 1; tick <= 1_000; tick++) {
      schedule.begin(schedule.nextDueMs - 1e-6)
      expect([schedule.tick, schedule.skipped]).toEqual([tick, 0])
    }
  })

  it('keeps the phase it was given', () => {
    const schedule = tickSchedule(4, 1_000, 62.5)
    const due = Array.from({ length: 3 }, () => {
      const { nextDueMs } = schedule
      schedule.begin(nextDueMs)
      return nextDueMs
    })
    expect(due).toEqual([1_312.5, 1_562.5, 1_812.5])
  })
})
