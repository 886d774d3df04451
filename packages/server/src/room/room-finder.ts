import type { KaosError } from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { RoomId } from '../ids.ts'
import type { Session } from '../session/session.ts'
import { asKaosError } from './as-kaos-error.ts'
import type { JoinOutcome } from './join-attempt.ts'
import { parseRoomQuery } from './query/parse-room-query.ts'
import type { RoomRecord } from './room-record.ts'
import type { RoomRegistry } from './room-registry.ts'

/** Somebody wants a seat in a room that matches, whichever it is. */
export interface FindRequest {
  readonly session: Session
  /** With slashes. */
  readonly module: string
  readonly query: string | undefined
  /** Nobody waits for it any more. */
  isOver(): boolean
  /** Makes a room when none matches; a hook may make it wait. */
  create(): RoomRecord | Promise<RoomRecord>
  /** Takes a seat of a room that runs. @throws {KaosError} when the session may not have it */
  reserve(room: RoomRecord, onSettled: (outcome: JoinOutcome) => void): void
  /** Told once: the room it is in, or why in none; undefined when nobody waits for it any more. */
  onSettled(result: RoomId | KaosError | undefined): void
}

/** A room that is being made, and who waits to see whether it has a seat for them. */
interface Creation {
  readonly waiting: Search[]
}

interface Search {
  readonly request: FindRequest
  /** Rooms that would not have this session. */
  readonly refusedBy: Set<RoomId>
}

/** Rooms that may refuse a session before one is made for it. */
const MAX_REFUSALS = 8

/**
 * Finds a room or makes one, in one step: of all who look for the same thing at once, one makes the room and the others
 * wait for it. How many seats it has is known when it runs; who finds none left makes the next.
 */
export class RoomFinder {
  readonly #rooms: RoomRegistry
  readonly #clock: Pick<Clock, 'defer'>
  readonly #creations = new Map<string, Creation>()

  constructor(rooms: RoomRegistry, clock: Pick<Clock, 'defer'>) {
    this.#rooms = rooms
    this.#clock = clock
  }

  /** Searches that wait for a room to be made. */
  get waiting(): number {
    let count = 0
    for (const { waiting } of this.#creations.values()) count += waiting.length
    return count
  }

  /** @param request With a query that can be read: see {@link checkQuery}. */
  find(request: FindRequest): void {
    this.#place({ request, refusedBy: new Set() })
  }

  #place(search: Search): void {
    const { request } = search
    if (request.isOver()) return request.onSettled(undefined)
    try {
      const room = this.#match(search)
      if (room !== undefined) return this.#reserve(search, room)
    } catch (error) {
      return request.onSettled(asKaosError(error))
    }
    const key = keyOf(request)
    const creation = this.#creations.get(key)
    if (creation !== undefined) creation.waiting.push(search)
    else void this.#create(search, key)
  }

  /** The best room that runs, has a free seat, and may want this session. */
  #match({ request, refusedBy }: Search): RoomRecord | undefined {
    if (refusedBy.size >= MAX_REFUSALS) return undefined
    const { session, module, query } = request
    const limit = 1 + session.roomCount + refusedBy.size
    const { rooms } = this.#rooms.list({ module, query, hasSeat: true, limit }, limit)
    return rooms.find(({ id }) => session.membershipOf(id) === undefined && !refusedBy.has(id))
  }

  #reserve(search: Search, room: RoomRecord): void {
    const { request, refusedBy } = search
    request.reserve(room, (outcome) => {
      if (outcome === 'accepted') return request.onSettled(room.id)
      if (outcome === 'gone') return request.onSettled(undefined)
      refusedBy.add(room.id)
      // The host tells this from within the room's work: other rooms come after it.
      this.#clock.defer(() => this.#place(search))
    })
  }

  async #create(search: Search, key: string): Promise<void> {
    const { request } = search
    const creation: Creation = { waiting: [] }
    this.#creations.set(key, creation)
    try {
      const created = request.create()
      const room = created instanceof Promise ? await created : created
      room.whenStarted((error) => {
        if (error !== undefined) request.onSettled(asKaosError(error))
        else this.#seatCreator(search, room)
        this.#created(creation, key)
      })
    } catch (error) {
      request.onSettled(asKaosError(error))
      this.#created(creation, key)
    }
  }

  /** Whoever has had the room made is in it, whatever its label has become. */
  #seatCreator({ request }: Search, room: RoomRecord): void {
    if (request.isOver()) return request.onSettled(undefined)
    try {
      request.reserve(room, (outcome) => {
        if (outcome === 'accepted') request.onSettled(room.id)
        else request.onSettled(outcome === 'gone' ? undefined : outcome)
      })
    } catch (error) {
      request.onSettled(asKaosError(error))
    }
  }

  /** In the order they came; once one of them has the next room made, the rest waits for that. */
  #created(creation: Creation, key: string): void {
    this.#creations.delete(key)
    for (const [index, search] of creation.waiting.entries()) {
      const next = this.#creations.get(key)
      if (next === undefined) this.#place(search)
      else {
        for (const rest of creation.waiting.slice(index)) next.waiting.push(rest)
        return
      }
    }
  }
}

/** Params are no part of it: who looks for the same may take what another has made. */
function keyOf({ module, query = '' }: FindRequest): string {
  return `${module}\n${query}`
}

/** @throws {KaosError} INVALID_PAYLOAD for a query that cannot be read */
export function checkQuery(query: string | undefined): void {
  parseRoomQuery(query ?? '')
}
