import type { RoomRecord } from '../room-record.ts'
import { FieldIndex, type Mention, type Slots } from './field-index.ts'
import { labelTerms } from './label-terms.ts'
import type { Figure, Term } from './room-query-terms.ts'
import { type SlotEntry, SlotList } from './slot-list.ts'

/** A room that can be found. */
export interface IndexedRoom {
  readonly room: RoomRecord
  /** Newer rooms have higher numbers. */
  readonly number: number
}

interface Held extends IndexedRoom {
  readonly slot: number
  readonly everywhere: SlotEntry
  readonly module: Mention
  /** The label that the mentions are of. */
  label: string
  mentions: Mention[]
}

/** A term that is looked up, rather than asked of every room. */
export type IndexedTerm = Exclude<Term, { readonly kind: 'figure'; readonly figure: Figure }>

/**
 * Rooms by module and by what is in their labels. Each room has a slot, a small number which is used again when the room
 * has gone. It is told of every change by {@link put} and {@link remove}, and is never behind.
 */
export class RoomIndex {
  readonly #held: (Held | undefined)[] = []
  readonly #byRoom = new Map<RoomRecord, Held>()
  readonly #freeSlots: number[] = []
  readonly #fields = new Map<string, FieldIndex>()
  readonly #everywhere = new SlotList()

  get size(): number {
    return this.#byRoom.size
  }

  /** Slots are below this. */
  get slotCount(): number {
    return this.#held.length
  }

  /** Paths that some room has. */
  get fieldCount(): number {
    return this.#fields.size
  }

  /** Takes a room in, or notes that its label may have changed. */
  put(room: RoomRecord, number: number): void {
    const { label } = room.traits
    let held = this.#byRoom.get(room)
    if (held === undefined) {
      const slot = this.#freeSlots.pop() ?? this.#held.length
      const everywhere = this.#everywhere.add(slot)
      const module = this.#field('module').addValue(slot, room.module)
      held = { room, number, slot, everywhere, module, label, mentions: [] }
      this.#held[slot] = held
      this.#byRoom.set(room, held)
    } else if (held.label === label) return
    this.#forget(held.mentions)
    held.label = label
    held.mentions = this.#mention(held.slot, label)
  }

  remove(room: RoomRecord): void {
    const held = this.#byRoom.get(room)
    if (held === undefined) return
    this.#byRoom.delete(room)
    this.#held[held.slot] = undefined
    this.#freeSlots.push(held.slot)
    this.#everywhere.remove(held.everywhere)
    this.#forget([held.module, ...held.mentions])
  }

  at(slot: number): IndexedRoom {
    return this.#held[slot] as Held
  }

  find(term: IndexedTerm): Slots {
    if (term.kind === 'all') return [this.#everywhere.slots]
    return this.#fields.get(term.path)?.find(term, this.slotCount) ?? []
  }

  #mention(slot: number, label: string): Mention[] {
    const { values, words } = labelTerms(label)
    const mentions = values.map(({ path, value }) => this.#field(path).addValue(slot, value))
    for (const [path, found] of words) {
      const field = this.#field(path)
      for (const word of found) mentions.push(field.addWord(slot, word))
    }
    return mentions
  }

  #forget(mentions: readonly Mention[]): void {
    for (const mention of mentions) {
      const { field } = mention
      field.remove(mention)
      if (field.isEmpty) this.#fields.delete(field.path)
    }
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
