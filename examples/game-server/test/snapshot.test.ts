import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeInputs } from '../web/player-input.ts'
import { decodeSnapshot } from '../web/snapshot.ts'
import type { ArenaLanguage, WorldBench } from './languages/language.ts'
import { languages } from './languages/languages.ts'

describe.each(languages)('a snapshot in $name', ({ open }) => {
  let arena: ArenaLanguage
  let world: WorldBench

  beforeEach(async () => {
    arena = await open()
    world = arena.openWorld(5)
  })

  afterEach(() => arena.close())

  test('is read by the page: every player, to a sixteenth of a unit', () => {
    world.balance(12, 0)
    world.stepWithBots(90)
    const decoded = decodeSnapshot(world.snapshot())
    expect(decoded.step).toBe(90)
    expect(decoded.players).toHaveLength(12)
    world.players().forEach((there, index) => {
      const player = decoded.players[index]!
      expect(player.slot).toBe(there.slot)
      expect(player.cooldownTicks).toBe(there.cooldown)
      for (const field of ['x', 'y', 'vx', 'vy'] as const) {
        expect(Math.abs(player[field] - there[field])).toBeLessThanOrEqual(1 / 32)
      }
    })
  })

  test('tells who is protected and which input was used last', () => {
    const slot = world.stand(300, 0)
    world.receive(slot, encodeInputs([{ angle: 0, strength: 0, dash: false, number: 0x1234 }]))
    world.step()
    world.change(slot, { cooldown: 54, protection: 9 })
    expect(decodeSnapshot(world.snapshot()).players[0]).toMatchObject({
      isProtected: true,
      acknowledged: 0x34,
      cooldownTicks: 54,
    })
    world.change(slot, { protection: 0 })
    expect(decodeSnapshot(world.snapshot()).players[0]?.isProtected).toBe(false)
  })

  test('of 50 players has 555 bytes', () => {
    world.balance(50, 0)
    world.step()
    expect(world.snapshot()).toHaveLength(555)
  })

  test('has room for every value that the configuration allows', () => {
    const { max_players: slots, speed_limit: speedLimit, rules } = arena.config()
    expect(rules.dash_cooldown_ticks).toBeLessThan(64)
    expect(slots).toBeLessThan(256)
    expect((rules.arena_radius + rules.radius_max) * 16).toBeLessThan(32_768)
    expect(Math.max(speedLimit, rules.dash_speed, rules.bumper_kick) * 16).toBeLessThan(32_768)
  })

  test('keeps the bounds of speed and place within its integers', () => {
    const slot = world.stand(0, 0)
    world.change(slot, { x: -1100, y: 1100, vx: 1500, vy: -1500 })
    expect(decodeSnapshot(world.snapshot()).players[0]).toMatchObject({
      x: -1100,
      y: 1100,
      vx: 1500,
      vy: -1500,
    })
  })
})
