/** Where a room stands in a list: by score, then by number, both falling. */
export interface Rank {
  readonly score: number
  readonly number: number
}

/** A room among the best, by its slot. */
export interface RankedSlot extends Rank {
  readonly slot: number
}

/**
 * Keeps the best rooms of those offered that come after a given rank. They are a heap with the last of them on top, in
 * arrays of numbers, so that any order in which rooms come costs about the same and leaves nothing behind.
 */
export class TopRooms {
  readonly #after: Rank | undefined
  readonly #scores: Float64Array
  readonly #numbers: Float64Array
  readonly #slots: Float64Array
  #size = 0

  /** @param after undefined = from the first */
  constructor(count: number, after: Rank | undefined) {
    this.#after = after
    this.#scores = new Float64Array(count)
    this.#numbers = new Float64Array(count)
    this.#slots = new Float64Array(count)
  }

  /** Once there are as many as wanted: the score of the last. No room with a lower one need be offered. */
  get lowest(): number {
    return this.#size < this.#scores.length ? -1 : (this.#scores[0] as number)
  }

  offer(slot: number, number: number, score: number): void {
    const after = this.#after
    if (after !== undefined && !(score < after.score || (score === after.score && number < after.number)))
      return
    // A room whose score has fallen since it was listed is not listed again at once.
    if (number === after?.number) return
    if (this.#size < this.#scores.length) this.#rise(this.#size++, slot, number, score)
    else if (this.#isBehind(0, score, number)) this.#sink(slot, number, score)
  }

  /** Best first. */
  ranked(): RankedSlot[] {
    const ranked = Array.from({ length: this.#size }, (_, at) => ({
      slot: this.#slots[at] as number,
      number: this.#numbers[at] as number,
      score: this.#scores[at] as number,
    }))
    return ranked.sort((a, b) => b.score - a.score || b.number - a.number)
  }

  /** Whether the one at this place comes after another. */
  #isBehind(at: number, score: number, number: number): boolean {
    const own = this.#scores[at] as number
    return own < score || (own === score && (this.#numbers[at] as number) < number)
  }

  /** Puts a room at the end, and up past all that come before it. */
  #rise(at: number, slot: number, number: number, score: number): void {
    let hole = at
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (this.#isBehind(parent, score, number)) break
      this.#copy(parent, hole)
      hole = parent
    }
    this.#set(hole, slot, number, score)
  }

  /** Puts a room in the place of the last, and down past all that come after it. */
  #sink(slot: number, number: number, score: number): void {
    const size = this.#size
    let hole = 0
    while (2 * hole + 1 < size) {
      const left = 2 * hole + 1
      const right = left + 1
      const isRight =
        right < size && this.#isBehind(right, this.#scores[left] as number, this.#numbers[left] as number)
      const child = isRight ? right : left
      if (!this.#isBehind(child, score, number)) break
      this.#copy(child, hole)
      hole = child
    }
    this.#set(hole, slot, number, score)
  }

  #copy(from: number, to: number): void {
    this.#set(to, this.#slots[from] as number, this.#numbers[from] as number, this.#scores[from] as number)
  }

  #set(at: number, slot: number, number: number, score: number): void {
    this.#slots[at] = slot
    this.#numbers[at] = number
    this.#scores[at] = score
  }
}
