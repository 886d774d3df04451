import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Rank, TopRooms } from './top-rooms.ts'

const byRank = (a: Rank, b: Rank) => b.score - a.score || b.number - a.number

it('keeps those that sorting all of them would put first, behind a rank or from the start', () => {
  const room = fc.record({ score: fc.constantFrom(0, 1, 2, 2.5), number: fc.nat({ max: 1_000 }) })
  const rooms = fc.uniqueArray(room, { selector: ({ number }) => number, maxLength: 60 })
  fc.assert(
    fc.property(rooms, fc.integer({ min: 1, max: 20 }), fc.option(room), (offered, count, after) => {
      const top = new TopRooms(count, after ?? undefined)
      for (const [slot, { number, score }] of offered.entries()) top.offer(slot, number, score)
      const expected = offered
        .map((rank, slot) => ({ ...rank, slot }))
        .filter((rank) => after === null || (byRank(after, rank) < 0 && rank.number !== after.number))
        .sort(byRank)
        .slice(0, count)
      expect(top.ranked()).toEqual(expected)
      expect(top.lowest).toBe(expected.length === count ? expected.at(-1)?.score : -1)
    }),
  )
})
