import type { Steering, SteeringSource } from './steering.ts'

/** CSS pixels that a thumb moves for full speed. */
const JOYSTICK_REACH = 56
const DEAD_ZONE = 7
/** In `PointerEvent.buttons`, where every button has a bit. */
const LEFT_BUTTON = 1
/** CSS pixels from the middle of the screen within which a held mouse slows down. */
const MOUSE_REACH = 110

interface Drag {
  readonly pointerId: number
  readonly isMouse: boolean
  originX: number
  originY: number
  x: number
  y: number
}

/**
 * A mouse that is held down is followed. A finger gets a joystick where it lands; while it steers, a tap with another
 * finger dashes, as does the right mouse button.
 */
export class Pointer implements SteeringSource {
  readonly #surface: HTMLElement
  readonly #stick: HTMLElement
  readonly #knob: HTMLElement
  #drag: Drag | undefined

  /** @param stick the joystick's picture, with the knob as its first child */
  constructor(surface: HTMLElement, stick: HTMLElement, onDash: () => void) {
    this.#surface = surface
    this.#stick = stick
    const knob = stick.firstElementChild
    if (!(knob instanceof HTMLElement)) throw new Error('the joystick has no knob')
    this.#knob = knob
    surface.addEventListener('pointerdown', (event) => this.#down(event, onDash))
    surface.addEventListener('pointermove', (event) => {
      // A second button of a mouse is told by a move, not by another pointerdown (W3C Pointer Events, chorded buttons).
      if (event.button > 0 && event.buttons > LEFT_BUTTON) onDash()
      this.#move(event)
    })
    for (const end of ['pointerup', 'pointercancel'] as const) {
      surface.addEventListener(end, (event) => {
        if (event.pointerId === this.#drag?.pointerId) this.release()
      })
    }
    surface.addEventListener('contextmenu', (event) => event.preventDefault())
  }

  steering(): Steering | undefined {
    const drag = this.#drag
    if (drag === undefined) return undefined
    const dx = drag.x - (drag.isMouse ? this.#surface.clientWidth / 2 : drag.originX)
    const dy = drag.y - (drag.isMouse ? this.#surface.clientHeight / 2 : drag.originY)
    const distance = Math.hypot(dx, dy)
    if (distance < DEAD_ZONE) return undefined
    const reach = drag.isMouse ? MOUSE_REACH : JOYSTICK_REACH
    return { angle: Math.atan2(dy, dx), strength: Math.min(distance / reach, 1) }
  }

  release(): void {
    this.#drag = undefined
    this.#stick.hidden = true
  }

  #down(event: PointerEvent, onDash: () => void): void {
    event.preventDefault()
    const isMouse = event.pointerType === 'mouse'
    if (this.#drag !== undefined || (isMouse && event.button !== 0)) {
      onDash()
      return
    }
    this.#surface.setPointerCapture(event.pointerId)
    this.#drag = {
      pointerId: event.pointerId,
      isMouse,
      originX: event.clientX,
      originY: event.clientY,
      x: event.clientX,
      y: event.clientY,
    }
    if (!isMouse) {
      this.#stick.hidden = false
      this.#showStick(this.#drag)
    }
  }

  #move(event: PointerEvent): void {
    const drag = this.#drag
    if (drag === undefined || event.pointerId !== drag.pointerId) return
    drag.x = event.clientX
    drag.y = event.clientY
    if (drag.isMouse) return
    // The joystick follows a thumb that wanders off, so that turning back works at once.
    const dx = drag.x - drag.originX
    const dy = drag.y - drag.originY
    const excess = Math.hypot(dx, dy) - JOYSTICK_REACH
    if (excess > 0) {
      const share = excess / (excess + JOYSTICK_REACH)
      drag.originX += dx * share
      drag.originY += dy * share
    }
    this.#showStick(drag)
  }

  #showStick(drag: Drag): void {
    this.#stick.style.transform = `translate(${drag.originX}px, ${drag.originY}px)`
    this.#knob.style.transform = `translate(${drag.x - drag.originX}px, ${drag.y - drag.originY}px)`
  }
}
