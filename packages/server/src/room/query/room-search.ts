import type { RoomRecord } from '../room-record.ts'
import { countOf, type Slots } from './field-index.ts'
import { type FigureTerm, planQuery, type QueryPlan } from './query-plan.ts'
import type { RoomIndex } from './room-index.ts'
import { type Clause, figures, isWithin } from './room-query-terms.ts'
import { type Rank, type RankedRoom, TopRooms } from './top-rooms.ts'

/** A slot that is not, or no longer, in question. */
const OUT = 255

/**
 * Runs queries over a {@link RoomIndex}. Terms about module and label are looked up there and counted slot by slot; terms
 * about figures of a room (its seats, its age) are asked of the rooms that are left, so they are those of the moment.
 */
export class RoomSearch {
  readonly #index: RoomIndex
  /** How many of the looked-up musts each slot meets, or OUT. */
  #met = new Uint8Array(0)
  /** The last of the looked-up shoulds that each slot has gained from, counted from 1. */
  #gained = new Uint8Array(0)
  #scores = new Float64Array(0)

  constructor(index: RoomIndex) {
    this.#index = index
  }

  /**
   * The first `count` rooms after `after`: those with the highest score first, among equals the newest. Without a must
   * in the query, a room has to match one of its shoulds, if there are any.
   * @param filters clauses that every room must meet besides
   */
  find(query: readonly Clause[], filters: readonly Clause[], count: number, after?: Rank): RankedRoom[] {
    const plan = planQuery(query, filters)
    const { must, mustNot, should } = plan.lookedUp
    this.#clear()
    // Every room is a candidate anyway.
    const required = must
      .filter(({ kind }) => kind !== 'all')
      .map((term) => this.#index.find(term))
      .sort((a, b) => countOf(a) - countOf(b))
    for (const [position, slots] of required.entries()) {
      if (countOf(slots) === 0) return []
      this.#require(slots, position)
    }
    for (const term of mustNot) this.#exclude(this.#index.find(term))
    for (const [position, { term, boost }] of should.entries()) {
      this.#reward(this.#index.find(term), position + 1, boost)
    }
    const candidates = required[0] ?? this.#index.find({ kind: 'all' })
    return this.#rank(candidates, required.length, plan, new TopRooms(count, after))
  }

  #clear(): void {
    const { slotCount } = this.#index
    if (this.#met.length < slotCount) {
      const size = slotCount * 2
      this.#met = new Uint8Array(size)
      this.#gained = new Uint8Array(size)
      this.#scores = new Float64Array(size)
      return
    }
    this.#met.fill(0, 0, slotCount)
    this.#gained.fill(0, 0, slotCount)
    this.#scores.fill(0, 0, slotCount)
  }

  /** Counts this must for slots that meet all before it. */
  #require(slots: Slots, position: number): void {
    const met = this.#met
    for (const list of slots) {
      for (let at = 0; at < list.length; at++) {
        const slot = list[at] as number
        if (met[slot] === position) met[slot] = position + 1
      }
    }
  }

  #exclude(slots: Slots): void {
    const met = this.#met
    for (const list of slots) {
      for (let at = 0; at < list.length; at++) met[list[at] as number] = OUT
    }
  }

  #reward(slots: Slots, position: number, boost: number): void {
    const gained = this.#gained
    const scores = this.#scores
    for (const list of slots) {
      for (let at = 0; at < list.length; at++) {
        const slot = list[at] as number
        if (gained[slot] === position) continue
        gained[slot] = position
        scores[slot] = (scores[slot] as number) + boost
      }
    }
  }

  #rank(candidates: Slots, required: number, { asked, needsShould }: QueryPlan, top: TopRooms): RankedRoom[] {
    const met = this.#met
    const isAsking = asked.must.length + asked.mustNot.length + asked.should.length > 0
    for (const list of candidates) {
      // New rooms tend to stand at the end, and those that follow a better one cost less.
      for (let at = list.length - 1; at >= 0; at--) {
        const slot = list[at] as number
        if (met[slot] !== required) continue
        met[slot] = OUT
        if (!isAsking && top.isTooLow(this.#scores[slot] as number)) continue
        const found = this.#index.at(slot)
        const gain = isAsking ? gainOf(found.room, asked) : 0
        if (gain === undefined) continue
        const score = (this.#scores[slot] as number) + gain
        if (score > 0 || !needsShould) top.offer(found, score)
      }
    }
    return top.ranked
  }
}

/** What a room gains by its figures; undefined when they rule it out. */
function gainOf(room: RoomRecord, { must, mustNot, should }: QueryPlan['asked']): number | undefined {
  for (const term of must) if (!matches(room, term)) return undefined
  for (const term of mustNot) if (matches(room, term)) return undefined
  let gain = 0
  for (const { term, boost } of should) if (matches(room, term)) gain += boost
  return gain
}

function matches(room: RoomRecord, { figure, ranges }: FigureTerm): boolean {
  const value = figures[figure](room)
  for (const range of ranges) if (isWithin(range, value)) return true
  return false
}
