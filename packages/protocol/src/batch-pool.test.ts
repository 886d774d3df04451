import { describe, expect, it } from 'vitest'
import { BatchPool } from './batch-pool.ts'
import { FrameBatch } from './frame-batch.ts'

describe('BatchPool', () => {
  it('hands out again what was given back, and else makes what it is asked for', () => {
    const pool = new BatchPool(() => new FrameBatch(10))
    const batch = pool.take()
    expect(pool.take()).not.toBe(batch)
    batch.add(new Uint8Array(20))
    expect(batch.drain()).toHaveLength(30)
    pool.giveBack(batch)
    expect(pool.take()).toBe(batch)
  })

  it('keeps no memory of unusual size, and no more than a thousand batches', () => {
    const pool = new BatchPool(() => new FrameBatch())
    const large = pool.take()
    large.add(new Uint8Array(5_000))
    large.drain()
    pool.giveBack(large)
    expect(pool.take()).not.toBe(large)
    const batches = Array.from({ length: 1_025 }, () => pool.take())
    for (const batch of batches) pool.giveBack(batch)
    const again = new Set(Array.from({ length: 1_025 }, () => pool.take()))
    expect(batches.filter((batch) => again.has(batch))).toHaveLength(1_024)
  })
})
