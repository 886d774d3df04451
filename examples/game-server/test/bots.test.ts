import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ArenaVm } from './arena-vm.ts'

let lua: ArenaVm

beforeEach(async () => {
  lua = await ArenaVm.open(3)
  lua.run('bots = require("arena.bots"); world = require("arena.world").new()')
})

afterEach(() => lua.close())

function balance(wanted: number, humans: number): number {
  return lua.run(
    'local wanted, humans = ...; bots.balance(world, wanted, humans); return #world.players',
    wanted,
    humans,
  ) as number
}

describe('bots', () => {
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

  test('have different names', () => {
    balance(50, 0)
    const names = lua.run('local n = {}; for i, p in ipairs(world.players) do n[i] = p.name end; return n')
    expect(new Set(names as string[]).size).toBe(50)
  })

  test('collect orbs, dash, and hit each other', () => {
    balance(20, 0)
    const count = lua.run(`
      local count = { take = 0, dash = 0, hit = 0 }
      for _ = 1, 900 do
        bots.step(world)
        world:step()
        for _, event in ipairs(world:take_events()) do
          if count[event.e] then count[event.e] = count[event.e] + 1 end
        end
      end
      return count
    `) as { take: number; dash: number; hit: number }
    expect(count.take).toBeGreaterThan(200)
    expect(count.dash).toBeGreaterThan(20)
    expect(count.hit).toBeGreaterThan(10)
  })

  test('leave a player without points alone', () => {
    balance(1, 0)
    const dashes = lua.run(`
      local player = world:add_player({ name = "Ada", hue = 0, is_bot = false })
      local dashes = 0
      for _ = 1, 300 do
        player.score, player.protected = 0, 0
        player.x, player.y = world.players[1].x + 80, world.players[1].y
        bots.step(world)
        world:step()
        for _, event in ipairs(world:take_events()) do
          if event.e == "dash" then dashes = dashes + 1 end
        end
      end
      return dashes
    `)
    expect(dashes).toBe(0)
  })
})
