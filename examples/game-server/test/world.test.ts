import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ArenaEventRecord, ArenaLanguage, PlayerState, WorldBench } from './languages/language.ts'
import { languages } from './languages/languages.ts'

describe.each(languages)('the world in $name', ({ open }) => {
  let arena: ArenaLanguage
  let world: WorldBench

  beforeEach(async () => {
    arena = await open()
    world = arena.openWorld(11)
  })

  afterEach(() => arena.close())

  function player(slot: number): PlayerState {
    const found = world.players().find((candidate) => candidate.slot === slot)
    if (found === undefined) throw new Error(`nobody has slot ${slot}`)
    return found
  }

  /** A player who stands there and dashes to the right in the next tick. */
  function dashFrom(x: number, y: number, score = 0): number {
    const slot = world.stand(x, y, score)
    world.want(slot, { angle: 0, strength: 1, dash: true })
    return slot
  }

  /** Steps once, and returns what happened by kind. */
  function stepEvents(): (kind: string) => ArenaEventRecord[] {
    world.takeEvents()
    world.step()
    const events = world.takeEvents()
    return (kind) => events.filter(({ e }) => e === kind)
  }

  test('is the same for the same seed, and another for another', () => {
    const play = (seed: number): PlayerState[] => {
      const played = arena.openWorld(seed)
      played.balance(20, 0)
      played.stepWithBots(600)
      return played.players()
    }
    expect(play(42)).toEqual(play(42))
    expect(play(42)).not.toEqual(play(43))
  })

  test('gives slots in a cycle and refuses a player too many', () => {
    const first = world.stand(0, 500)
    const second = world.stand(0, -500)
    world.remove(first)
    const third = world.stand(300, 0)
    expect([second, third]).toEqual([2, 3])
    expect(() => {
      for (let count = 0; count < 50; count += 1) world.stand(0, 0)
    }).toThrow('the arena is full')
    expect(world.players()).toHaveLength(50)
  })

  test('an orb that a player touches becomes score, size and two events', () => {
    world.clearOrbs()
    const slot = world.stand(300, 0)
    world.placeOrb(320, 0, 5)
    const happened = stepEvents()
    expect(player(slot).score).toBe(5)
    expect(player(slot).radius).toBe(arena.radius(5))
    expect(arena.radius(5)).toBeGreaterThan(arena.radius(0))
    expect(happened('take')).toHaveLength(1)
    expect(happened('score')).toEqual([{ e: 'score', slot, score: 5 }])
  })

  test('orbs grow back to what so many players need, and no further', () => {
    world.clearOrbs()
    for (let index = 1; index <= 5; index += 1) world.stand(0, 200 * index - 600)
    world.step(120)
    const { base_count: base, per_player: perPlayer } = arena.config().orbs
    expect(world.orbCount).toBe(base + 5 * perPlayer)
  })

  test('there are never more orbs than the arena holds', () => {
    const { limit } = arena.config().orbs
    for (let index = 0; index < limit + 10; index += 1) world.placeOrb(0, 500, 1)
    expect(world.orbCount).toBe(limit)
  })

  test('a dash that hits knocks points out of its victim, and none are lost', () => {
    world.clearOrbs()
    const attacker = dashFrom(300, 0)
    const victim = world.stand(380, 0, 40)
    const happened = stepEvents()
    expect(player(victim).score).toBe(30)
    expect(happened('hit')).toEqual([{ e: 'hit', by: attacker, on: victim, spilled: 10 }])
    const spilled = happened('orb').filter(({ from }) => from === victim)
    expect(spilled.reduce((sum, { value }) => sum + Number(value), 0)).toBe(10)
    expect(player(victim).vx).toBeGreaterThan(400)
  })

  test('a victim is safe for a moment after a hit', () => {
    world.clearOrbs()
    dashFrom(300, 0)
    const victim = world.stand(350, 0, 40)
    world.step()
    expect(player(victim).protection).toBeGreaterThan(0)
    world.change(victim, { x: 300, y: 200, vx: 0, vy: 0 })
    dashFrom(250, 200)
    const happened = stepEvents()
    expect(happened('dash')).toHaveLength(1)
    expect(happened('hit')).toEqual([])
  })

  test('who is protected neither hits nor is hit, and gives protection up by dashing', () => {
    world.clearOrbs()
    const attacker = dashFrom(300, 0)
    const victim = world.stand(350, 0, 40)
    world.change(victim, { protection: 30 })
    expect(stepEvents()('hit')).toEqual([])
    world.change(attacker, { protection: 30, cooldown: 0 })
    world.want(attacker, { angle: 0, strength: 1, dash: true })
    world.step()
    expect(player(attacker).protection).toBe(0)
  })

  test('a larger player pushes a smaller one away and hardly moves itself', () => {
    world.clearOrbs()
    const large = world.stand(300, 0, 400)
    const small = world.stand(360, 0)
    world.step()
    const moved = { large: 300 - player(large).x, small: player(small).x - 360 }
    expect(moved.small).toBeGreaterThan(4 * moved.large)
    expect(moved.large).toBeGreaterThan(0)
  })

  test('two players in exactly the same place are parted', () => {
    world.clearOrbs()
    const a = world.stand(300, 0)
    const b = world.stand(300, 0)
    world.step()
    const apart = Math.abs(player(a).x - player(b).x)
    expect(apart).toBeGreaterThanOrEqual(player(a).radius + player(b).radius - 0.001)
  })

  test('two who run into each other hard are told apart from two who touch', () => {
    world.clearOrbs()
    const a = world.stand(300, 0)
    const b = world.stand(340, 0)
    world.change(a, { vx: 300 })
    world.change(b, { vx: -300 })
    expect(stepEvents()('bump')).toEqual([{ e: 'bump', a, b }])
    world.change(a, { x: 300, vx: 10 })
    world.change(b, { x: 340, vx: -10 })
    expect(stepEvents()('bump')).toEqual([])
  })

  test('points are neither made nor lost by hits, however wild the arena', () => {
    const points = (): number =>
      [...world.players().map(({ score }) => score), ...world.orbs().map(({ value }) => value)].reduce(
        (sum, value) => sum + value,
        0,
      )
    world.balance(30, 0)
    let expected = points()
    world.takeEvents()
    for (let second = 0; second < 20; second += 1) {
      world.stepWithBots(30)
      for (const { e, from, value } of world.takeEvents()) {
        if (e === 'orb' && from === undefined) expected += Number(value)
      }
      expect(points()).toBe(expected)
    }
  })

  test('everybody stays inside, and no speed passes its limit', () => {
    world.balance(50, 0)
    for (let tick = 0; tick < 300; tick += 1) {
      world.stepWithBots()
      for (const { x, y, vx, vy, radius } of world.players()) {
        // A bump in the last instant may push somebody over the edge until the next tick.
        expect(Math.hypot(x, y) + radius).toBeLessThan(1100 + 60)
        expect(Math.hypot(vx, vy)).toBeLessThanOrEqual(1500 + 1e-6)
      }
    }
  })
})
