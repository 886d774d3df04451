import { describe, expect, it } from 'vitest'
import { ShareWindow } from './share-window.ts'

describe('a share over the last seconds', () => {
  it('is 0 without anything, and exact while everything is recent', () => {
    const share = new ShareWindow()
    expect(share.value(123)).toBe(0)
    for (let index = 0; index < 100; index++) share.add(index % 4 === 0 ? 1 : 0, 1, 1000 + index * 40)
    expect(share.value(5000)).toBe(0.25)
  })

  it('keeps at least 5 and at most 10 seconds', () => {
    const share = new ShareWindow()
    share.add(1, 1, 0)
    expect(share.value(5000)).toBe(1)
    expect(share.value(9999)).toBe(1)
    expect(share.value(10_000)).toBe(0)
  })

  it('may take back, but stays between 0 and 1', () => {
    const share = new ShareWindow()
    share.add(-1, 0, 0)
    share.add(0, 1, 0)
    expect(share.value(1)).toBe(0)
    share.add(5, 0, 2)
    expect(share.value(3)).toBe(1)
  })
})
