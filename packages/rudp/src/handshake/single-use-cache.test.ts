import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SingleUseCache } from './single-use-cache.ts'

it('gives an id to one holder, who may come again until it is used up', () => {
  const cache = new SingleUseCache(10)
  expect(cache.claim('token', 'a', 1000, 0)).toBe('free')
  expect(cache.claim('token', 'b', 1000, 1)).toBe('taken')
  expect(cache.claim('token', 'a', 1000, 2)).toBe('again')
  cache.useUp('token')
  expect(cache.claim('token', 'a', 1000, 3)).toBe('taken')
  expect(cache.peek('token', 'a', 999)).toBe('taken')
})

it('asks without claiming', () => {
  const cache = new SingleUseCache(10)
  expect(cache.peek('token', 'a', 0)).toBe('free')
  expect(cache.peek('token', 'b', 0)).toBe('free')
  expect(cache.size).toBe(0)
})

it('refuses new ids while all it holds are alive, and takes them again when some have expired', () => {
  const cache = new SingleUseCache(3)
  for (const id of ['a', 'b', 'c']) expect(cache.claim(id, 'x', 1000, 0)).toBe('free')
  expect(cache.claim('d', 'x', 1000, 10)).toBe('full')
  expect(cache.claim('a', 'x', 1000, 20)).toBe('again')
  expect(cache.claim('d', 'x', 3000, 2000)).toBe('free')
})

it('finds room behind a long-lived id when it is full', () => {
  const cache = new SingleUseCache(3)
  cache.claim('ticket', 'x', 1_000_000, 0)
  cache.claim('b', 'x', 100, 0)
  cache.claim('c', 'x', 100, 0)
  expect(cache.claim('d', 'x', 5000, 2000)).toBe('free')
  expect(cache.peek('ticket', 'y', 2000)).toBe('taken')
})

it('never exceeds its capacity and never gives a living id to two holders', () => {
  const operation = fc.record({
    id: fc.nat(20).map(String),
    holder: fc.nat(2).map(String),
    lifeMs: fc.integer({ min: 1, max: 500 }),
    waitMs: fc.nat(200),
    usesUp: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 200 }),
      fc.integer({ min: 1, max: 8 }),
      (operations, capacity) => {
        const cache = new SingleUseCache(capacity)
        const owners = new Map<string, { holder: string; untilMs: number; isUsedUp: boolean }>()
        let nowMs = 0
        for (const { id, holder, lifeMs, waitMs, usesUp } of operations) {
          nowMs += waitMs
          const owner = owners.get(id)
          const isOwned = owner !== undefined && owner.untilMs > nowMs
          const result = cache.claim(id, holder, nowMs + lifeMs, nowMs)
          expect(cache.size).toBeLessThanOrEqual(capacity)
          if (isOwned) {
            expect(result).toBe(owner.holder === holder && !owner.isUsedUp ? 'again' : 'taken')
          } else {
            expect(['free', 'full']).toContain(result)
            if (result === 'free') owners.set(id, { holder, untilMs: nowMs + lifeMs, isUsedUp: false })
            else owners.delete(id)
          }
          const now = owners.get(id)
          if (usesUp && now !== undefined && now.untilMs > nowMs) {
            cache.useUp(id)
            now.isUsedUp = true
          }
        }
      },
    ),
  )
})
