import { describe, expect, it } from 'vitest'
import { type TickPhase, TickPhases } from './tick-phases.ts'

function take(phases: TickPhases, count: number, tickHz: number): TickPhase[] {
  return Array.from({ length: count }, () => phases.take(tickHz, 1_000))
}

function fullest(taken: readonly TickPhase[]): { phases: number; most: number; least: number } {
  const counts = new Map<TickPhase, number>()
  for (const phase of taken) counts.set(phase, (counts.get(phase) ?? 0) + 1)
  return { phases: counts.size, most: Math.max(...counts.values()), least: Math.min(...counts.values()) }
}

describe('TickPhases', () => {
  it('begins with the first room and puts each next one far from those before it', () => {
    const origins = take(new TickPhases(), 4, 20).map(({ originMs }) => originMs - 1_000)
    expect(origins).toEqual([0, 25, 12.5, 37.5])
  })

  it.each([
    [1, 64],
    [20, 4],
    [60, 1],
  ])('has moments at least 10 ms apart: of %d Hz %d', (tickHz, count) => {
    const taken = take(new TickPhases(), 64, tickHz)
    expect(fullest(taken)).toEqual({ phases: count, most: 64 / count, least: 64 / count })
  })

  it('opens more of them when all are full, down to 1 ms apart', () => {
    expect(fullest(take(new TickPhases(), 256, 20))).toEqual({ phases: 4, most: 64, least: 64 })
    expect(fullest(take(new TickPhases(), 512, 20))).toEqual({ phases: 8, most: 64, least: 64 })
    expect(fullest(take(new TickPhases(), 1_024, 60))).toEqual({ phases: 16, most: 64, least: 64 })
    expect(fullest(take(new TickPhases(), 2_048, 60))).toEqual({ phases: 16, most: 128, least: 128 })
  })

  it('opens more of them when the ticks of one moment take half a millisecond', () => {
    const phases = new TickPhases()
    const tick = (rooms: readonly TickPhase[], durationMs: number): void => {
      for (let n = 0; n < 1_000; n++) for (const phase of rooms) phase.took(durationMs)
    }
    const early = take(phases, 16, 20)
    tick(early, 0.12)
    expect(fullest(take(phases, 4, 20)).phases).toBe(4)
    const late = take(phases, 16, 20)
    expect(late.some((phase) => early.includes(phase))).toBe(false)
    expect(fullest(late)).toEqual({ phases: 4, most: 4, least: 4 })
    // What was a long time once is forgotten.
    tick([...early, ...late], 0.001)
    expect(fullest(take(phases, 128, 20)).phases).toBe(8)
  })

  it('fills the places of rooms that ended', () => {
    const phases = new TickPhases()
    const taken = take(phases, 16, 20)
    for (const phase of taken.slice(3, 5)) phases.leave(phase)
    expect(take(phases, 2, 20).sort((a, b) => a.originMs - b.originMs)).toEqual(
      taken.slice(3, 5).sort((a, b) => a.originMs - b.originMs),
    )
  })

  it('forgets a rate that no room has any more, and keeps the others', () => {
    const phases = new TickPhases()
    const [slow] = take(phases, 1, 10)
    const [fast] = take(phases, 1, 20)
    phases.leave(slow as TickPhase)
    expect(phases.take(10, 5_000).originMs).toBe(5_000)
    expect(phases.take(20, 5_000).originMs).toBe((fast as TickPhase).originMs + 25)
    // Of a rate that was forgotten meanwhile: nothing to give back.
    phases.leave(slow as TickPhase)
    expect(phases.take(10, 5_000).originMs).toBe(5_050)
  })
})
