import type { RoomLog } from '../../support/players.ts'
import { FINISH_OP, PROBE_OP } from './ops.ts'

export interface CanaryAnswer {
  readonly echo: number
  /** Ticks that ran. */
  readonly ticks: number
  /** Ticks that could not be caught up. */
  readonly skipped: number
  /** The same, when the probe arrived. */
  readonly skipped_before: number
  /** Its libraries do what they should. */
  readonly sane: boolean
}

/** The room next door, and the player in it. */
export class Canary {
  readonly #log: RoomLog
  #probes = 0
  /** What it said last. */
  lastAnswer: CanaryAnswer = { echo: 0, ticks: 0, skipped: 0, skipped_before: 0, sane: true }

  constructor(log: RoomLog) {
    this.#log = log
  }

  /** Asks the canary to answer after so many ticks more. */
  async probe(ticks: number): Promise<CanaryAnswer> {
    const echo = ++this.#probes
    this.#log.room.send(PROBE_OP, { echo, ticks })
    const { data } = await this.#log.next<{ data: CanaryAnswer }>('data')
    if (data.echo !== echo) throw new Error(`the canary answered probe ${data.echo}, not ${echo}`)
    this.lastAnswer = data
    return data
  }

  finish(): void {
    this.#log.room.send(FINISH_OP)
  }
}
