import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { RoomId } from '../../ids.ts'
import { RoomRecord } from '../room-record.ts'
import { FigureSteps, type FigureTerm, RULED_OUT } from './figure-steps.ts'
import { isWithin, type NumberRange } from './room-query-terms.ts'

const bound = fc.constantFrom(-Infinity, -1, 0, 1, 2.5, 3, 4, Infinity)
const range: fc.Arbitrary<NumberRange> = fc.record({
  min: bound,
  max: bound,
  hasMin: fc.boolean(),
  hasMax: fc.boolean(),
})
const term: fc.Arbitrary<FigureTerm> = fc
  .array(range, { minLength: 1, maxLength: 4 })
  .map((ranges) => ({ kind: 'figure', figure: 'max_players', ranges }))
const some = fc.array(term, { maxLength: 2 })
const should = fc.array(fc.record({ term, boost: fc.constantFrom(0.5, 1, 3) }), { maxLength: 4 })

it('give what going through all terms gives, at bounds and between them', () => {
  const values = fc.array(fc.constantFrom(-2, -1, 0, 0.5, 1, 2, 2.5, 2.75, 3, 4, 5), { minLength: 1 })
  const room = new RoomRecord('room' as RoomId, 'game', 0, undefined)
  fc.assert(
    fc.property(some, some, should, values, (must, mustNot, shoulds, players) => {
      const steps = new FigureSteps('max_players', { must, mustNot, should: shoulds })
      for (const maxPlayers of players) {
        room.traits = { ...room.traits, maxPlayers }
        const matches = ({ ranges }: FigureTerm) => ranges.some((one) => isWithin(one, maxPlayers))
        const isOut = !must.every(matches) || mustNot.some(matches)
        const gain = shoulds.reduce((sum, one) => sum + (matches(one.term) ? one.boost : 0), 0)
        expect(steps.gainOf(room)).toBe(isOut ? RULED_OUT : gain)
        expect(gain).toBeLessThanOrEqual(steps.bestGain)
      }
    }),
  )
})
