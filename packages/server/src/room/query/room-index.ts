import type { RoomRecord } from '../room-record.ts'
import { FieldIndex, keyOf } from './field-index.ts'
import { labelTerms } from './label-terms.ts'
import { type AnySlotList, type Mentions, moveSlot, NOWHERE } from './mentions.ts'
import type { Figure, Term } from './room-query-terms.ts'
import { type SlotKey, SlotList, type Slots } from './slot-list.ts'

interface Held {
  readonly number: number
  readonly slot: number
  /** The label that the mentions are of. */
  label: string
  mentions: Mentions
}

/** A term that is looked up, rather than asked of every room. */
export type IndexedTerm = Exclude<Term, { readonly kind: 'figure'; readonly figure: Figure }>

/**
 * Rooms by module and by what is in their labels. Each room has a slot, a small number which is used again when the room
 * has gone. It is told of every change by {@link put} and {@link remove}, and is never behind.
 */
export class RoomIndex {
  /** By slot. */
  readonly #rooms: (RoomRecord | undefined)[] = []
  readonly #byRoom = new Map<RoomRecord, Held>()
  readonly #freeSlots: number[] = []
  readonly #fields = new Map<string, FieldIndex>()
  /** By the number of the room. */
  readonly #everywhere = new SlotList<number>('')
  #numbers = new Float64Array(0)
  #counts = new Uint16Array(0)

  get size(): number {
    return this.#byRoom.size
  }

  /** Slots are below this. */
  get slotCount(): number {
    return this.#rooms.length
  }

  /** Paths that some room has. */
  get fieldCount(): number {
    return this.#fields.size
  }

  /** The number of the room in each slot: newer rooms have higher ones. */
  get numbers(): Float64Array {
    return this.#numbers
  }

  /** Takes a room in, or notes that its label may have changed. */
  put(room: RoomRecord, number: number): void {
    const { label } = room.traits
    let held = this.#byRoom.get(room)
    if (held === undefined) {
      held = { number, slot: this.#takeSlot(number), label, mentions: NOWHERE }
      this.#rooms[held.slot] = room
      this.#byRoom.set(room, held)
    } else if (held.label === label) return
    const mentions = this.#mentionsOf(room.module, label)
    this.#move(held.slot, held.mentions, mentions)
    held.label = label
    held.mentions = mentions
  }

  remove(room: RoomRecord): void {
    const held = this.#byRoom.get(room)
    if (held === undefined) return
    const { slot, number, mentions } = held
    this.#byRoom.delete(room)
    this.#rooms[slot] = undefined
    this.#freeSlots.push(slot)
    this.#everywhere.remove(number, slot)
    this.#move(slot, mentions, NOWHERE)
  }

  at(slot: number): RoomRecord {
    return this.#rooms[slot] as RoomRecord
  }

  /** For all rooms the oldest come first; otherwise they come in no order. */
  find(term: IndexedTerm): Slots {
    if (term.kind === 'all') return this.#everywhere.all
    return this.#fields.get(term.path)?.find(term, this.#counts) ?? []
  }

  #takeSlot(number: number): number {
    const slot = this.#freeSlots.pop() ?? this.#rooms.length
    if (slot === this.#numbers.length) {
      const numbers = new Float64Array(2 * slot + 16)
      numbers.set(this.#numbers)
      this.#numbers = numbers
      this.#counts = new Uint16Array(numbers.length)
    }
    this.#numbers[slot] = number
    this.#everywhere.add(number, slot)
    return slot
  }

  #mentionsOf(module: string, label: string): Mentions {
    const lists: AnySlotList[] = [this.#field('module').listFor(module)]
    const keys: SlotKey[] = [module]
    const { values, words } = labelTerms(label)
    for (const { path, value } of values) {
      lists.push(this.#field(path).listFor(value))
      keys.push(keyOf(value))
    }
    for (const [path, found] of words) {
      const list = this.#field(path).words
      for (const word of found) {
        lists.push(list)
        keys.push(word)
      }
    }
    return { lists, keys }
  }

  #move(slot: number, before: Mentions, now: Mentions): void {
    moveSlot(slot, before, now, ({ path }) => {
      if (this.#fields.get(path)?.isEmpty) this.#fields.delete(path)
    })
  }

  #field(path: string): FieldIndex {
    let field = this.#fields.get(path)
    if (field === undefined) {
      field = new FieldIndex(path)
      this.#fields.set(path, field)
    }
    return field
  }
}
