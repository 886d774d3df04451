import { describe, expect, it } from 'vitest'
import { Pace } from './pace.ts'

function rig(perSecond: number) {
  let nowMs = 1_000
  const waits: number[] = []
  const pace = new Pace({
    perSecond,
    clock: () => nowMs,
    sleep: async (ms) => {
      waits.push(ms)
    },
  })
  return {
    pace,
    waits,
    advance: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('Pace', () => {
  it('lets the first through at once and the others one after the other', async () => {
    const { pace, waits } = rig(100)
    await Promise.all([pace.turn(), pace.turn(), pace.turn()])
    expect(waits).toEqual([10, 20])
  })

  it('does not make up for time in which nobody asked', async () => {
    const { pace, waits, advance } = rig(100)
    await pace.turn()
    advance(4)
    await pace.turn()
    expect(waits).toEqual([6])
    advance(5_000)
    await pace.turn()
    await pace.turn()
    expect(waits).toEqual([6, 10])
  })
})
