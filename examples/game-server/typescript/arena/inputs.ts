import { config } from './config.ts'
import type { Input } from './movement.ts'

interface NumberedInput extends Input {
  /** From 0 to 65,535, then 0 again. */
  readonly number: number
}

const ANGLE_PER_UNIT = (2 * Math.PI) / 256
const HEADER_BYTES = 2
const INPUT_BYTES = 2
const INPUTS_PER_MESSAGE = 4
const DASH_BIT = 0x80
const STRENGTH_MASK = 0x7f
const NUMBER_MASK = 0xffff
const HALF_OF_THE_NUMBERS = 0x8000

/**
 * What a player wants, tick by tick. A client numbers its inputs and sends the newest few in every message, so a lost
 * message costs nothing as long as the next one arrives. One input is used per tick; the number of the last one used is
 * what the snapshot acknowledges.
 */
export class InputQueue {
  readonly #waiting: NumberedInput[] = []
  /** Number of the newest input that arrived; undefined before the first. */
  #received: number | undefined
  #acknowledged = 0
  /** Ticks since an input was there. */
  #idleTicks = 0
  #current: Input = { angle: 0, strength: 0, dash: false }

  /** Number of the last input that was used, for the snapshot. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** How many inputs wait for their tick. */
  get size(): number {
    return this.#waiting.length
  }

  /**
   * Takes a message of the client: `newest u16`, then up to four inputs from the newest to the oldest.
   * @param data what arrived; anything that is not such a message is ignored
   */
  receive(data: unknown): void {
    if (!(data instanceof Uint8Array)) return
    const count = (data.length - HEADER_BYTES) / INPUT_BYTES
    if (!Number.isInteger(count) || count < 1 || count > INPUTS_PER_MESSAGE) return
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    const newest = view.getUint16(0, true)
    let received = this.#received ?? newest - count
    for (let age = count - 1; age >= 0; age -= 1) {
      const number = (newest - age) & NUMBER_MASK
      const ahead = (number - received) & NUMBER_MASK
      // Numbers wrap around: what seems to be more than half the circle ahead is old.
      if (ahead === 0 || ahead >= HALF_OF_THE_NUMBERS) continue
      this.#waiting.push(decode(view, HEADER_BYTES + age * INPUT_BYTES, number))
      received = number
    }
    this.#received = received
    this.#shorten()
  }

  /** The input for this tick: the next one that waits, or the last one again without its dash, for a while. */
  take(): Input {
    const input = this.#waiting.shift()
    if (input !== undefined) {
      this.#current = input
      this.#acknowledged = input.number
      this.#idleTicks = 0
      return input
    }
    this.#idleTicks += 1
    this.#current.dash = false
    if (this.#idleTicks > config.inputTimeoutTicks) this.#current.strength = 0
    return this.#current
  }

  /** For bots, which send no messages: wants this from the next tick on. */
  set(angle: number, strength: number, dash: boolean): void {
    this.#waiting[0] = { angle, strength, dash, number: 0 }
  }

  /** A burst after a gap would otherwise be played back late, tick by tick. A dash in it must not get lost. */
  #shorten(): void {
    while (this.#waiting.length > config.inputBacklog) {
      const dropped = this.#waiting.shift()
      const next = this.#waiting[0]
      if (next !== undefined && dropped?.dash === true) next.dash = true
    }
  }
}

function decode(view: DataView, offset: number, number: number): NumberedInput {
  const bits = view.getUint8(offset + 1)
  return {
    angle: view.getUint8(offset) * ANGLE_PER_UNIT,
    strength: (bits & STRENGTH_MASK) / STRENGTH_MASK,
    dash: (bits & DASH_BIT) !== 0,
    number,
  }
}
