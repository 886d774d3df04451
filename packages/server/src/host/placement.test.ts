import { describe, expect, it } from 'vitest'
import { leastLoaded } from './placement.ts'

const host = (busyShare: number, measuredRooms: number, newRooms = 0) => ({
  busyShare,
  measuredRooms,
  newRooms,
})

describe('leastLoaded', () => {
  it('goes by the time that rooms take, not by their number', () => {
    expect(leastLoaded([host(0.6, 2), host(0.2, 300)])).toBe(1)
  })

  it('counts rooms placed since the measurement with what the others there take', () => {
    // Two heavy rooms to come outweigh the difference.
    expect(leastLoaded([host(0.3, 3, 2), host(0.45, 3)])).toBe(1)
    expect(leastLoaded([host(0.3, 3, 1), host(0.45, 3)])).toBe(0)
  })

  it('spreads rooms over hosts of which nothing is known yet', () => {
    const placed = [0, 0, 0]
    for (let room = 0; room < 30; room++) {
      const index = leastLoaded(placed.map((rooms) => host(0, 0, rooms)))
      placed[index] = (placed[index] as number) + 1
    }
    expect(placed).toEqual([10, 10, 10])
  })

  it('takes the first of equals', () => {
    expect(leastLoaded([host(0.5, 1), host(0.5, 1)])).toBe(0)
  })
})
