import { describe, expect, it } from 'vitest'
import { forEachSeed } from './for-each-seed.ts'

describe('forEachSeed', () => {
  it('runs every seed in order', () => {
    const seeds: number[] = []
    forEachSeed(3, (seed) => seeds.push(seed))
    forEachSeed(1, (seed) => seeds.push(seed), 17)
    expect(seeds).toEqual([1, 2, 3, 17])
  })

  it('names the seed of a failure and keeps its cause', () => {
    const cause = new Error('lost a message')
    let caught: unknown
    try {
      forEachSeed(5, (seed) => {
        if (seed === 4) throw cause
      })
    } catch (error) {
      caught = error
    }
    expect(caught).toMatchObject({ message: 'seed 4: lost a message', cause })
  })
})
