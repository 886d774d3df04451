import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CROWD, TimingWheel, WHEEL_SLOT_MS } from './timing-wheel.ts'

function dueAt(wheel: TimingWheel, nowMs: number): number[] {
  const due: number[] = []
  wheel.expire(nowMs, (entry) => due.push(entry))
  return due.sort((a, b) => a - b)
}

describe('a timing wheel', () => {
  it('calls each entry once, not before its time and at the first chance after it', () => {
    const wheel = new TimingWheel(0)
    wheel.set(3, 100)
    wheel.set(7, 101)
    expect(dueAt(wheel, 99.9)).toEqual([])
    expect(dueAt(wheel, 100)).toEqual([3])
    expect(dueAt(wheel, 101)).toEqual([7])
    expect(dueAt(wheel, 10_000)).toEqual([])
    expect(wheel.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY)
  })

  it('moves and cancels deadlines', () => {
    const wheel = new TimingWheel(0)
    wheel.set(1, 100)
    wheel.set(1, 50)
    expect(dueAt(wheel, 60)).toEqual([1])
    wheel.set(1, 100)
    wheel.set(1, 500)
    expect(dueAt(wheel, 400)).toEqual([])
    expect(dueAt(wheel, 500)).toEqual([1])
    wheel.set(1, 600)
    wheel.set(1, Number.POSITIVE_INFINITY)
    expect(dueAt(wheel, 1000)).toEqual([])
  })

  it('serves deadlines in the past at once', () => {
    const wheel = new TimingWheel(1000)
    wheel.set(1, 5)
    expect(wheel.nextDeadlineMs()).toBeLessThanOrEqual(1000)
    expect(dueAt(wheel, 1000)).toEqual([1])
  })

  it('reaches beyond one turn of the wheel', () => {
    const wheel = new TimingWheel(0)
    wheel.set(1, 100_000)
    for (let nowMs = 0; nowMs < 100_000; nowMs += 1000) expect(dueAt(wheel, nowMs)).toEqual([])
    expect(dueAt(wheel, 100_000)).toEqual([1])
  })

  it('serves everything that is due after a stall longer than a turn', () => {
    const wheel = new TimingWheel(0)
    for (let entry = 0; entry < 100; entry += 1) wheel.set(entry, entry * 500)
    expect(dueAt(wheel, 40_000)).toEqual(Array.from({ length: 81 }, (_, entry) => entry))
    expect(dueAt(wheel, 49_500)).toHaveLength(19)
  })

  it('asks to be called for each deadline while they are few, and once per slot in a crowd', () => {
    const wheel = new TimingWheel(0)
    for (let entry = 0; entry < CROWD - 1; entry += 1) wheel.set(entry, 83)
    expect(wheel.nextDeadlineMs()).toBe(83)
    wheel.set(CROWD - 1, 85)
    expect(wheel.nextDeadlineMs()).toBe(88)
    expect(dueAt(wheel, 88)).toHaveLength(CROWD)
  })

  it('asks for nothing early when a deadline moves away', () => {
    const wheel = new TimingWheel(0)
    wheel.set(1, 25)
    wheel.set(1, 3_000)
    expect(wheel.nextDeadlineMs()).toBe(3_000)
  })

  it('lets an entry set its next deadline when it is called', () => {
    const wheel = new TimingWheel(0)
    const calls: number[] = []
    wheel.set(0, 10)
    for (let nowMs = 0; nowMs <= 100; nowMs += 1) {
      wheel.expire(nowMs, (entry) => {
        calls.push(nowMs)
        wheel.set(entry, nowMs + 10)
      })
    }
    expect(calls).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
  })

  it('agrees with a plain list of deadlines under any operations', () => {
    const operation = fc.oneof(
      fc.record({
        kind: fc.constant('set' as const),
        entry: fc.nat(30),
        inMs: fc.integer({ min: -50, max: 40_000 }),
      }),
      fc.record({ kind: fc.constant('cancel' as const), entry: fc.nat(30), inMs: fc.constant(0) }),
      fc.record({
        kind: fc.constant('wait' as const),
        entry: fc.constant(0),
        inMs: fc.double({ min: 0, max: 30_000, noNaN: true }),
      }),
      fc.record({
        kind: fc.constant('wait' as const),
        entry: fc.constant(0),
        inMs: fc.double({ min: 0, max: 20, noNaN: true }),
      }),
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 150 }), (operations) => {
        const wheel = new TimingWheel(0)
        const deadlines = new Map<number, number>()
        let nowMs = 0
        for (const { kind, entry, inMs } of operations) {
          if (kind === 'set') {
            deadlines.set(entry, nowMs + inMs)
            wheel.set(entry, nowMs + inMs)
          } else if (kind === 'cancel') {
            deadlines.delete(entry)
            wheel.set(entry, Number.POSITIVE_INFINITY)
          } else {
            nowMs += inMs
            const expected = [...deadlines].filter(([, atMs]) => atMs <= nowMs).map(([key]) => key)
            for (const key of expected) deadlines.delete(key)
            expect(dueAt(wheel, nowMs)).toEqual(expected.sort((a, b) => a - b))
          }
          const earliest = Math.min(...deadlines.values())
          const next = wheel.nextDeadlineMs()
          // It may ask to be called early, to file an entry anew, but never late.
          expect(next).toBeLessThanOrEqual(Math.max(earliest, nowMs + WHEEL_SLOT_MS))
          expect(next === Number.POSITIVE_INFINITY).toBe(deadlines.size === 0)
        }
      }),
      { numRuns: 300 },
    )
  })
})
