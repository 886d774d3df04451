import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ArenaLanguage, WorldBench } from './languages/language.ts'
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
  ])('play the same game for minutes, to the last bit (seed %i, %i bots)', (seed, bots) => {
    const worlds = [lua.openWorld(seed), typescript.openWorld(seed)] as const
    for (const world of worlds) world.balance(bots, 0)
    for (let second = 0; second < 120; second += 1) {
      for (const world of worlds) world.stepWithBots(30)
      const [inLua, inTypeScript] = worlds
      expect(inTypeScript.takeEvents()).toEqual(inLua.takeEvents())
      expect(inTypeScript.snapshot()).toEqual(inLua.snapshot())
      expect(wholeState(inTypeScript)).toEqual(wholeState(inLua))
    }
  })
})
