import { describe, expect, it } from 'vitest'
import { ManualClock } from './manual-clock.ts'

describe('ManualClock', () => {
  it('runs each timer at its own moment, in the order they are due', () => {
    const clock = new ManualClock({ nowMs: 100 })
    const ran: [string, number][] = []
    clock.setTimer(() => ran.push(['late', clock.nowMs()]), 20)
    clock.setTimer(() => ran.push(['early', clock.nowMs()]), 5)
    clock.setTimer(() => ran.push(['early, set later', clock.nowMs()]), 5)
    clock.advance(30)
    expect(ran).toEqual([
      ['early', 105],
      ['early, set later', 105],
      ['late', 120],
    ])
    expect(clock.nowMs()).toBe(130)
  })

  it('runs timers that timers set, if they are due within the step', () => {
    const clock = new ManualClock()
    const ran: number[] = []
    const again = (): void => {
      ran.push(clock.nowMs())
      clock.setTimer(again, 10)
    }
    clock.setTimer(again, 10)
    clock.advance(35)
    expect(ran).toEqual([10, 20, 30])
    expect(clock.pendingTimers).toBe(1)
  })

  it('does not run a cancelled timer', () => {
    const clock = new ManualClock()
    const timer = clock.setTimer(() => expect.unreachable(), 5)
    timer.cancel()
    clock.advance(10)
    expect(clock.pendingTimers).toBe(0)
  })

  it('runs deferred work at the next turn, not at once', () => {
    const clock = new ManualClock()
    const ran: string[] = []
    clock.defer(() => {
      ran.push('first')
      clock.defer(() => ran.push('deferred by it'))
    })
    expect(ran).toEqual([])
    clock.turn()
    expect(ran).toEqual(['first', 'deferred by it'])
  })

  it('can run one turn by itself', () => {
    const clock = new ManualClock()
    const ran: string[] = []
    clock.defer(() => {
      ran.push('first')
      clock.defer(() => ran.push('deferred by it'))
    })
    expect([clock.turnOnce(), [...ran]]).toEqual([true, ['first']])
    expect([clock.turnOnce(), [...ran]]).toEqual([true, ['first', 'deferred by it']])
    expect(clock.turnOnce()).toBe(false)
  })

  it('moves both times alike, and runs nothing while the process is busy', () => {
    const clock = new ManualClock({ nowMs: 10, unixMs: 5_000 })
    const ran: number[] = []
    clock.setTimer(() => ran.push(clock.nowMs()), 5)
    clock.stall(50)
    expect([clock.nowMs(), clock.unixMs(), ran]).toEqual([60, 5_050, []])
    clock.advance(0)
    expect(ran).toEqual([60])
  })
})
