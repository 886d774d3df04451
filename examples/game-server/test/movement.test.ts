import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Fields } from '../web/fields.ts'
import { type Body, isDashing, radiusOf, stepBody } from '../web/movement.ts'
import { FULL_STRENGTH, inputAngle, type PlayerInput } from '../web/player-input.ts'
import { type Rules, readRules } from '../web/rules.ts'
import type { ArenaLanguage } from './languages/language.ts'
import { languages } from './languages/languages.ts'
import { typescript } from './languages/typescript-language.ts'

const anyInput = fc.record({
  angle: fc.integer({ min: 0, max: 255 }),
  strength: fc.integer({ min: 0, max: FULL_STRENGTH }),
  dash: fc.boolean(),
})

const rules: Rules = readRules(new Fields(typescript.config().rules, 'rules'))

function bodyAt(x: number, y: number, score = 0): Body {
  return { x, y, vx: 0, vy: 0, radius: radiusOf(score, rules), cooldownTicks: 0 }
}

const right: PlayerInput = { angle: 0, strength: FULL_STRENGTH, dash: false }

describe.each(languages)('movement in $name', ({ open }) => {
  let arena: ArenaLanguage

  beforeAll(async () => {
    arena = await open()
  })

  afterAll(() => arena.close())

  test('is the same as on the page, whatever the player does', () => {
    const walk = fc.property(
      fc.integer({ min: -900, max: 900 }),
      fc.integer({ min: -500, max: 500 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.array(anyInput, { minLength: 1, maxLength: 120 }),
      (x, y, score, inputs) => {
        const body = bodyAt(x, y, score)
        const start = { x, y, vx: 0, vy: 0, radius: body.radius, cooldown: 0 }
        const steering = inputs.map((input) => ({
          angle: inputAngle(input),
          strength: input.strength / FULL_STRENGTH,
          dash: input.dash,
        }))
        const path = arena.walk(start, steering)
        inputs.forEach((input, tick) => {
          stepBody(body, input, rules)
          const there = path[tick]!
          expect(body.x).toBeCloseTo(there.x, 6)
          expect(body.y).toBeCloseTo(there.y, 6)
          expect(body.vx).toBeCloseTo(there.vx, 6)
          expect(body.vy).toBeCloseTo(there.vy, 6)
          expect(body.cooldownTicks).toBe(there.cooldown)
        })
      },
    )
    fc.assert(walk, { seed: 4217, numRuns: 60 })
  })

  test('radii are those of the page for every score', () => {
    for (const score of [0, 1, 12, 100, 421, 422, 10_000]) {
      expect(radiusOf(score, rules)).toBeCloseTo(arena.radius(score), 9)
    }
  })
})

describe('movement on the page', () => {
  test('never leaves the arena nor stays inside a bumper', () => {
    const walk = fc.property(fc.array(anyInput, { minLength: 30, maxLength: 300 }), (inputs) => {
      const body = bodyAt(300, 40, 50)
      for (const input of inputs) {
        stepBody(body, input, rules)
        expect(Math.hypot(body.x, body.y)).toBeLessThanOrEqual(rules.arenaRadius - body.radius + 1e-6)
        for (const bumper of rules.bumpers) {
          const distance = Math.hypot(body.x - bumper.x, body.y - bumper.y)
          expect(distance).toBeGreaterThanOrEqual(bumper.radius + body.radius - 1e-6)
        }
      }
    })
    fc.assert(walk, { seed: 99, numRuns: 60 })
  })

  test('reaches its top speed, and a larger player a lower one', () => {
    const small = bodyAt(-1000, 165)
    const large = bodyAt(-1000, 165, 100_000)
    for (let tick = 0; tick < 40; tick += 1) {
      stepBody(small, right, rules)
      stepBody(large, right, rules)
    }
    expect(small.vx).toBeCloseTo(rules.speed, 0)
    expect(large.vx).toBeCloseTo(rules.speed * rules.speedShareAtMax, 0)
  })

  test('a dash is fast, short, and has to recharge', () => {
    const body = bodyAt(-1000, 300)
    const dash: PlayerInput = { ...right, dash: true }
    stepBody(body, dash, rules)
    expect(body.vx).toBeGreaterThan(0.9 * rules.dashSpeed)
    const dashing: boolean[] = []
    for (let tick = 1; tick < rules.dashCooldownTicks; tick += 1) {
      dashing.push(isDashing(body.cooldownTicks, rules))
      stepBody(body, dash, rules)
    }
    expect(dashing.filter(Boolean)).toHaveLength(rules.dashTicks)
    expect(body.vx).toBeLessThan(1.2 * rules.speed)
    stepBody(body, dash, rules)
    expect(body.vx).toBeGreaterThan(0.9 * rules.dashSpeed)
  })

  test('a bumper throws back what runs into it', () => {
    const middle = rules.bumpers[0]!
    const body = bodyAt(middle.x - middle.radius - 60, middle.y)
    let thrown = 0
    for (let tick = 0; tick < 20; tick += 1) {
      stepBody(body, right, rules)
      thrown = Math.min(thrown, body.vx)
    }
    expect(thrown).toBeLessThan(-0.9 * rules.bumperKick)
  })
})
