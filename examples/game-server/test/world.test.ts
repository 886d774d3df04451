import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ArenaVm } from './arena-vm.ts'

let lua: ArenaVm

beforeEach(async () => {
  lua = await ArenaVm.open(11)
  lua.run(`
    config = require("arena.config")
    movement = require("arena.movement")
    inputs = require("arena.inputs")
    bots = require("arena.bots")
    world = require("arena.world").new()

    --- A player who stands at a place, unprotected.
    function stand(x, y, score)
      local player = world:add_player({ name = "P" .. #world.players, hue = 0, is_bot = false, score = score })
      player.x, player.y, player.protected = x, y, 0
      return player
    end

    --- A player who stands there and dashes to the right in the next tick.
    function dash_from(x, y, score)
      local player = stand(x, y, score)
      inputs.set(player.inputs, 0, 1, true)
      return player
    end

    function clear_orbs()
      for _, orb in pairs(world.orbs.by_id) do
        world.orbs.grid:remove(orb)
        world.orbs.by_id[orb.id] = nil
        world.orbs.count = world.orbs.count - 1
      end
      world:take_events()
    end

    function events_of(kind)
      local found = {}
      for _, event in ipairs(world.events) do
        if event.e == kind then found[#found + 1] = event end
      end
      return found
    end

    function steps(n)
      for _ = 1, n do world:step() end
    end
  `)
})

afterEach(() => lua.close())

