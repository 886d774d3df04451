import { KaosError } from '@kaosnet/protocol'
import type { RoomId, SessionId } from '../ids.ts'
import type { RoomQuery } from '../script/script-services.ts'
import { RoomDirectory } from './query/room-directory.ts'
import type { RoomPage } from './query/room-page.ts'
import type { RoomRecord } from './room-record.ts'

/** Ended rooms that are remembered, so that a late join is told ROOM_CLOSED and not ROOM_NOT_FOUND. */
const REMEMBERED_ROOMS = 4_096

/** The rooms of this node. */
export class RoomRegistry {
  readonly #rooms = new Map<RoomId, RoomRecord>()
  readonly #directory = new RoomDirectory()
  readonly #ended = new Set<RoomId>()

  get size(): number {
    return this.#rooms.size
  }

  [Symbol.iterator](): IterableIterator<RoomRecord> {
    return this.#rooms.values()
  }

  find(id: RoomId): RoomRecord | undefined {
    return this.#rooms.get(id)
  }

  /** @throws {KaosError} ROOM_NOT_FOUND, or ROOM_CLOSED for a room that has ended or is ending. */
  require(id: RoomId): RoomRecord {
    const room = this.#rooms.get(id)
    if (room !== undefined && room.phase !== 'draining' && room.phase !== 'closed') return room
    if (room !== undefined || this.#ended.has(id)) throw new KaosError('ROOM_CLOSED')
    throw new KaosError('ROOM_NOT_FOUND')
  }

  add(room: RoomRecord): void {
    this.#rooms.set(room.id, room)
    this.#directory.add(room)
  }

  delete(id: RoomId): void {
    const room = this.#rooms.get(id)
    if (room === undefined) return
    this.#rooms.delete(id)
    this.#directory.delete(room)
    this.#ended.add(id)
    if (this.#ended.size > REMEMBERED_ROOMS) {
      const [oldest] = this.#ended
      if (oldest !== undefined) this.#ended.delete(oldest)
    }
  }

  countCreatedBy(session: SessionId): number {
    let count = 0
    for (const room of this.#rooms.values()) if (room.createdBy === session) count++
    return count
  }

  /**
   * Running rooms that match, by score, then newest first; at most `limit`.
   * @throws {KaosError} INVALID_PAYLOAD for a query or a cursor that cannot be read
   */
  list(query: RoomQuery, limit: number): RoomPage {
    return this.#directory.list(query, Math.min(query.limit ?? limit, limit))
  }
}
