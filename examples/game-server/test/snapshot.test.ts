import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeSnapshot } from '../web/snapshot.ts'
import { ArenaVm } from './arena-vm.ts'

let lua: ArenaVm

beforeEach(async () => {
  lua = await ArenaVm.open(5)
  lua.run(`
    snapshot = require("arena.snapshot")
    bots = require("arena.bots")
    world = require("arena.world").new()
  `)
})

afterEach(() => lua.close())

function snapshot() {
  const bytes = lua.run('return snapshot.encode(world)')
  // Bytes that happen to be UTF-8 come out of Lua as a string.
  return bytes instanceof Uint8Array ? bytes : new TextEncoder().encode(String(bytes))
}

describe('a snapshot', () => {
  test('of Lua is read by the page: every player, to a sixteenth of a unit', () => {
    lua.run('bots.balance(world, 12, 0); for _ = 1, 90 do bots.step(world); world:step() end')
    const expected = lua.run(`
      local players = {}
      for i, p in ipairs(world.players) do
        players[i] = { slot = p.slot, x = p.x, y = p.y, vx = p.vx, vy = p.vy, cooldown = p.cooldown }
      end
      return players
    `) as { [name: string]: number }[]
    const decoded = decodeSnapshot(snapshot())
    expect(decoded.step).toBe(90)
    expect(decoded.players).toHaveLength(12)
    decoded.players.forEach((player, index) => {
      const there = expected[index]!
      expect(player.slot).toBe(there.slot)
      expect(player.cooldownTicks).toBe(there.cooldown)
      for (const field of ['x', 'y', 'vx', 'vy'] as const) {
        expect(Math.abs(player[field] - there[field]!)).toBeLessThanOrEqual(1 / 32)
      }
    })
  })

  test('tells who is protected and which input was used last', () => {
    lua.run(`
      local player = world:add_player({ name = "Ada", hue = 1, is_bot = false })
      player.inputs.acknowledged = 0x1234
      player.cooldown = 54
    `)
    expect(decodeSnapshot(snapshot()).players[0]).toMatchObject({
      isProtected: true,
      acknowledged: 0x34,
      cooldownTicks: 54,
    })
    lua.run('world.players[1].protected = 0')
    expect(decodeSnapshot(snapshot()).players[0]?.isProtected).toBe(false)
  })

  test('of 50 players has 555 bytes', () => {
    lua.run('bots.balance(world, 50, 0); world:step()')
    expect(snapshot()).toHaveLength(555)
  })

  test('has room for every value that the configuration allows', () => {
    const largest = lua.run(`
      local config = require("arena.config")
      return {
        cooldown = config.rules.dash_cooldown_ticks,
        slots = config.max_players,
        place = config.rules.arena_radius + config.rules.radius_max,
        speed = math.max(config.speed_limit, config.rules.dash_speed, config.rules.bumper_kick),
      }
    `) as { cooldown: number; slots: number; place: number; speed: number }
    expect(largest.cooldown).toBeLessThan(64)
    expect(largest.slots).toBeLessThan(256)
    expect(largest.place * 16).toBeLessThan(32_768)
    expect(largest.speed * 16).toBeLessThan(32_768)
  })

  test('keeps the bounds of speed and place within its integers', () => {
    lua.run(`
      local player = world:add_player({ name = "Ada", hue = 1, is_bot = false })
      player.x, player.y, player.vx, player.vy = -1100, 1100, 1500, -1500
    `)
    expect(decodeSnapshot(snapshot()).players[0]).toMatchObject({ x: -1100, y: 1100, vx: 1500, vy: -1500 })
  })
})
