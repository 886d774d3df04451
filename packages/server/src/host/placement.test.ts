import { describe, expect, it } from 'vitest'
import { leastLoaded } from './placement.ts'

const host = (busyShare: number, measuredRooms: number, rooms = measuredRooms) => ({
  busyShare,
  measuredRooms,
  rooms,
})

describe('leastLoaded', () => {
  it('goes by the time that rooms take, not by their number', () => {
    expect(leastLoaded([host(0.6, 2), host(0.2, 300)])).toBe(1)
  })

  it('counts rooms placed since the measurement with what the others there take', () => {
    // Two heavy rooms to come outweigh the difference.
    expect(leastLoaded([host(0.3, 3, 5), host(0.45, 3)])).toBe(1)
    expect(leastLoaded([host(0.3, 3, 4), host(0.45, 3)])).toBe(0)
  })

  it('takes rooms that have ended since out of the count', () => {
    expect(leastLoaded([host(0.5, 10), host(0.8, 10, 2)])).toBe(1)
  })

  it('spreads rooms evenly over hosts that are idle, or of which nothing is known yet', () => {
    const placed = [0, 0, 0]
    for (let room = 0; room < 30; room++) {
      const index = leastLoaded(placed.map((rooms, at) => host(at * 0.01, 0, rooms)))
      placed[index] = (placed[index] as number) + 1
    }
    expect(placed).toEqual([10, 10, 10])
  })

  it('takes the first of equals', () => {
    expect(leastLoaded([host(0.5, 1), host(0.5, 1)])).toBe(0)
    expect(leastLoaded([host(0.5, 1)])).toBe(0)
  })
})
