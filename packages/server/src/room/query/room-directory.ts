import type { RoomQuery } from '../../script/script-services.ts'
import type { RoomRecord } from '../room-record.ts'
import { parseRoomQuery } from './parse-room-query.ts'
import { decodeCursor } from './room-cursor.ts'
import { RoomIndex } from './room-index.ts'
import { RoomPage } from './room-page.ts'
import type { Clause, NumberRange } from './room-query-terms.ts'
import { RoomSearch } from './room-search.ts'

const NO_SEAT: NumberRange = { min: -Infinity, max: 0, hasMin: true, hasMax: true }

/** Finds rooms that run. It watches every room it is given, so what it finds is true at that moment. */
export class RoomDirectory {
  readonly #index = new RoomIndex()
  readonly #search = new RoomSearch(this.#index)
  #added = 0

  /** From now on the room is listed while it runs. */
  add(room: RoomRecord): void {
    const number = ++this.#added
    const update = (): void => {
      if (room.isListed) this.#index.put(room, number)
      else this.#index.remove(room)
    }
    room.watch(update)
    update()
  }

  delete(room: RoomRecord): void {
    room.watch(undefined)
    this.#index.remove(room)
  }

  /**
   * Running rooms that match, by score, then newest first.
   * @throws {KaosError} INVALID_PAYLOAD for a query or a cursor that cannot be read
   */
  list(query: RoomQuery, limit: number): RoomPage {
    const clauses = parseRoomQuery(query.query ?? '')
    const after = query.cursor === undefined ? undefined : decodeCursor(query, query.cursor)
    return new RoomPage(query, this.#search.find(clauses, filtersOf(query), limit + 1, after), limit)
  }
}

/** The fields beside the query, as terms that must, or must not, match. */
function filtersOf({ module, label, hasSeat }: RoomQuery): Clause[] {
  const clauses: Clause[] = []
  const must = { occurrence: 'must', boost: 1 } as const
  if (module !== undefined)
    clauses.push({ ...must, term: { kind: 'values', path: 'module', values: [module] } })
  if (label !== undefined) clauses.push({ ...must, term: { kind: 'values', path: 'label', values: [label] } })
  if (hasSeat !== undefined) {
    const occurrence = hasSeat ? 'must-not' : 'must'
    clauses.push({ occurrence, boost: 1, term: { kind: 'figure', figure: 'seats', ranges: [NO_SEAT] } })
  }
  return clauses
}
