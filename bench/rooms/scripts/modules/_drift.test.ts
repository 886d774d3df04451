import { describe, expect, it } from 'vitest'
import { driftBetween } from './_drift.ts'

const PERIOD_MS = 50

describe('driftBetween', () => {
  it('finds none in rooms whose ticks are whole periods apart, however many were skipped', () => {
    const before = [
      { tick: 10, timeMs: 1_000 },
      { tick: 20, timeMs: 1_025 },
    ]
    const after = [
      { tick: 30, timeMs: 2_000 },
      { tick: 41, timeMs: 2_075 },
    ]
    expect(driftBetween(before, after, PERIOD_MS)).toEqual({ rooms: 2, medianMs: 0, worstMs: 0, ticks: 41 })
  })

  it('tells the room that is furthest off with its sign', () => {
    const before = [0, 1, 2].map(() => ({ tick: 0, timeMs: 0 }))
    const after = [
      { tick: 10, timeMs: 503 },
      { tick: 10, timeMs: 493 },
      { tick: 10, timeMs: 501 },
    ]
    expect(driftBetween(before, after, PERIOD_MS)).toMatchObject({ medianMs: 1, worstMs: -7 })
  })

  it('refuses surveys of different rooms', () => {
    expect(() => driftBetween([], [{ tick: 1, timeMs: 1 }], PERIOD_MS)).toThrow('not of the same rooms')
  })
})
