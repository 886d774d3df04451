import { KaosError } from '@kaosnet/protocol'
import type { RoomId, SessionId } from '../ids.ts'
import type { RoomQuery } from '../script/script-services.ts'
import type { RoomRecord } from './room-record.ts'

/** Ended rooms that are remembered, so that a late join is told ROOM_CLOSED and not ROOM_NOT_FOUND. */
const REMEMBERED_ROOMS = 4_096

/** The rooms of this node. */
export class RoomRegistry {
  readonly #rooms = new Map<RoomId, RoomRecord>()
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
  }

  delete(id: RoomId): void {
    if (!this.#rooms.delete(id)) return
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

  /** Running rooms that match, newest first. */
  list(query: RoomQuery, limit: number): RoomRecord[] {
    const found: RoomRecord[] = []
    for (const room of this.#rooms.values()) {
      if (room.phase !== 'running') continue
      if (query.module !== undefined && room.module !== query.module) continue
      if (query.label !== undefined && room.traits.label !== query.label) continue
      if (query.hasSeat !== undefined && room.hasFreeSeat !== query.hasSeat) continue
      found.push(room)
    }
    // Rooms are kept in the order they were made.
    return found.reverse().slice(0, Math.min(query.limit ?? limit, limit))
  }
}
