import { beforeEach, describe, expect, it } from 'vitest'
import { KeyUpdate } from './key-update.ts'
import { FakeProtection } from './testing/fake-protection.ts'

const PTO_MS = 100
let keys: KeyUpdate

beforeEach(() => {
  keys = new KeyUpdate(new FakeProtection(1), { afterPackets: 100, afterMs: 10_000 }, 0)
})

describe('key update', () => {
  it('starts after so many packets, but only when the last key was acknowledged', () => {
    expect(keys.generationToSeal(99, 98, 0)).toBe(0)
    expect(keys.generationToSeal(100, -1, 0)).toBe(0)
    expect(keys.generationToSeal(100, 50, 0)).toBe(1)
    // The peer has not followed yet.
    expect(keys.generationToSeal(400, 300, 0)).toBe(1)
  })

  it('starts when a key is old', () => {
    expect(keys.generationToSeal(5, 3, 9_999)).toBe(0)
    expect(keys.generationToSeal(5, 3, 10_000)).toBe(1)
  })

  it('follows the peer’s update with the next packet, and keeps the old receive key for late packets', () => {
    expect(keys.generationToOpen(1, 50)).toBe(1)
    expect(keys.onOpened(1, 50, 20, PTO_MS, 0)).toBe(true)
    expect(keys.sendGeneration).toBe(1)
    expect(keys.generationToOpen(0, 48)).toBe(0)
    expect(keys.generationToOpen(0, 51)).toBe(2)
    expect(keys.deadlineMs).toBe(3 * PTO_MS)
    keys.onTimeout(3 * PTO_MS)
    expect(keys.deadlineMs).toBe(Number.POSITIVE_INFINITY)
    expect(keys.generationToOpen(0, 48)).toBe(2)
  })

  it('is not moved by a packet that was not opened', () => {
    expect(keys.generationToOpen(1, 10)).toBe(1)
    expect(keys.generationToOpen(0, 10)).toBe(0)
    expect(keys.sendGeneration).toBe(0)
  })

  it('starts no other update before the old receive key is gone', () => {
    keys.generationToSeal(100, 50, 0)
    keys.onOpened(1, 30, 101, PTO_MS, 0)
    expect(keys.generationToSeal(300, 250, 10)).toBe(1)
    keys.onTimeout(300)
    expect(keys.generationToSeal(300, 250, 310)).toBe(2)
  })
})
