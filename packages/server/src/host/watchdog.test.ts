import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { Watchdog } from './watchdog.ts'

function world(timeoutMs = 1_000) {
  const clock = new ManualClock()
  const state = { beat: 0, stuck: 0 }
  const watchdog = new Watchdog({
    clock,
    timeoutMs,
    readBeat: () => state.beat,
    onStuck: () => {
      state.stuck++
    },
  })
  return { clock, state, watchdog }
}

describe('Watchdog', () => {
  it('leaves alone what beats, however slowly, within the time', () => {
    const { clock, state } = world()
    for (let beat = 0; beat < 50; beat++) {
      clock.advance(900)
      state.beat++
    }
    expect(state.stuck).toBe(0)
  })

  it('says so once when nothing has been heard for the time, and then looks no more', () => {
    const { clock, state } = world()
    clock.advance(999)
    expect(state.stuck).toBe(0)
    clock.advance(101)
    expect(state.stuck).toBe(1)
    clock.advance(60_000)
    expect(state.stuck).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('does not blame others when it was held up itself', () => {
    const { clock, state } = world()
    clock.stall(60_000)
    clock.advance(100)
    state.beat++
    clock.advance(500)
    expect(state.stuck).toBe(0)
  })

  it('stops when told to, leaving no timer', () => {
    const { clock, state, watchdog } = world()
    watchdog.stop()
    clock.advance(60_000)
    expect(state.stuck).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })
})
