import { performance } from 'node:perf_hooks'
import type { Player } from './player.ts'

const TURN_MS = 5

/** All players take turns in sending, evenly spread over time; after a delay it catches up. */
export class InputStream {
  readonly #players: readonly Player[]
  readonly #perMs: number
  readonly #startMs = performance.now()
  #sent = 0

  constructor(players: readonly Player[], inputsPerSecond: number) {
    this.#players = players
    this.#perMs = inputsPerSecond / 1000
    setInterval(() => this.#sendDue(), TURN_MS)
  }

  get sent(): number {
    return this.#sent
  }

  #sendDue(): void {
    const due = Math.floor((performance.now() - this.#startMs) * this.#perMs)
    for (; this.#sent < due; this.#sent++) this.#players[this.#sent % this.#players.length]?.sendInput()
  }
}
