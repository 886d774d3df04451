import type { LabelValue, NumberRange, Term } from './room-query-terms.ts'
import { countOf, type SlotKey, SlotList, type Slots } from './slot-list.ts'

/** The rooms by what they have at one path: strings, numbers and booleans each in order, and words of strings. */
export class FieldIndex {
  readonly words: SlotList<string>
  readonly #strings: SlotList<string>
  readonly #numbers: SlotList<number>
  readonly #booleans: SlotList<number>

  constructor(path: string) {
    this.words = new SlotList(path)
    this.#strings = new SlotList(path)
    this.#numbers = new SlotList(path)
    this.#booleans = new SlotList(path)
  }

  get isEmpty(): boolean {
    return this.words.isEmpty && this.#strings.isEmpty && this.#numbers.isEmpty && this.#booleans.isEmpty
  }

  /** The list for values of this type. */
  listFor(value: LabelValue): SlotList<string> | SlotList<number> {
    if (typeof value === 'string') return this.#strings
    return typeof value === 'number' ? this.#numbers : this.#booleans
  }

  /**
   * Rooms that match a term about this field.
   * @param counts one for each slot, to count in
   */
  find(term: Exclude<Term, { kind: 'all' | 'figure' }>, counts: Uint16Array): Slots {
    switch (term.kind) {
      case 'present':
        return [...this.#strings.all, ...this.#numbers.all, ...this.#booleans.all]
      case 'values':
        return [...new Set(term.values)].flatMap((value) => this.#withValue(value))
      case 'prefix':
        return startingWith(this.#strings, term.prefix)
      case 'words':
        return this.#withWords(term.words, term.prefix, counts)
      case 'range':
        return within(this.#numbers, term.range)
      default:
        return term satisfies never
    }
  }

  #withValue(value: LabelValue): Slots {
    if (typeof value === 'string') return equal(this.#strings, value)
    return typeof value === 'number' ? equal(this.#numbers, value) : equal(this.#booleans, keyOf(value))
  }

  #withWords(words: readonly string[], prefix: string | undefined, counts: Uint16Array): Slots {
    const lists = Array.from(new Set(words), (word) => equal(this.words, word))
    if (prefix !== undefined) lists.push(startingWith(this.words, prefix))
    return lists.length === 1 ? (lists[0] as Slots) : inAll(lists, counts)
  }
}

/** What a value stands under in its list. */
export function keyOf<V extends LabelValue>(value: V): Exclude<V, boolean> | number {
  return typeof value === 'boolean' ? Number(value) : (value as Exclude<V, boolean>)
}

function equal<K extends SlotKey>(list: SlotList<K>, value: K): Slots {
  return list.run(
    (key) => key < value,
    (key) => key <= value,
  )
}

function startingWith(list: SlotList<string>, prefix: string): Slots {
  return list.run(
    (key) => key < prefix,
    (key) => key < prefix || key.startsWith(prefix),
  )
}

function within(list: SlotList<number>, { min, max, hasMin, hasMax }: NumberRange): Slots {
  return list.run(
    (key) => (hasMin ? key < min : key <= min),
    (key) => (hasMax ? key <= max : key < max),
  )
}

/** The slots that are in every one of two or more. */
function inAll(all: Slots[], counts: Uint16Array): Slots {
  all.sort((a, b) => countOf(a) - countOf(b))
  counts.fill(0)
  const found: number[] = []
  // A word has at least one byte, so there are fewer of them than a query has bytes.
  for (const [position, spans] of all.entries()) {
    const isLast = position === all.length - 1
    if (spans.length === 0) return []
    for (const { slots, from, to } of spans) {
      for (let at = from; at < to; at++) {
        const slot = slots[at] as number
        if (counts[slot] !== position) continue
        counts[slot] = position + 1
        if (isLast) found.push(slot)
      }
    }
  }
  return [{ slots: found, from: 0, to: found.length }]
}
