import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ArenaLanguage, WorldBench } from './languages/language.ts'
import { languages } from './languages/languages.ts'
import { openLua } from './languages/lua-language.ts'
import { typescript } from './languages/typescript-language.ts'

let lua: ArenaLanguage

beforeAll(async () => {
  lua = await openLua()
})

afterAll(() => lua.close())

/** Every player to the last bit, every orb. */
function wholeState(world: WorldBench) {
  return { players: world.players(), orbs: world.orbs() }
}

describe('Lua and TypeScript', () => {
  test('have the same configuration', () => {
    const { empty_timeout: emptyTimeoutSeconds, ...rest } = lua.config() as unknown as Record<string, unknown>
    expect(typescript.config()).toEqual({ ...rest, empty_timeout_seconds: emptyTimeoutSeconds })
  })

  test('have the same names', () => {
    expect(typescript.botNames()).toEqual(lua.botNames())
  })

  test.each([0, 1, 42, 0xffff_ffff, -3])('draw the same random numbers from seed %i', (seed) => {
    expect(typescript.randoms(seed, 500)).toEqual(lua.randoms(seed, 500))
  })

  test('give angles the same sine, cosine and direction, to the last bit', () => {
    const angles = Array.from({ length: 9_000 }, (_, index) => (index - 4_500) / 300)
    expect(typescript.sin(angles)).toEqual(lua.sin(angles))
    expect(typescript.cos(angles)).toEqual(lua.cos(angles))
    const vectors = angles.map((angle) => ({ x: angle * 70, y: ((angle * 7919) % 13) - 6 }))
    expect(typescript.angleOf(vectors)).toEqual(lua.angleOf(vectors))
  })

  test.each([
    [1, 12],
    [2, 30],
    [3, 50],
  ])('play the same game for a minute, to the last bit (seed %i, %i bots)', (seed, bots) => {
    const worlds = [lua.openWorld(seed), typescript.openWorld(seed)] as const
    for (const world of worlds) world.balance(bots, 0)
    for (let second = 0; second < 60; second += 1) {
      for (const world of worlds) world.stepWithBots(30)
      const [inLua, inTypeScript] = worlds
      expect(inTypeScript.takeEvents()).toEqual(inLua.takeEvents())
      expect(inTypeScript.snapshot()).toEqual(inLua.snapshot())
      expect(wholeState(inTypeScript)).toEqual(wholeState(inLua))
    }
  })
})

describe.each(languages)('the arithmetic in $name', ({ open }) => {
  let arena: ArenaLanguage

  beforeAll(async () => {
    arena = await open()
  })

  afterAll(() => arena.close())

  const angles = Array.from({ length: 4_000 }, (_, index) => (index - 2_000) / 150)

  test('sine and cosine are right to fifteen digits', () => {
    arena.sin(angles).forEach((sine, index) => {
      expect(Math.abs(sine - Math.sin(angles[index]!))).toBeLessThan(1e-15)
    })
    arena.cos(angles).forEach((cosine, index) => {
      expect(Math.abs(cosine - Math.cos(angles[index]!))).toBeLessThan(1e-15)
    })
  })

  test('the direction of a vector is right to eight digits, all around', () => {
    const vectors = angles.map((angle) => ({ x: 300 * Math.cos(angle), y: 300 * Math.sin(angle) }))
    arena.angleOf(vectors).forEach((direction, index) => {
      const { x, y } = vectors[index]!
      expect(Math.abs(direction - Math.atan2(y, x))).toBeLessThan(1e-8)
    })
    const axes = [
      { x: 5, y: 0 },
      { x: 0, y: 5 },
      { x: -5, y: 0 },
      { x: 0, y: -5 },
      { x: 0, y: 0 },
    ]
    expect(arena.angleOf(axes)).toEqual([0, Math.PI / 2, Math.PI, -Math.PI / 2, 0])
  })

  test('random numbers fill their range, and nothing beyond it', () => {
    const { numbers, integers } = arena.randoms(7, 4_000)
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(1)
    const tenths = Array.from({ length: 10 }, (_, tenth) =>
      numbers.filter((n) => Math.floor(n * 10) === tenth),
    )
    for (const tenth of tenths) expect(Math.abs(tenth.length - 400)).toBeLessThan(80)
    expect([...new Set(integers)].sort()).toEqual([3, 4, 5, 6, 7, 8, 9])
  })
})
