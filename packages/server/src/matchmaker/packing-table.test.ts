import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkProperty } from '../testing/property.ts'
import { PackingTable } from './packing-table.ts'

const of = (...sizes: number[]) => sizes.map((size) => ({ size }))

it('knows that threes never make ten', () => {
  const table = new PackingTable()
  table.fill(of(3, 3, 3, 3), 7)
  expect(table.canFill(0, { min: 10, max: 10, multiple: 1 }, 3)).toBe(false)
  table.fill(of(3, 3, 3, 3, 1), 7)
  expect(table.canFill(0, { min: 10, max: 10, multiple: 1 }, 3)).toBe(true)
  expect(table.canFill(3, { min: 10, max: 10, multiple: 1 }, 3)).toBe(false)
  expect(table.canFill(5, { min: 10, max: 10, multiple: 1 }, 9)).toBe(false)
})

it('says what trying all ways says', () => {
  const table = new PackingTable()
  const property = fc.property(
    fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 9 }),
    fc.record({
      min: fc.integer({ min: 1, max: 12 }),
      max: fc.integer({ min: 1, max: 12 }),
      multiple: fc.integer({ min: 1, max: 5 }),
    }),
    fc.integer({ min: 1, max: 6 }),
    (sizes, size, players) => {
      table.fill(of(...sizes), size.max - players < 0 ? 0 : size.max - players)
      for (let from = 0; from <= sizes.length; from++) {
        const rest = sizes.slice(from)
        let isPossible = false
        for (let bits = 1; bits < 2 ** rest.length; bits++) {
          const sum = rest.reduce((all, one, index) => all + (bits & (1 << index) ? one : 0), players)
          if (sum >= size.min && sum <= size.max && sum % size.multiple === 0) isPossible = true
        }
        expect(table.canFill(from, size, players)).toBe(isPossible)
      }
    },
  )
  checkProperty(property, 200)
})