describe('the world', () => {
  test('is the same for the same seed, and another for another', async () => {
    const play = `
      local bots, snapshot = require("arena.bots"), require("arena.snapshot")
      math.randomseed(...)
      local world = require("arena.world").new()
      bots.balance(world, 20, 0)
      local scores = {}
      for _ = 1, 600 do bots.step(world); world:step() end
      for i, player in ipairs(world.players) do scores[i] = { player.name, player.score, player.x, player.y } end
      return scores
    `
    const other = await ArenaVm.open(77)
    expect(lua.run(play, 42)).toEqual(other.run(play, 42))
    expect(lua.run(play, 42)).not.toEqual(other.run(play, 43))
    other.close()
  })

  test('gives slots in a cycle and refuses a player too many', () => {
    const slots = lua.run(`
      local first, second = stand(0, 500), stand(0, -500)
      world:remove_player(first)
      local third = stand(300, 0)
      return { second.slot, third.slot }
    `)
    expect(slots).toEqual([2, 3])
    expect(() => lua.run('for _ = 1, 50 do stand(0, 0) end')).toThrow('the arena is full')
  })

  test('an orb that a player touches becomes score, size and two events', () => {
    lua.run(`
      clear_orbs()
      player = stand(300, 0, 0)
      require("arena.orbs").place(world.orbs, world.events, 320, 0, 5)
      world:take_events()
      world:step()
    `)
    expect(lua.run('return player.score')).toBe(5)
    expect(lua.run('return player.radius > movement.radius(0)')).toBe(true)
    expect(lua.run('return #events_of("take")')).toBe(1)
    expect(lua.run('return events_of("score")[1]')).toMatchObject({ slot: 1, score: 5 })
  })

  test('orbs grow back to what so many players need, and no further', () => {
    lua.run('clear_orbs(); for i = 1, 5 do stand(0, 200 * i - 600) end; steps(120)')
    const { count, wanted } = lua.run(`
      return { count = world.orbs.count, wanted = config.orbs.base_count + 5 * config.orbs.per_player }
    `) as { count: number; wanted: number }
    expect(count).toBe(wanted)
  })

  test('a dash that hits knocks points out of its victim, and none are lost', () => {
    const before = lua.run(`
      clear_orbs()
      attacker, victim = dash_from(300, 0, 0), stand(380, 0, 40)
      world:step()
      return victim.score
    `)
    // A quarter of 40.
    expect(before).toBe(30)
    expect(lua.run('return events_of("hit")[1]')).toMatchObject({ by: 1, on: 2, spilled: 10 })
    const lying = lua.run(`
      local sum = 0
      for _, event in ipairs(events_of("orb")) do
        if event.from == victim.slot then sum = sum + event.value end
      end
      return sum
    `)
    expect(lying).toBe(10)
    expect(lua.run('return victim.vx > 400')).toBe(true)
  })

  test('a victim is safe for a moment after a hit', () => {
    lua.run('clear_orbs(); first, victim = dash_from(300, 0, 0), stand(350, 0, 40); world:step()')
    expect(lua.run('return victim.protected > 0')).toBe(true)
    lua.run(`
      victim.x, victim.y, victim.vx, victim.vy = 300, 200, 0, 0
      second = dash_from(250, 200, 0)
      world:take_events()
      world:step()
    `)
    expect(lua.run('return #events_of("hit")')).toBe(0)
  })

  test('who is protected neither hits nor is hit, and gives protection up by dashing', () => {
    lua.run('clear_orbs(); attacker, victim = dash_from(300, 0, 0), stand(350, 0, 40); victim.protected = 30')
    lua.run('world:step()')
    expect(lua.run('return #events_of("hit")')).toBe(0)
    lua.run(
      'attacker.protected = 30; attacker.cooldown = 0; inputs.set(attacker.inputs, 0, 1, true); world:step()',
    )
    expect(lua.run('return attacker.protected')).toBe(0)
  })

  test('a larger player pushes a smaller one away and hardly moves itself', () => {
    lua.run('clear_orbs(); large, small = stand(300, 0, 400), stand(360, 0, 0); world:step()')
    const moved = lua.run('return { large = 300 - large.x, small = small.x - 360 }') as {
      large: number
      small: number
    }
    expect(moved.small).toBeGreaterThan(4 * moved.large)
    expect(moved.large).toBeGreaterThan(0)
  })

  test('two players in exactly the same place are parted', () => {
    lua.run('clear_orbs(); a, b = stand(300, 0, 0), stand(300, 0, 0); world:step()')
    expect(lua.run('return math.abs(a.x - b.x) >= a.radius + b.radius - 0.001')).toBe(true)
  })

  test('points are neither made nor lost by hits, however wild the arena', () => {
    lua.run('bots.balance(world, 30, 0)')
    const balance = `
      local sum = 0
      for _, player in ipairs(world.players) do sum = sum + player.score end
      for _, orb in pairs(world.orbs.by_id) do sum = sum + orb.value end
      return sum
    `
    let expected = lua.run(balance) as number
    lua.run('world:take_events()')
    for (let round = 0; round < 20; round += 1) {
      lua.run('for _ = 1, 30 do bots.step(world); world:step() end')
      expected += lua.run(`
        local grown = 0
        for _, event in ipairs(world:take_events()) do
          if event.e == "orb" and not event.from then grown = grown + event.value end
        end
        return grown
      `) as number
      expect(lua.run(balance)).toBe(expected)
    }
  })

  test('everybody stays inside, and no speed passes its limit', () => {
    lua.run('bots.balance(world, 50, 0)')
    for (let round = 0; round < 10; round += 1) {
      const worst = lua.run(`
        local out, fast = 0, 0
        for _ = 1, 30 do
          bots.step(world)
          world:step()
          for _, p in ipairs(world.players) do
            out = math.max(out, math.sqrt(p.x * p.x + p.y * p.y) + p.radius)
            fast = math.max(fast, math.sqrt(p.vx * p.vx + p.vy * p.vy))
          end
        end
        return { out = out, fast = fast }
      `) as { out: number; fast: number }
      // A bump in the last instant may push somebody over the edge until the next tick.
      expect(worst.out).toBeLessThan(1100 + 60)
      expect(worst.fast).toBeLessThanOrEqual(1500 + 1e-6)
    }
  })
})
