/** Some slots of rooms: those at `from` and on, up to and without `to`. True until the list that gave it changes. */
export interface SlotSpan {
  readonly slots: readonly number[]
  readonly from: number
  readonly to: number
}

/** Slots of rooms, as spans; a slot may be named more than once. */
export type Slots = readonly SlotSpan[]

export type SlotKey = string | number

/** Whether an entry stands before the place that is looked for. True of the first entries of a list, false of the rest. */
type IsBelow<K> = (key: K, slot: number) => boolean

/** Is a span of all it has, so that long runs need no new objects. */
class Chunk<K> implements SlotSpan {
  readonly keys: K[]
  readonly slots: number[]
  readonly from = 0

  constructor(keys: K[], slots: number[]) {
    this.keys = keys
    this.slots = slots
  }

  get to(): number {
    return this.slots.length
  }
}

/** A chunk is divided above this, so that an entry costs a move of so many at most, however long the list is. */
const CHUNK_ENTRIES = 256
/** Two neighbours with fewer than this between them become one. */
const MERGED_ENTRIES = CHUNK_ENTRIES / 2

/**
 * Slots in the order of a key each, and among equal keys in their own order. What has a key, a prefix of it or one within
 * bounds is a run of the list, found by halving. The same entry may stand in it more than once.
 */
export class SlotList<K extends SlotKey> {
  /** Of the field that the list is of. */
  readonly path: string
  readonly #chunks: Chunk<K>[] = []

  constructor(path: string) {
    this.path = path
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0
  }

  get all(): Slots {
    return this.#chunks.slice()
  }

  /** @returns the key as the list has it: many rooms share one string */
  add(key: K, slot: number): K {
    const place = this.#find(isBefore(key, slot))
    const number = Math.min(place.number, this.#chunks.length - 1)
    const chunk = this.#chunks[number]
    if (chunk === undefined) {
      this.#chunks.push(new Chunk([key], [slot]))
      return key
    }
    const { keys, slots } = chunk
    const at = number === place.number ? place.at : keys.length
    const shared = keys[at] === key ? keys[at] : keys[at - 1] === key ? keys[at - 1] : key
    keys.splice(at, 0, shared as K)
    slots.splice(at, 0, slot)
    if (keys.length > CHUNK_ENTRIES) {
      const half = keys.length >> 1
      this.#chunks.splice(number + 1, 0, new Chunk(keys.splice(half), slots.splice(half)))
    }
    return shared as K
  }

  /** Takes out an entry that is there. */
  remove(key: K, slot: number): void {
    const { number, at } = this.#find(isBefore(key, slot))
    const { keys, slots } = this.#chunks[number] as Chunk<K>
    keys.splice(at, 1)
    slots.splice(at, 1)
    if (keys.length === 0) this.#chunks.splice(number, 1)
    else if (keys.length < MERGED_ENTRIES) {
      this.#merge(number)
      this.#merge(number - 1)
    }
  }

  /** The slots behind the first entries, for which `isBelow` holds, that are still among those for which `isWithin` holds. */
  run(isBelow: IsBelow<K>, isWithin: IsBelow<K>): Slots {
    const first = this.#find(isBelow)
    const end = this.#find(isWithin)
    if (first.number > end.number || (first.number === end.number && first.at >= end.at)) return []
    const spans: SlotSpan[] = this.#chunks.slice(first.number, end.number)
    const last = this.#chunks[end.number]
    if (last !== undefined && end.at > 0) spans.push({ slots: last.slots, from: 0, to: end.at })
    const { slots, to } = spans[0] as SlotSpan
    if (first.at > 0) spans[0] = { slots, from: first.at, to }
    return spans
  }

  /** The place of the first entry that is not below. */
  #find(isBelow: IsBelow<K>): { readonly number: number; readonly at: number } {
    const number = firstNot(this.#chunks.length, (middle) => {
      const { keys, slots } = this.#chunks[middle] as Chunk<K>
      const last = keys.length - 1
      return isBelow(keys[last] as K, slots[last] as number)
    })
    const chunk = this.#chunks[number]
    if (chunk === undefined) return { number, at: 0 }
    const { keys, slots } = chunk
    return { number, at: firstNot(keys.length, (at) => isBelow(keys[at] as K, slots[at] as number)) }
  }

  /** Takes the next chunk into one, if both are small. */
  #merge(number: number): void {
    const chunk = this.#chunks[number]
    const next = this.#chunks[number + 1]
    if (chunk === undefined || next === undefined) return
    if (chunk.keys.length + next.keys.length >= MERGED_ENTRIES) return
    chunk.keys.push(...next.keys)
    chunk.slots.push(...next.slots)
    this.#chunks.splice(number + 1, 1)
  }
}

/** How many slots there are at most. */
export function countOf(slots: Slots): number {
  let count = 0
  for (const { from, to } of slots) count += to - from
  return count
}

function isBefore<K extends SlotKey>(key: K, slot: number): IsBelow<K> {
  return (otherKey, otherSlot) => (otherKey === key ? otherSlot < slot : otherKey < key)
}

/** The first number below `count` for which `holds` does not, or `count`. */
function firstNot(count: number, holds: (number: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low
}
