import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PlaybackClock } from './playback-clock.ts'

const TICK_MS = 1000 / 30
const FRAME_MS = 1000 / 60

/** Plays `seconds` with snapshots delayed by `delayMs(step)`; returns what was shown at each frame. */
function play(seconds: number, delayMs: (step: number) => number, startMs = 5000) {
  const clock = new PlaybackClock(30)
  const arrivals = Array.from({ length: seconds * 30 }, (_, step) => ({
    step,
    atMs: startMs + step * TICK_MS + delayMs(step),
  })).sort((a, b) => a.atMs - b.atMs)
  const shown: { nowMs: number; step: number }[] = []
  for (let nowMs = startMs; nowMs < startMs + seconds * 1000; nowMs += FRAME_MS) {
    while (arrivals[0] !== undefined && arrivals[0].atMs <= nowMs) {
      const arrival = arrivals.shift()
      if (arrival !== undefined) clock.observe(arrival.step, arrival.atMs)
    }
    clock.advance(nowMs)
    shown.push({ nowMs, step: clock.step })
  }
  return { clock, shown }
}

describe('the playback clock', () => {
  test('stands at the beginning until something arrives', () => {
    const clock = new PlaybackClock(30)
    clock.advance(1000)
    expect(clock.step).toBe(0)
  })

  test('stays 100 ms behind an even stream, whatever its latency', () => {
    const { clock, shown } = play(4, () => 80)
    const last = shown.at(-1)!
    const newestArrived = (last.nowMs - 5000 - 80) / TICK_MS
    expect(newestArrived - last.step).toBeCloseTo(3, 1)
    expect(clock.delayMs).toBeCloseTo(100, 0)
  })

  test('never runs back, and evenly, however the network jitters', () => {
    const property = fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 30 }), (jitter) => {
      const { shown } = play(6, (step) => 40 + (jitter[step % jitter.length] ?? 0))
      const settled = shown.slice(30)
      for (let frame = 1; frame < settled.length; frame += 1) {
        const moved = settled[frame]!.step - settled[frame - 1]!.step
        expect(moved).toBeGreaterThan(0.4)
        expect(moved).toBeLessThan(0.6)
      }
    })
    fc.assert(property, { seed: 7, numRuns: 30 })
  })

  test('stays further behind when the network jitters, so that snapshots are there in time', () => {
    const { clock, shown } = play(10, (step) => (step % 3) * 25)
    expect(clock.delayMs).toBeGreaterThan(120)
    expect(clock.delayMs).toBeLessThanOrEqual(300)
    for (const { nowMs, step } of shown.slice(120)) {
      // A snapshot with the longest delay, of the step after the shown one, has arrived.
      const arrivalMs = 5000 + Math.ceil(step) * TICK_MS + 50
      expect(arrivalMs).toBeLessThanOrEqual(nowMs)
    }
  })

  test('follows a lasting change of the latency', () => {
    const { shown } = play(20, (step) => (step < 90 ? 20 : 90))
    const last = shown.at(-1)!
    const behindMs = last.nowMs - 5000 - 90 - last.step * TICK_MS
    expect(behindMs).toBeGreaterThan(60)
    expect(behindMs).toBeLessThan(180)
  })

  test('jumps after a long pause of the page instead of hurrying through it', () => {
    const clock = new PlaybackClock(30)
    clock.observe(0, 1000)
    clock.advance(1000)
    // Ten seconds later; the snapshots in between were received.
    for (let step = 1; step <= 300; step += 1) clock.observe(step, 1000 + step * TICK_MS)
    clock.advance(11_000)
    expect(clock.step).toBeCloseTo(297, 0)
  })

  test('starts anew when the server took a pause', () => {
    const clock = new PlaybackClock(30)
    clock.observe(0, 1000)
    clock.advance(1000)
    clock.observe(1, 4000)
    clock.advance(4000)
    expect(clock.step).toBeCloseTo(1 - 3, 0)
  })
})
