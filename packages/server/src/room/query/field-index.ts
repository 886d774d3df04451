import type { LabelValue, NumberRange, Term } from './room-query-terms.ts'
import { type SlotEntry, SlotList } from './slot-list.ts'

/** Slots of rooms, as one list or several; a slot may be named more than once. */
export type Slots = readonly ArrayLike<number>[]

const NONE: Slots = []

/** One mention of a room in a {@link FieldIndex}. */
export interface Mention {
  readonly field: FieldIndex
  readonly entry: SlotEntry
  /** The list's place in the field: a word or a value; undefined for the numbers. */
  readonly word: string | undefined
  readonly value: string | boolean | undefined
}

/** The rooms by what they have at one path: strings and booleans by value, numbers in one list, words of strings. */
export class FieldIndex {
  readonly path: string
  readonly #values = new Map<string | boolean, SlotList>()
  readonly #words = new Map<string, SlotList>()
  readonly #numbers = new SlotList()

  constructor(path: string) {
    this.path = path
  }

  get isEmpty(): boolean {
    return this.#values.size === 0 && this.#words.size === 0 && this.#numbers.slots.length === 0
  }

  addValue(slot: number, value: LabelValue): Mention {
    if (typeof value === 'number') {
      return { field: this, entry: this.#numbers.add(slot, value), word: undefined, value: undefined }
    }
    return { field: this, entry: listOf(this.#values, value).add(slot), word: undefined, value }
  }

  addWord(slot: number, word: string): Mention {
    return { field: this, entry: listOf(this.#words, word).add(slot), word, value: undefined }
  }

  remove({ entry, word, value }: Mention): void {
    entry.list.remove(entry)
    if (entry.list.slots.length > 0) return
    if (word !== undefined) this.#words.delete(word)
    if (value !== undefined) this.#values.delete(value)
  }

  /**
   * Rooms that match a term about this field.
   * @param slotCount above every slot
   */
  find(term: Exclude<Term, { kind: 'all' | 'figure' }>, slotCount: number): Slots {
    switch (term.kind) {
      case 'present':
        return [this.#numbers.slots, ...Array.from(this.#values.values(), ({ slots }) => slots)]
      case 'values':
        return this.#withValue(term.values)
      case 'prefix':
        return startingWith(this.#values, term.prefix)
      case 'words':
        return this.#withWords(term.words, term.prefix, slotCount)
      case 'range':
        return [this.#within(term.range)]
      default:
        return term satisfies never
    }
  }

  #withValue(values: readonly LabelValue[]): Slots {
    const found: ArrayLike<number>[] = []
    const wanted = new Set<number>()
    for (const value of values) {
      if (typeof value === 'number') wanted.add(value)
      else found.push(this.#values.get(value)?.slots ?? [])
    }
    if (wanted.size > 0) {
      const { slots, numbers } = this.#numbers
      found.push(slots.filter((_, at) => wanted.has(numbers[at] as number)))
    }
    return found
  }

  #within({ min, max, hasMin, hasMax }: NumberRange): ArrayLike<number> {
    const { slots, numbers } = this.#numbers
    const found = new Uint32Array(slots.length)
    let count = 0
    for (let at = 0; at < slots.length; at++) {
      const number = numbers[at] as number
      if (number < min || number > max) continue
      if ((number === min && !hasMin) || (number === max && !hasMax)) continue
      found[count++] = slots[at] as number
    }
    return found.subarray(0, count)
  }

  #withWords(words: readonly string[], prefix: string | undefined, slotCount: number): Slots {
    const lists = words.map((word): Slots => [this.#words.get(word)?.slots ?? []])
    if (prefix !== undefined) lists.push(startingWith(this.#words, prefix))
    const [first = NONE, ...others] = lists
    return others.length === 0 ? first : [inAll(lists, slotCount)]
  }
}

/** The slots that are in every one of two or more. */
function inAll(all: readonly Slots[], slotCount: number): readonly number[] {
  const found: number[] = []
  // A word has at least one byte, so there are fewer of them than a query has bytes.
  const counts = new Uint16Array(slotCount)
  for (const [position, slots] of all.entries()) {
    const isLast = position === all.length - 1
    for (const list of slots) {
      for (let at = 0; at < list.length; at++) {
        const slot = list[at] as number
        if (counts[slot] !== position) continue
        counts[slot] = position + 1
        if (isLast) found.push(slot)
      }
    }
  }
  return found
}

/** How many slots there are at most. */
export function countOf(slots: Slots): number {
  let count = 0
  for (const list of slots) count += list.length
  return count
}

function listOf<K>(lists: Map<K, SlotList>, key: K): SlotList {
  let list = lists.get(key)
  if (list === undefined) {
    list = new SlotList()
    lists.set(key, list)
  }
  return list
}

function startingWith(lists: ReadonlyMap<string | boolean, SlotList>, prefix: string): Slots {
  const found: number[] = []
  for (const [key, { slots }] of lists) {
    if (typeof key !== 'string' || !key.startsWith(prefix)) continue
    for (const slot of slots) found.push(slot)
  }
  return [found]
}
