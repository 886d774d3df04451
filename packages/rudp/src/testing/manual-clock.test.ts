import { describe, expect, it } from 'vitest'
import { ManualClock } from './manual-clock.ts'

describe('ManualClock', () => {
  it('runs what is due in order of time, with the time at which it was due', () => {
    const clock = new ManualClock(100)
    const log: string[] = []
    clock.after(30, (nowMs) => log.push(`c ${nowMs} ${clock.now()}`))
    clock.at(110, (nowMs) => log.push(`a ${nowMs} ${clock.now()}`))
    clock.at(110, (nowMs) => log.push(`b ${nowMs} ${clock.now()}`))
    clock.at(131, () => log.push('too early'))
    clock.advance(30)
    expect(log).toEqual(['a 110 110', 'b 110 110', 'c 130 130'])
    expect(clock.now()).toBe(130)
    expect(clock.pendingEvents).toBe(1)
    expect(clock.nextEventMs()).toBe(131)
  })

  it('runs what a callback schedules within the same span', () => {
    const clock = new ManualClock()
    const times: number[] = []
    const tick = (nowMs: number): void => {
      times.push(nowMs)
      clock.after(10, tick)
    }
    clock.after(0, tick)
    clock.advance(35)
    expect(times).toEqual([0, 10, 20, 30])
  })

  it('takes a time in the past for now', () => {
    const clock = new ManualClock(50)
    let firedAtMs = -1
    clock.at(10, (nowMs) => {
      firedAtMs = nowMs
    })
    clock.advance(0)
    expect(firedAtMs).toBe(50)
    expect(clock.now()).toBe(50)
  })

  it('moves, disarms and rearms a timer without leaving anything behind', () => {
    const clock = new ManualClock()
    const times: number[] = []
    const timer = clock.timer((nowMs) => times.push(nowMs))
    for (let atMs = 5; atMs <= 20; atMs += 1) timer.set(atMs)
    expect(clock.pendingEvents).toBe(1)
    clock.advance(20)
    timer.set(25)
    timer.set(Number.POSITIVE_INFINITY)
    expect(timer.isSet).toBe(false)
    timer.set(26)
    timer.cancel()
    clock.advance(20)
    timer.set(50)
    clock.advance(20)
    expect(times).toEqual([20, 50])
    expect(clock.pendingEvents).toBe(0)
  })

  it('keeps the place of a timer that is set to the time it already has', () => {
    const clock = new ManualClock()
    const log: string[] = []
    const first = clock.at(5, () => log.push('first'))
    clock.at(5, () => log.push('second'))
    first.set(5)
    clock.advance(5)
    expect(log).toEqual(['first', 'second'])
  })

  it('stops at the event that fulfils a condition', () => {
    const clock = new ManualClock()
    let count = 0
    for (let atMs = 1; atMs <= 10; atMs += 1) clock.at(atMs, () => (count += 1))
    expect(clock.runUntil(() => count === 4, 100)).toBe(true)
    expect(clock.now()).toBe(4)
    expect(clock.runUntil(() => count === 4, 100)).toBe(true)
    expect(clock.now()).toBe(4)
    expect(clock.runUntil(() => count === 11, 100)).toBe(false)
    expect(clock.now()).toBe(100)
  })

  it('refuses to go back, or to a time that is none', () => {
    const clock = new ManualClock(10)
    expect(() => clock.advance(-1)).toThrow('Time cannot go from 10 to 9 ms')
    expect(() => clock.advanceTo(Number.NaN)).toThrow(RangeError)
    expect(() => clock.at(Number.NaN, () => {})).toThrow(RangeError)
  })

  it('reports events that keep time from moving on', () => {
    const clock = new ManualClock()
    const timer = clock.timer(() => timer.set(clock.now()))
    timer.set(3)
    expect(() => clock.advance(10)).toThrow('time stands still')
  })
})
