import { describe, expect, test } from 'vitest'
import { ArenaModel } from './arena-model.ts'
import { testRules } from './testing.ts'

const ada = { slot: 1, name: 'Ada', hue: 10, score: 4 }
const bob = { slot: 2, name: 'Bob', hue: 20, score: 9 }
const orb = { id: 7, x: 100, y: 0, value: 1 }

function model(): ArenaModel {
  return new ArenaModel({ you: 1, step: 0, rules: testRules, players: [ada, bob], orbs: [orb] }, 0)
}

function visibleIds(arena: ArenaModel, nowMs: number): number[] {
  return [...arena.visibleOrbs(nowMs)].map(({ id }) => id)
}

describe('the arena model', () => {
  test('begins with what the welcome says', () => {
    expect([...model().players.values()]).toEqual([ada, bob])
    expect(visibleIds(model(), 0)).toEqual([7])
  })

  test('ranks players by score, equals by slot', () => {
    const arena = model()
    arena.apply({ kind: 'enter', player: { slot: 3, name: 'Eve', hue: 0, score: 9 } }, 0)
    expect(arena.standings().map(({ name }) => name)).toEqual(['Bob', 'Eve', 'Ada'])
  })

  test('follows scores, arrivals and departures', () => {
    const arena = model()
    arena.apply({ kind: 'score', slot: 1, score: 30 }, 0)
    arena.apply({ kind: 'leave', slot: 2 }, 0)
    arena.apply({ kind: 'score', slot: 2, score: 99 }, 0)
    expect([...arena.players.values()]).toEqual([{ ...ada, score: 30 }])
  })

  test('hides an orb that is touched, and shows it again when the server does not agree', () => {
    const arena = model()
    expect(arena.touchOrbs(70, 0, 21, 1000).map(({ id }) => id)).toEqual([7])
    expect(visibleIds(arena, 1500)).toEqual([])
    expect(arena.touchOrbs(70, 0, 21, 1500)).toEqual([])
    expect(visibleIds(arena, 1800)).toEqual([7])
  })

  test('an orb out of reach is not touched', () => {
    expect(model().touchOrbs(60, 0, 21, 0)).toEqual([])
  })

  test('an orb that is taken is gone for good', () => {
    const arena = model()
    arena.touchOrbs(100, 0, 21, 0)
    arena.apply({ kind: 'take', orbId: 7, by: 1 }, 0)
    expect(visibleIds(arena, 5000)).toEqual([])
    expect(arena.orbs.size).toBe(0)
  })

  test('an orb that is taken before it was due to appear never appears', () => {
    const arena = model()
    arena.apply({ kind: 'take', orbId: 8, by: 1 }, 0)
    arena.apply({ kind: 'orb', orb: { ...orb, id: 8 }, from: undefined }, 100)
    expect(visibleIds(arena, 200)).toEqual([7])
  })

  test('an orb remembers where it flew from', () => {
    const arena = model()
    arena.apply({ kind: 'orb', orb: { ...orb, id: 8 }, from: 2 }, 100, { x: 1, y: 2 })
    expect(arena.orbs.get(8)).toMatchObject({ appearedMs: 100, from: { x: 1, y: 2 } })
  })
})
