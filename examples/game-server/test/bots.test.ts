import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ArenaLanguage, WorldBench } from './languages/language.ts'
import { languages } from './languages/languages.ts'

describe.each(languages)('bots in $name', ({ open }) => {
  let arena: ArenaLanguage
  let world: WorldBench

  beforeEach(async () => {
    arena = await open()
    world = arena.openWorld(3)
  })

  afterEach(() => arena.close())

  function balance(wanted: number, humans: number): number {
    world.balance(wanted, humans)
    return world.players().length
  }

  test('are as many as wanted', () => {
    expect(balance(6, 0)).toBe(6)
    expect(balance(6, 1)).toBe(6)
    expect(balance(2, 0)).toBe(2)
  })

  test('leave when people need their seats', () => {
    expect(balance(20, 10)).toBe(20)
    expect(balance(20, 35)).toBe(15)
    expect(balance(20, 50)).toBe(0)
  })

  test('leave, and people stay', () => {
    world.stand(300, 0)
    balance(3, 1)
    balance(0, 1)
    expect(world.players().map(({ isBot }) => isBot)).toEqual([false])
  })

  test('have different names', () => {
    balance(50, 0)
    expect(new Set(world.players().map(({ name }) => name)).size).toBe(50)
  })

  test('collect orbs, dash, and hit each other', () => {
    balance(20, 0)
    world.stepWithBots(900)
    const kinds = world.takeEvents().map(({ e }) => e)
    const count = (kind: string): number => kinds.filter((e) => e === kind).length
    expect(count('take')).toBeGreaterThan(200)
    expect(count('dash')).toBeGreaterThan(20)
    expect(count('hit')).toBeGreaterThan(10)
  })

  test('leave a player without points alone', () => {
    balance(1, 0)
    const player = world.stand(0, 500)
    for (let tick = 0; tick < 300; tick += 1) {
      const [bot] = world.players()
      world.change(player, { x: bot!.x + 80, y: bot!.y, score: 0, protection: 0 })
      world.stepWithBots()
    }
    expect(world.takeEvents().filter(({ e }) => e === 'dash')).toEqual([])
  })
})
