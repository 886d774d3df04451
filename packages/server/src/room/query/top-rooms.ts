import type { IndexedRoom } from './room-index.ts'

/** Where a room stands in a list: by score, then by number, both falling. */
export interface Rank {
  readonly score: number
  readonly number: number
}

export interface RankedRoom extends Rank, IndexedRoom {}

/** Whether `a` comes before `b`. */
function isBefore(score: number, number: number, b: Rank): boolean {
  return score > b.score || (score === b.score && number > b.number)
}

/** Keeps the best rooms of those offered that come after a given rank. */
export class TopRooms {
  /** Best first. */
  readonly ranked: RankedRoom[] = []
  readonly #count: number
  readonly #after: Rank | undefined

  /** @param after undefined = from the first */
  constructor(count: number, after: Rank | undefined) {
    this.#count = count
    this.#after = after
  }

  /** Whether no room with this score is among the best, so that it need not be offered. */
  isTooLow(score: number): boolean {
    const { ranked } = this
    return ranked.length === this.#count && score < (ranked[this.#count - 1] as RankedRoom).score
  }

  offer({ room, number }: IndexedRoom, score: number): void {
    const { ranked } = this
    const after = this.#after
    if (after !== undefined && (isBefore(score, number, after) || number === after.number)) return
    const last = ranked.at(-1)
    if (last !== undefined && ranked.length === this.#count) {
      if (!isBefore(score, number, last)) return
      ranked.pop()
    }
    let low = 0
    let high = ranked.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(score, number, ranked[middle] as RankedRoom)) high = middle
      else low = middle + 1
    }
    ranked.splice(low, 0, { room, number, score })
  }
}
