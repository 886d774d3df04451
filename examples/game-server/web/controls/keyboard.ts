import type { Steering, SteeringSource } from './steering.ts'

/** By `KeyboardEvent.code`, so that WASD is the same place on every keyboard layout. */
const DIRECTIONS: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  KeyW: { x: 0, y: -1 },
  KeyA: { x: -1, y: 0 },
  KeyS: { x: 0, y: 1 },
  KeyD: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowRight: { x: 1, y: 0 },
}
const DASH_KEYS: ReadonlySet<string> = new Set(['Space', 'ShiftLeft', 'ShiftRight', 'Enter'])

/** WASD or the arrows steer; space, shift or enter dash. */
export class Keyboard implements SteeringSource {
  readonly #pressed = new Set<string>()

  constructor(target: EventTarget, isPlaying: () => boolean, onDash: () => void) {
    target.addEventListener('keydown', (event) => {
      if (!(event instanceof KeyboardEvent) || !isPlaying() || event.ctrlKey || event.metaKey) return
      // A button that has the focus wants its keys for itself.
      if (event.target instanceof HTMLButtonElement) return
      if (DASH_KEYS.has(event.code)) {
        event.preventDefault()
        if (!event.repeat) onDash()
      } else if (DIRECTIONS[event.code] !== undefined) {
        event.preventDefault()
        this.#pressed.add(event.code)
      }
    })
    target.addEventListener('keyup', (event) => {
      if (event instanceof KeyboardEvent) this.#pressed.delete(event.code)
    })
  }

  steering(): Steering | undefined {
    if (this.#pressed.size === 0) return undefined
    let x = 0
    let y = 0
    for (const code of this.#pressed) {
      x += DIRECTIONS[code]?.x ?? 0
      y += DIRECTIONS[code]?.y ?? 0
    }
    return x === 0 && y === 0 ? undefined : { angle: Math.atan2(y, x), strength: 1 }
  }

  release(): void {
    this.#pressed.clear()
  }
}
