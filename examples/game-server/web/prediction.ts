import { type Body, radiusOf, stepBody } from './movement.ts'
import type { NumberedInput, PlayerInput } from './player-input.ts'
import type { Rules } from './rules.ts'
import type { PlayerMotion } from './snapshot.ts'

/** Two seconds of unanswered inputs: the connection is gone, and predicting further would only mislead. */
const MAX_PENDING = 60
/** A larger correction than this is shown at once: gliding there would look like flying. */
const SNAP_DISTANCE = 260
/** How long a correction takes to shrink to a half on the screen. */
const CORRECTION_HALF_LIFE_MS = 60
const NUMBERS = 0x1_0000

interface Point {
  readonly x: number
  readonly y: number
}

/**
 * Moves the own player at once instead of a round trip later. Every input is applied here and kept until the server
 * acknowledges it; each snapshot then sets the body to the server's truth and applies the inputs that the server has
 * not used yet once more. What remains as a difference is hidden by gliding over it.
 */
export class Prediction {
  readonly #rules: Rules
  readonly #body: Body
  readonly #pending: NumberedInput[] = []
  /** The server starts from "0 acknowledged". */
  #nextNumber = 1
  #previous: Point
  /** Drawn position minus predicted position; shrinks to zero. */
  #offset: Point = { x: 0, y: 0 }

  constructor(rules: Rules, motion: PlayerMotion, score: number) {
    this.#rules = rules
    this.#body = { ...motion, radius: radiusOf(score, rules) }
    this.#previous = { x: motion.x, y: motion.y }
  }

  get body(): Readonly<Body> {
    return this.#body
  }

  /** Inputs that the server has not acknowledged, from old to new. */
  get pending(): readonly NumberedInput[] {
    return this.#pending
  }

  /** Applies the input of one tick. Returns false, and does nothing, while far too many are unanswered. */
  step(input: PlayerInput): boolean {
    if (this.#pending.length >= MAX_PENDING) return false
    this.#pending.push({ ...input, number: this.#nextNumber })
    this.#nextNumber = (this.#nextNumber + 1) % NUMBERS
    this.#previous = { x: this.#body.x, y: this.#body.y }
    stepBody(this.#body, input, this.#rules)
    return true
  }

  /** Takes the server's word about the own player. */
  reconcile(motion: PlayerMotion, score: number): void {
    const acknowledged = this.#pending.findIndex((input) => (input.number & 0xff) === motion.acknowledged)
    this.#pending.splice(0, acknowledged + 1)

    const before = { x: this.#body.x, y: this.#body.y }
    const { x, y, vx, vy, cooldownTicks } = motion
    Object.assign(this.#body, { x, y, vx, vy, cooldownTicks, radius: radiusOf(score, this.#rules) })
    for (const input of this.#pending) stepBody(this.#body, input, this.#rules)
    this.#correct(this.#body.x - before.x, this.#body.y - before.y)
  }

  /** Lets corrections fade. */
  update(elapsedMs: number): void {
    const share = 0.5 ** (elapsedMs / CORRECTION_HALF_LIFE_MS)
    this.#offset = { x: this.#offset.x * share, y: this.#offset.y * share }
  }

  /** Where to draw the player; `progress` is the share of the present tick that has passed, 0 to 1. */
  position(progress: number): Point {
    const { x, y } = this.#previous
    return {
      x: x + (this.#body.x - x) * progress + this.#offset.x,
      y: y + (this.#body.y - y) * progress + this.#offset.y,
    }
  }

  /** The body was moved by the server's word: what is drawn stays where it is and glides after it. */
  #correct(dx: number, dy: number): void {
    this.#previous = { x: this.#previous.x + dx, y: this.#previous.y + dy }
    const offset = { x: this.#offset.x - dx, y: this.#offset.y - dy }
    this.#offset = Math.hypot(offset.x, offset.y) > SNAP_DISTANCE ? { x: 0, y: 0 } : offset
  }
}
