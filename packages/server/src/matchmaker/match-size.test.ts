import { expect, it } from 'vitest'
import { bothSizes, canBeTogether, canReach, isSizeAllowed, largestOf } from './match-size.ts'

const even = { min: 2, max: 9, multiple: 2 }
const threes = { min: 3, max: 8, multiple: 3 }

it('two rules allow what each of them allows', () => {
  expect(bothSizes(even, threes)).toEqual({ min: 3, max: 8, multiple: 6 })
  expect(bothSizes(even, even)).toEqual(even)
})

it('the largest match is a multiple', () => {
  expect(largestOf(even)).toBe(8)
  expect(largestOf({ min: 5, max: 5, multiple: 3 })).toBe(3)
})

it('a size is allowed when it is within the bounds and a multiple', () => {
  const allowed = [1, 2, 3, 4, 8, 9, 10].filter((players) => isSizeAllowed(even, players))
  expect(allowed).toEqual([2, 4, 8])
})

it('a number of players can still become a match until it is above the largest', () => {
  expect(canReach(even, 8)).toBe(true)
  expect(canReach(even, 9)).toBe(false)
  expect(canReach({ min: 5, max: 5, multiple: 3 }, 1)).toBe(false)
})

it.each([
  [{ ...even, size: 1 }, { ...threes, size: 5 }, true],
  [{ ...even, size: 2 }, { ...threes, size: 5 }, false],
  [{ ...even, size: 1 }, { min: 10, max: 12, multiple: 1, size: 1 }, false],
  [{ min: 2, max: 5, multiple: 5, size: 1 }, { min: 2, max: 6, multiple: 6, size: 1 }, false],
])('%j and %j can be together: %s', (a, b, isPossible) => {
  expect(canBeTogether(a, b)).toBe(isPossible)
  expect(canBeTogether(b, a)).toBe(isPossible)
})
