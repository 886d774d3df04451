import type { Bot } from '../bot.ts'
import type { SendSchedule } from '../send-schedule.ts'
import type { Deliveries, Traffic, TrafficPlan } from './traffic.ts'

export type ChatPlan = Extract<TrafficPlan, { kind: 'chat' }>

export const ECHO_OP = 1
export const BROADCAST_OP = 2
/** Two numbers in hexadecimal: who, and which of his messages. */
const DIGITS = 8
const SEQUENCE_OFFSET = DIGITS
const FILLER = 'x'.charCodeAt(0)
const HEXADECIMAL = '0123456789abcdef'

/** Short texts, alternately echoed to their sender and broadcast to the room; each names its sender and its number. */
export class ChatTraffic implements Traffic {
  readonly inputHz: number
  readonly #plan: ChatPlan
  readonly #deliveries: Deliveries
  #schedule: SendSchedule | undefined
  #texts: Uint8Array[] = []

  constructor(plan: ChatPlan, deliveries: Deliveries) {
    this.#plan = plan
    this.#deliveries = deliveries
    this.inputHz = plan.messageHz
  }

  begin(bots: readonly Bot[], schedule: SendSchedule): void {
    const { textBytes, isReliable } = this.#plan
    this.#schedule = schedule
    this.#texts = bots.map((bot) => {
      const text = bot.prepareInput(textBytes, isReliable)
      text.fill(FILLER)
      putHexadecimal(text, 0, bot.index)
      return text
    })
  }

  send(bot: Bot): void {
    const { index, sequence } = bot
    putHexadecimal(this.#texts[index] as Uint8Array, SEQUENCE_OFFSET, sequence)
    // Half of the bots begin with an echo: broadcasts are spread over time.
    bot.sendInput((sequence + index) % 2 === 0 ? ECHO_OP : BROADCAST_OP)
  }

  receive(_bot: Bot, message: Uint8Array, offset: number, nowMs: number): void {
    if (this.#schedule === undefined) return
    const sender = hexadecimalAt(message, offset)
    const sequence = hexadecimalAt(message, offset + SEQUENCE_OFFSET)
    this.#deliveries.received += 1
    this.#deliveries.latency.record(nowMs - this.#schedule.dueMs(sender, sequence))
  }

  /** One for an echo, and one for everybody in the room for a broadcast. */
  duePerSecond(bots: number, botsPerRoom: number): number {
    return (bots * this.#plan.messageHz * (1 + botsPerRoom)) / 2
  }
}

function putHexadecimal(text: Uint8Array, offset: number, value: number): void {
  for (let digit = 0; digit < DIGITS; digit += 1) {
    text[offset + digit] = HEXADECIMAL.charCodeAt((value >>> (4 * (DIGITS - 1 - digit))) & 0xf)
  }
}

function hexadecimalAt(text: Uint8Array, offset: number): number {
  let value = 0
  for (let digit = 0; digit < DIGITS; digit += 1) {
    const code = text[offset + digit] as number
    value = value * 16 + (code < 58 ? code - 48 : code - 87)
  }
  return value
}
