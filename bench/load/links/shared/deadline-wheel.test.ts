import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeadlineWheel, SLOT_MS } from './deadline-wheel.ts'

const FAR_MS = 60_000

function served(wheel: DeadlineWheel, nowMs: number): number[] {
  const entries: number[] = []
  wheel.expire(nowMs, (entry) => entries.push(entry))
  return entries
}

describe('DeadlineWheel', () => {
  it('serves an entry once, after its deadline and not before', () => {
    const wheel = new DeadlineWheel(4, 1_000)
    expect(wheel.nextMs()).toBe(Number.POSITIVE_INFINITY)
    wheel.set(2, 1_050)
    expect(wheel.nextMs()).toBeGreaterThanOrEqual(1_050)
    expect(served(wheel, 1_049)).toEqual([])
    expect(served(wheel, wheel.nextMs())).toEqual([2])
    expect(served(wheel, 9_000)).toEqual([])
    expect(wheel.nextMs()).toBe(Number.POSITIVE_INFINITY)
  })

  it('follows a deadline that comes nearer, moves away or is cancelled', () => {
    const wheel = new DeadlineWheel(3, 0)
    wheel.set(0, 500)
    wheel.set(0, 100)
    wheel.set(1, 100)
    wheel.set(1, 500)
    wheel.set(2, 100)
    wheel.set(2, Number.POSITIVE_INFINITY)
    expect(served(wheel, 200)).toEqual([0])
    expect(served(wheel, 499)).toEqual([])
    expect(served(wheel, 504)).toEqual([1])
  })

  it('keeps deadlines that are further away than it reaches, and sees all of them after a stall', () => {
    const wheel = new DeadlineWheel(2, 0)
    wheel.set(0, FAR_MS)
    wheel.set(1, 10)
    expect(served(wheel, FAR_MS - 1)).toEqual([1])
    expect(served(wheel, FAR_MS + SLOT_MS)).toEqual([0])
  })

  it('lets an entry that is served set its deadline again', () => {
    const wheel = new DeadlineWheel(1, 0)
    wheel.set(0, 8)
    const times: number[] = []
    for (let nowMs = 0; nowMs <= 100; nowMs += SLOT_MS) {
      wheel.expire(nowMs, (entry) => {
        times.push(nowMs)
        wheel.set(entry, nowMs + 20)
      })
    }
    expect(times).toEqual([8, 28, 48, 68, 88])
  })

  it('serves whatever is due, at most one slot late, in any order of events', () => {
    const step = fc.record({ entry: fc.nat(7), inMs: fc.nat(30_000), advanceMs: fc.nat(20_000) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const wheel = new DeadlineWheel(8, 0)
        const deadlines = new Map<number, number>()
        let nowMs = 0
        for (const { entry, inMs, advanceMs } of steps) {
          wheel.set(entry, nowMs + inMs)
          deadlines.set(entry, nowMs + inMs)
          nowMs += advanceMs
          wheel.expire(nowMs, (due) => {
            expect(deadlines.get(due)).toBeLessThanOrEqual(nowMs)
            deadlines.delete(due)
          })
          for (const deadlineMs of deadlines.values()) expect(deadlineMs).toBeGreaterThan(nowMs - SLOT_MS)
        }
      }),
    )
  })
})
