import type { RoomQuery } from '../../script/script-services.ts'
import type { RoomRecord } from '../room-record.ts'
import { encodeCursor } from './room-cursor.ts'
import type { RankedRoom } from './room-search.ts'

/** A part of the answer to a query, in order. */
export class RoomPage {
  readonly rooms: readonly RoomRecord[]
  readonly #query: RoomQuery
  readonly #found: readonly RankedRoom[]

  /** @param found the rooms of the page, and one more if there is one */
  constructor(query: RoomQuery, found: readonly RankedRoom[], limit: number) {
    this.#query = query
    this.#found = found
    this.rooms = found.slice(0, limit).map(({ room }) => room)
  }

  /** Where to go on for one who takes all rooms of the page; undefined when there are no more. */
  get cursor(): string | undefined {
    return this.cursorAfter(this.rooms.length)
  }

  /** Where to go on for one who takes only the first `count` rooms. */
  cursorAfter(count: number): string | undefined {
    const last = this.#found[count - 1]
    return last === undefined || count >= this.#found.length ? undefined : encodeCursor(this.#query, last)
  }
}
