import { describe, expect, test } from 'vitest'
import { Match, type MatchObserver } from './match.ts'
import type { ArenaEvent } from './messages.ts'
import type { PlayerInput } from './player-input.ts'
import { motion, testRules } from './testing.ts'

const TICK_MS = 1000 / 30
const ME = 1

/** A match in which the own player stands at (0, 0) and another one at (500, 0). */
class Stage {
  readonly match: Match
  readonly sent: Uint8Array[] = []
  readonly events: ArenaEvent[] = []
  readonly touched: number[] = []
  input: PlayerInput = { angle: 0, strength: 0, dash: false }
  #step = 0

  constructor() {
    this.match = new Match(
      {
        you: ME,
        step: 0,
        rules: testRules,
        players: [
          { slot: ME, name: 'Ada', hue: 0, score: 0 },
          { slot: 2, name: 'Bob', hue: 0, score: 5 },
        ],
        orbs: [{ id: 1, x: 60, y: 0, value: 1 }],
      },
      0,
    )
  }

  get nowMs(): number {
    return this.#step * TICK_MS
  }

  /** Lets one tick pass: a snapshot arrives, then a frame is shown. */
  tick(ticks = 1): void {
    for (let count = 0; count < ticks; count += 1) {
      this.#step += 1
      const players = [motion({ slot: ME }), motion({ slot: 2, x: 500 + this.#step, vx: 30 })]
      this.match.receiveSnapshot({ step: this.#step, players }, this.nowMs)
      this.match.advance(this.nowMs + 1, this.#observer)
    }
  }

  readonly #observer: MatchObserver = {
    nextInput: () => this.input,
    onInput: (bytes) => this.sent.push(bytes),
    onEvent: (event) => this.events.push(event),
    onTouch: (orb) => this.touched.push(orb.id),
  }
}

describe('a match', () => {
  test('shows others about 100 ms late, and in between their snapshots', () => {
    const stage = new Stage()
    stage.tick(30)
    expect(stage.match.views.get(2)?.x).toBeCloseTo(500 + 27, 0)
  })

  test('sends one input for each tick', () => {
    const stage = new Stage()
    stage.tick(30)
    // The first snapshot starts the ticks.
    expect(stage.sent).toHaveLength(29)
  })

  test('moves the own player at once', () => {
    const stage = new Stage()
    stage.tick(2)
    stage.input = { angle: 0, strength: 127, dash: false }
    stage.tick(3)
    expect(stage.match.views.get(ME)?.x).toBeGreaterThan(5)
  })

  test('tells once of an orb that the own player touches', () => {
    const stage = new Stage()
    stage.tick(1)
    stage.input = { angle: 0, strength: 127, dash: true }
    stage.tick(8)
    expect(stage.touched).toEqual([1])
    expect([...stage.match.scene(stage.nowMs).orbs]).toEqual([])
  })

  test('shows the own dash when it begins, and not again when the server tells of it', () => {
    const stage = new Stage()
    stage.tick(1)
    stage.input = { angle: 0, strength: 127, dash: true }
    stage.tick(1)
    expect(stage.events).toEqual([{ kind: 'dash', slot: ME }])
    stage.input = { angle: 0, strength: 0, dash: false }
    stage.match.receiveEvents({ step: 3, events: [{ kind: 'dash', slot: ME }] })
    stage.tick(10)
    expect(stage.events).toHaveLength(1)
  })

  test('applies what happens to others when it is seen, and what happens to oneself at once', () => {
    const stage = new Stage()
    stage.tick(30)
    stage.match.receiveEvents({
      step: 30,
      events: [
        { kind: 'score', slot: 2, score: 50 },
        { kind: 'score', slot: ME, score: 3 },
      ],
    })
    stage.tick(1)
    expect(stage.match.model.players.get(ME)?.score).toBe(3)
    expect(stage.match.model.players.get(2)?.score).toBe(5)
    stage.tick(4)
    expect(stage.match.model.players.get(2)?.score).toBe(50)
  })

  test('the player with the highest score leads, but nobody with nothing', () => {
    const stage = new Stage()
    stage.tick(6)
    expect(stage.match.views.get(2)?.isLeader).toBe(true)
    stage.match.receiveEvents({ step: 1, events: [{ kind: 'score', slot: 2, score: 0 }] })
    stage.tick(1)
    expect([...stage.match.views.values()].some(({ isLeader }) => isLeader)).toBe(false)
  })

  test('a player whose arrival is not known yet is not shown', () => {
    const stage = new Stage()
    stage.match.receiveSnapshot({ step: 1, players: [motion({ slot: 9 })] }, 0)
    stage.tick(5)
    expect(stage.match.views.has(9)).toBe(false)
  })

  test('after a pause of the page only a few ticks are made up for', () => {
    const stage = new Stage()
    stage.tick(2)
    const before = stage.sent.length
    stage.match.advance(stage.nowMs + 60_000, {
      nextInput: () => stage.input,
      onInput: (bytes) => stage.sent.push(bytes),
      onEvent: () => {},
      onTouch: () => {},
    })
    expect(stage.sent.length - before).toBeLessThanOrEqual(3)
  })
})
