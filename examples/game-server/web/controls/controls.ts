import { type PlayerInput, toPlayerInput } from '../player-input.ts'
import { Keyboard } from './keyboard.ts'
import { Pointer } from './pointer.ts'
import type { SteeringSource } from './steering.ts'

/** A dash that is asked for a moment too early happens as soon as it can. */
const DASH_MEMORY_MS = 180

export interface ControlElements {
  /** What fingers and the mouse touch to steer. */
  readonly surface: HTMLElement
  readonly joystick: HTMLElement
  readonly dashButton: HTMLElement
}

/** Joins keyboard, mouse and touch into one input for each tick. */
export class Controls {
  readonly #sources: readonly SteeringSource[]
  #angle = 0
  #dashUntilMs = 0

  constructor(elements: ControlElements, isPlaying: () => boolean, nowMs: () => number) {
    const dash = () => {
      this.#dashUntilMs = nowMs() + DASH_MEMORY_MS
    }
    this.#sources = [
      new Keyboard(window, isPlaying, dash),
      new Pointer(elements.surface, elements.joystick, dash),
    ]
    elements.dashButton.addEventListener('pointerdown', (event) => {
      event.preventDefault()
      dash()
    })
    window.addEventListener('blur', () => this.release())
  }

  /** The input for the tick that begins now. */
  sample(nowMs: number): PlayerInput {
    for (const source of this.#sources) {
      const steering = source.steering()
      if (steering !== undefined) {
        this.#angle = steering.angle
        return toPlayerInput(this.#angle, steering.strength, this.#wantsDash(nowMs))
      }
    }
    return toPlayerInput(this.#angle, 0, this.#wantsDash(nowMs))
  }

  release(): void {
    for (const source of this.#sources) source.release()
    this.#dashUntilMs = 0
  }

  #wantsDash(nowMs: number): boolean {
    return nowMs < this.#dashUntilMs
  }
}
