import type { Bot } from '../bot.ts'
import type { SendSchedule } from '../send-schedule.ts'
import { type Deliveries, putUint32, type Traffic, type TrafficPlan, uint32At } from './traffic.ts'

export type SnapshotPlan = Extract<TrafficPlan, { kind: 'snapshot' }>

/** `moveX f32 | moveY f32` follow the sequence number. */
const MOVE_X_OFFSET = 4
const MOVE_Y_OFFSET = 8
const INPUT_OP = 1
/** Directions of an input, from a table: a cosine for each would cost more than the rest of it. */
const DIRECTIONS = 64
const NOT_SEEN = -1

/**
 * Unreliable inputs up, unreliable snapshots down. An input begins with its sequence number (u32, little-endian, from 1). A
 * snapshot begins with the number of snapshots of its room so far, and holds for each member the newest sequence number that
 * the room has seen: from when that input was due until now is the latency.
 */
export class SnapshotTraffic implements Traffic {
  readonly inputHz: number
  readonly #plan: SnapshotPlan
  readonly #deliveries: Deliveries
  readonly #moves = Float32Array.from({ length: DIRECTIONS * 2 }, (_, place) => {
    const angle = ((place >> 1) / DIRECTIONS) * 2 * Math.PI
    return place % 2 === 0 ? Math.cos(angle) : Math.sin(angle)
  })
  #schedule: SendSchedule | undefined
  #inputs: Uint8Array[] = []
  #views: DataView[] = []
  #newest = new Uint32Array(0)
  #lastSnapshot = new Float64Array(0)
  #lastMs = new Float64Array(0)

  constructor(plan: SnapshotPlan, deliveries: Deliveries) {
    this.#plan = plan
    this.#deliveries = deliveries
    this.inputHz = plan.inputHz
  }

  begin(bots: readonly Bot[], schedule: SendSchedule): void {
    this.#schedule = schedule
    this.#inputs = bots.map((bot) => bot.prepareInput(this.#plan.inputBytes, false))
    this.#views = this.#inputs.map((input) => new DataView(input.buffer, input.byteOffset))
    this.#newest = new Uint32Array(bots.length)
    this.#lastSnapshot = new Float64Array(bots.length).fill(NOT_SEEN)
    this.#lastMs = new Float64Array(bots.length).fill(NOT_SEEN)
  }

  send(bot: Bot): void {
    const { index, sequence } = bot
    putUint32(this.#inputs[index] as Uint8Array, 0, sequence + 1)
    const direction = ((index * 7 + sequence) % DIRECTIONS) * 2
    const view = this.#views[index] as DataView
    view.setFloat32(MOVE_X_OFFSET, this.#moves[direction] as number, true)
    view.setFloat32(MOVE_Y_OFFSET, this.#moves[direction + 1] as number, true)
    bot.sendInput(INPUT_OP)
  }

  receive({ index, member }: Bot, message: Uint8Array, offset: number, nowMs: number): void {
    // Before the first input there is nothing to compare with.
    if (this.#schedule === undefined) return
    const deliveries = this.#deliveries
    deliveries.received += 1
    const snapshot = uint32At(message, offset)
    const last = this.#lastSnapshot[index] as number
    if (last !== NOT_SEEN) {
      if (snapshot > last + 1) deliveries.gaps += snapshot - last - 1
      deliveries.interval.record(nowMs - (this.#lastMs[index] as number))
    }
    if (snapshot > last) this.#lastSnapshot[index] = snapshot
    this.#lastMs[index] = nowMs
    const { newestOffset, newestStride } = this.#plan
    const newest = uint32At(message, offset + newestOffset + (member - 1) * newestStride)
    if (newest <= (this.#newest[index] as number)) return
    this.#newest[index] = newest
    deliveries.latency.record(nowMs - this.#schedule.dueMs(index, newest - 1))
  }

  duePerSecond(bots: number): number {
    return bots * this.#plan.snapshotHz
  }
}
