import { describe, expect, test } from 'vitest'
import { type Body, stepBody } from './movement.ts'
import type { NumberedInput, PlayerInput } from './player-input.ts'
import { Prediction } from './prediction.ts'
import { motion, testRules } from './testing.ts'

const right: PlayerInput = { angle: 0, strength: 127, dash: false }

/** The server's side: uses the inputs it gets, one per tick. */
class Server {
  readonly body: Body = { x: 0, y: 0, vx: 0, vy: 0, radius: 21, cooldownTicks: 0 }
  acknowledged = 0

  use(input: NumberedInput | undefined): void {
    if (input === undefined) return
    stepBody(this.body, input, testRules)
    this.acknowledged = input.number & 0xff
  }

  motion() {
    return motion({ ...this.body, acknowledged: this.acknowledged })
  }
}

describe('prediction', () => {
  test('moves at once', () => {
    const prediction = new Prediction(testRules, motion({}), 0)
    prediction.step(right)
    expect(prediction.position(1).x).toBeGreaterThan(0)
  })

  test('moves evenly between ticks', () => {
    const prediction = new Prediction(testRules, motion({}), 0)
    prediction.step(right)
    expect(prediction.position(0).x).toBe(0)
    expect(prediction.position(0.5).x).toBeCloseTo(prediction.position(1).x / 2, 9)
  })

  test('is right: the word of a server that is late does not move the player', () => {
    const server = new Server()
    const prediction = new Prediction(testRules, server.motion(), 0)
    for (let tick = 0; tick < 300; tick += 1) {
      const input = { angle: (tick * 5) & 0xff, strength: 127, dash: tick % 60 === 0 }
      prediction.step(input)
      // Five ticks of latency.
      if (prediction.pending.length > 5) server.use(prediction.pending[0])
      const before = { ...prediction.body }
      prediction.reconcile(server.motion(), 0)
      expect(prediction.body.x).toBeCloseTo(before.x, 9)
      expect(prediction.body.y).toBeCloseTo(before.y, 9)
      expect(prediction.body.cooldownTicks).toBe(before.cooldownTicks)
    }
    expect(prediction.pending).toHaveLength(5)
  })

  test('what is drawn does not jump when the server answers before the tick is over', () => {
    const prediction = new Prediction(testRules, motion({ vx: 300 }), 0)
    prediction.step(right)
    const drawn = prediction.position(0.4)
    prediction.reconcile(motion({ ...prediction.body, acknowledged: 1 }), 0)
    expect(prediction.position(0.4).x).toBeCloseTo(drawn.x, 9)
  })

  test('a correction is glided over, and the truth is reached', () => {
    const prediction = new Prediction(testRules, motion({}), 0)
    prediction.step({ ...right, strength: 0 })
    prediction.reconcile(motion({ x: 100, acknowledged: 1 }), 0)
    expect(prediction.body.x).toBe(100)
    expect(prediction.position(1).x).toBe(0)
    prediction.update(60)
    expect(prediction.position(1).x).toBeCloseTo(50, 9)
    prediction.update(2000)
    expect(prediction.position(1).x).toBeCloseTo(100, 6)
  })

  test('a correction across half the screen is shown at once', () => {
    const prediction = new Prediction(testRules, motion({}), 0)
    prediction.reconcile(motion({ x: 500 }), 0)
    expect(prediction.position(1).x).toBe(500)
  })

  test('an acknowledgement of something unknown drops no input', () => {
    const prediction = new Prediction(testRules, motion({}), 0)
    prediction.step(right)
    prediction.reconcile(motion({ acknowledged: 200 }), 0)
    expect(prediction.pending).toHaveLength(1)
  })

  test('stops after two seconds without any answer', () => {
    const prediction = new Prediction(testRules, motion({}), 0)
    const results = Array.from({ length: 70 }, () => prediction.step(right))
    expect(results.filter(Boolean)).toHaveLength(60)
    const { x } = prediction.body
    prediction.step(right)
    expect(prediction.body.x).toBe(x)
  })

  test('numbers go on from 65,535 to 0', () => {
    const prediction = new Prediction(testRules, motion({}), 0)
    let acknowledged = 0
    for (let tick = 0; tick < 65_540; tick += 1) {
      prediction.step({ angle: 0, strength: 0, dash: false })
      acknowledged = (acknowledged + 1) % 65_536
      prediction.reconcile(motion({ acknowledged: acknowledged & 0xff }), 0)
      expect(prediction.pending).toHaveLength(0)
    }
  })

  test('a larger score makes the predicted body larger', () => {
    const prediction = new Prediction(testRules, motion({}), 0)
    prediction.reconcile(motion({}), 100)
    expect(prediction.body.radius).toBeCloseTo(21 + 19, 9)
  })
})
