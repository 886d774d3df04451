import { describe, expect, test } from 'vitest'
import { SnapshotBuffer } from './snapshot-buffer.ts'
import { motion } from './testing.ts'

function filled(...snapshots: [step: number, x: number][]): SnapshotBuffer {
  const buffer = new SnapshotBuffer(30)
  for (const [step, x] of snapshots) buffer.push({ step, players: [motion({ x, vx: 300 })] })
  return buffer
}

function xAt(buffer: SnapshotBuffer, step: number): number | undefined {
  return buffer.sample(step)[0]?.x
}

describe('the snapshot buffer', () => {
  test('is empty at first', () => {
    const buffer = filled()
    expect(buffer.sample(3)).toEqual([])
    expect(buffer.newestStep).toBeUndefined()
  })

  test('shows a snapshot exactly at its step, and mixes two between them', () => {
    const buffer = filled([10, 0], [11, 10], [12, 30])
    expect(xAt(buffer, 10)).toBe(0)
    expect(xAt(buffer, 11)).toBe(10)
    expect(xAt(buffer, 11.5)).toBe(20)
  })

  test('bridges snapshots that were lost', () => {
    expect(xAt(filled([10, 0], [14, 40]), 13)).toBe(30)
  })

  test('refuses what is old or comes twice', () => {
    const buffer = filled([10, 0], [12, 20])
    expect(buffer.push({ step: 12, players: [] })).toBe(false)
    expect(buffer.push({ step: 11, players: [] })).toBe(false)
    expect(buffer.newestStep).toBe(12)
    expect(xAt(buffer, 11)).toBe(10)
  })

  test('goes on in a straight line beyond the newest, but not for long', () => {
    const buffer = filled([10, 0])
    expect(xAt(buffer, 11)).toBeCloseTo(10, 9)
    expect(xAt(buffer, 14)).toBeCloseTo(40, 9)
    expect(xAt(buffer, 100)).toBeCloseTo(40, 9)
  })

  test('shows the oldest when asked for what was before it', () => {
    expect(xAt(filled([10, 5], [11, 10]), 3)).toBe(5)
  })

  test('a player who was placed anew does not fly there', () => {
    const buffer = filled([10, 0], [11, 900])
    expect(xAt(buffer, 10.4)).toBe(0)
    expect(xAt(buffer, 10.6)).toBe(900)
  })

  test('players come when their first snapshot is reached, and go with their last', () => {
    const buffer = new SnapshotBuffer(30)
    buffer.push({ step: 1, players: [motion({ slot: 1 })] })
    buffer.push({ step: 2, players: [motion({ slot: 1 }), motion({ slot: 2 })] })
    buffer.push({ step: 3, players: [motion({ slot: 2 })] })
    const slotsAt = (step: number) => buffer.sample(step).map(({ slot }) => slot)
    expect(slotsAt(1.5)).toEqual([1])
    expect(slotsAt(2)).toEqual([2])
    expect(slotsAt(3)).toEqual([2])
  })

  test('keeps a bounded number of snapshots', () => {
    const buffer = new SnapshotBuffer(30)
    for (let step = 0; step < 500; step += 1) buffer.push({ step, players: [motion({ x: step / 10 })] })
    expect(xAt(buffer, 0)).toBe(46)
    expect(xAt(buffer, 499)).toBe(49.9)
  })
})
