/** One entry of a {@link SlotList}. It knows where it stands, so that it is taken out without a search. */
export interface SlotEntry {
  readonly list: SlotList
  at: number
}

/** The slots of the rooms that have something in common, in no order. A slot may stand in it more than once. */
export class SlotList {
  readonly slots: number[] = []
  /** For a list of numbers: the number of each slot; otherwise empty. */
  readonly numbers: number[] = []
  readonly #entries: SlotEntry[] = []

  add(slot: number, number?: number): SlotEntry {
    const entry = { list: this, at: this.slots.length }
    this.slots.push(slot)
    this.#entries.push(entry)
    if (number !== undefined) this.numbers.push(number)
    return entry
  }

  /** The last one takes the place of the one that goes. */
  remove({ at }: SlotEntry): void {
    const last = this.#entries.pop() as SlotEntry
    const slot = this.slots.pop() as number
    const number = this.numbers.pop()
    if (at === this.slots.length) return
    last.at = at
    this.#entries[at] = last
    this.slots[at] = slot
    if (number !== undefined) this.numbers[at] = number
  }
}
