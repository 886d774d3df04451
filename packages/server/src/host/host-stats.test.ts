import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../testing/property.ts'
import { TICK_BUCKETS_SECONDS } from './host-report.ts'
import { HostStats, ModuleStats } from './host-stats.ts'

/** The upper bounds of the buckets that hold something, and how much. */
function filled(counts: readonly number[]): [number, number][] {
  return counts.flatMap((count, bucket): [number, number][] =>
    count === 0 ? [] : [[TICK_BUCKETS_SECONDS[bucket] ?? Number.POSITIVE_INFINITY, count]],
  )
}

describe('ModuleStats', () => {
  it('puts ticks into buckets by seconds, each into the least that holds it', () => {
    const stats = new ModuleStats()
    stats.ticked(0.3, 5, 0)
    stats.ticked(40, 3, 0)
    const { ticks, lateness, duration } = stats.read('game', 0, 0)
    expect(ticks).toBe(2)
    expect(filled(lateness.counts)).toEqual([
      [0.0005, 1],
      [0.066, 1],
    ])
    expect(lateness.sumSeconds).toBeCloseTo(0.0403)
    expect(filled(duration.counts)).toEqual([
      [0.004, 1],
      [0.008, 1],
    ])
    expect(duration.sumSeconds).toBeCloseTo(0.008)
  })

  it('counts what is exactly at a bound within it, and what is beyond all of them', () => {
    const stats = new ModuleStats()
    stats.ticked(1, 1_000, 0)
    stats.ticked(1.001, 1_000.1, 0)
    const { lateness, duration } = stats.read('game', 0, 0)
    expect(filled(lateness.counts)).toEqual([
      [0.001, 1],
      [0.002, 1],
    ])
    expect(filled(duration.counts)).toEqual([
      [1, 1],
      [Number.POSITIVE_INFINITY, 1],
    ])
  })

  it('takes a tick that came too early for one on time', () => {
    const stats = new ModuleStats()
    stats.ticked(-0.01, 1, 0)
    const { lateness } = stats.read('game', 0, 0)
    expect([filled(lateness.counts), lateness.sumSeconds]).toEqual([[[0.0001, 1]], 0])
  })

  it('adds up the ticks that were skipped', () => {
    const stats = new ModuleStats()
    stats.ticked(0, 1, 0)
    stats.ticked(300, 1, 2)
    stats.ticked(500, 1, 4)
    expect(stats.read('game', 0, 0)).toMatchObject({ ticks: 3, skippedTicks: 6 })
  })

  it('keeps the instructions of rooms that have ended beside those of rooms that run', () => {
    const stats = new ModuleStats()
    stats.rooms = 2
    expect(stats.read('game', 300, 70)).toMatchObject({
      module: 'game',
      rooms: 2,
      memoryBytes: 300,
      instructions: 70,
    })
    stats.rooms--
    stats.stateEnded(40)
    expect(stats.read('game', 100, 35)).toMatchObject({ rooms: 1, memoryBytes: 100, instructions: 75 })
  })

  it('gives copies: what was read does not change when more is counted', () => {
    const stats = new ModuleStats()
    stats.ticked(0, 1, 0)
    const before = stats.read('game', 0, 0)
    const counts = [...before.lateness.counts]
    stats.ticked(0, 1, 0)
    expect([before.ticks, before.lateness.counts]).toEqual([1, counts])
  })

  it('loses no tick, however late and long', () => {
    const milliseconds = fc.double({ min: -1, max: 10_000, noNaN: true })
    checkProperty(
      fc.property(fc.array(fc.tuple(milliseconds, milliseconds)), (ticks) => {
        const stats = new ModuleStats()
        for (const [latenessMs, durationMs] of ticks) stats.ticked(latenessMs, durationMs, 0)
        const { lateness, duration } = stats.read('game', 0, 0)
        for (const { counts } of [lateness, duration]) {
          expect(counts).toHaveLength(TICK_BUCKETS_SECONDS.length + 1)
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(ticks.length)
        }
        for (const [bucket, bound] of TICK_BUCKETS_SECONDS.entries()) {
          const within = ticks.filter(([, durationMs]) => durationMs / 1000 <= bound).length
          expect(duration.counts.slice(0, bucket + 1).reduce((sum, count) => sum + count, 0)).toBe(within)
        }
      }),
    )
  })
})

describe('HostStats', () => {
  it('has one set of figures for each module', () => {
    const stats = new HostStats()
    stats.module('game').rooms++
    stats.module('game').rooms++
    stats.module('lobby').rooms++
    expect(Array.from(stats.modules, ([name, { rooms }]) => [name, rooms])).toEqual([
      ['game', 2],
      ['lobby', 1],
    ])
  })

  it('counts errors by callback, and budgets by kind and cause', () => {
    const stats = new HostStats()
    expect([stats.scriptErrors, stats.budgetKills]).toEqual([{}, {}])
    stats.scriptFailed('match_loop')
    stats.scriptFailed('rpc')
    stats.scriptFailed('match_loop')
    stats.budgetExceeded('tick', 'instructions')
    stats.budgetExceeded('tick', 'memory')
    stats.budgetExceeded('tick', 'instructions')
    expect(stats.scriptErrors).toEqual({ match_loop: 2, rpc: 1 })
    expect(stats.budgetKills).toEqual({ 'tick instructions': 2, 'tick memory': 1 })
  })
})
