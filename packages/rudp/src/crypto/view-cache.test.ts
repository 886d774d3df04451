import { expect, it } from 'vitest'
import { ViewCache } from './view-cache.ts'

it('gives the same view again for the same place of the same buffer', () => {
  const cache = new ViewCache()
  const buffer = Uint8Array.from({ length: 100 }, (_, index) => index)
  const view = cache.view(buffer, 10, 5)
  expect([...view]).toEqual([10, 11, 12, 13, 14])
  expect(cache.view(buffer, 10, 5)).toBe(view)
  expect(cache.view(buffer, 10, 6)).not.toBe(view)
})

it('is right about a buffer it does not serve, and changes over to one that stays', () => {
  const cache = new ViewCache()
  const first = new Uint8Array(10).fill(1)
  const second = new Uint8Array(10).fill(2)
  cache.view(first, 0, 1)
  expect(cache.view(second, 0, 1)[0]).toBe(2)
  expect(cache.view(first, 0, 1)[0]).toBe(1)
  for (let call = 0; call < 100; call += 1) expect(cache.view(second, 0, 1)[0]).toBe(2)
  expect(cache.view(second, 0, 1)).toBe(cache.view(second, 0, 1))
})

it('keeps a bounded number of views and stays right beyond it', () => {
  const cache = new ViewCache()
  const buffer = new Uint8Array(300)
  for (let offset = 0; offset < 100; offset += 1) {
    for (let length = 0; length < 100; length += 1) {
      const view = cache.view(buffer, offset, length)
      expect(view.byteOffset).toBe(offset)
      expect(view.length).toBe(length)
    }
  }
  expect(cache.view(buffer, 99, 99)).not.toBe(cache.view(buffer, 99, 99))
  expect(cache.view(buffer, 0, 0)).toBe(cache.view(buffer, 0, 0))
})
