import { isWithin, type LabelValue, type Term } from './room-query-terms.ts'
import { type SlotEntry, SlotList } from './slot-list.ts'

/** Slots of rooms, as one list or several; a slot may be named more than once. */
export type Slots = readonly (readonly number[])[]

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

  /** Rooms that match a term about this field. */
  find(term: Exclude<Term, { kind: 'all' | 'figure' }>): Slots {
    switch (term.kind) {
      case 'present':
        return [this.#numbers.slots, ...Array.from(this.#values.values(), ({ slots }) => slots)]
      case 'values':
        return this.#withValue(term.values)
      case 'prefix':
        return startingWith(this.#values, term.prefix)
      case 'words':
        return this.#withWords(term.words, term.prefix)
      case 'range':
        return [this.#withNumber((number) => isWithin(term.range, number))]
      default:
        return term satisfies never
    }
  }

  #withValue(values: readonly LabelValue[]): Slots {
    const found: (readonly number[])[] = []
    const numbers = new Set<number>()
    for (const value of values) {
      if (typeof value === 'number') numbers.add(value)
      else found.push(this.#values.get(value)?.slots ?? [])
    }
    if (numbers.size > 0) found.push(this.#withNumber((number) => numbers.has(number)))
    return found
  }

  #withNumber(isWanted: (number: number) => boolean): readonly number[] {
    const { slots, numbers } = this.#numbers
    const found: number[] = []
    for (let at = 0; at < slots.length; at++) {
      if (isWanted(numbers[at] as number)) found.push(slots[at] as number)
    }
    return found
  }

  #withWords(words: readonly string[], prefix: string | undefined): Slots {
    const lists = words.map((word): Slots => [this.#words.get(word)?.slots ?? []])
    if (prefix !== undefined) lists.push(startingWith(this.#words, prefix))
    const [first = NONE, ...others] = lists.sort((a, b) => countOf(a) - countOf(b))
    if (others.length === 0) return first
    let common = new Set(first.flat())
    for (const other of others) {
      const both = new Set<number>()
      for (const slots of other) for (const slot of slots) if (common.has(slot)) both.add(slot)
      common = both
    }
    return [[...common]]
  }
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
  const found: (readonly number[])[] = []
  for (const [key, { slots }] of lists) {
    if (typeof key === 'string' && key.startsWith(prefix)) found.push(slots)
  }
  return found
}
