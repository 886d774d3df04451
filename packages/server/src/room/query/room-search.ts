import type { RoomRecord } from '../room-record.ts'
import { type FigureSteps, RULED_OUT } from './figure-steps.ts'
import { planQuery, type QueryPlan } from './query-plan.ts'
import type { RoomIndex } from './room-index.ts'
import type { Clause } from './room-query-terms.ts'
import { countOf, type Slots } from './slot-list.ts'
import { type Rank, TopRooms } from './top-rooms.ts'

/** A slot that is not, or no longer, in question. */
const OUT = 255

export interface RankedRoom extends Rank {
  readonly room: RoomRecord
}

/** Rooms to go through. */
interface Candidates {
  readonly slots: Slots
  /** They come the oldest first, rather than in no order. */
  readonly areByAge: boolean
  /** Looked-up musts that they have to meet. */
  readonly required: number
}

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
      if (slots.length === 0) return []
      this.#require(slots, position)
    }
    for (const term of mustNot) this.#exclude(this.#index.find(term))
    for (const [position, { term, boost }] of should.entries()) {
      this.#reward(this.#index.find(term), position + 1, boost)
    }
    const top = new TopRooms(count, after)
    this.#rank(this.#candidates(required, count), plan, top)
    return top.ranked().map(({ slot, number, score }) => ({ room: this.#index.at(slot), number, score }))
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
  #require(spans: Slots, position: number): void {
    const met = this.#met
    for (const { slots, from, to } of spans) {
      for (let at = from; at < to; at++) {
        const slot = slots[at] as number
        if (met[slot] === position) met[slot] = position + 1
      }
    }
  }

  #exclude(spans: Slots): void {
    const met = this.#met
    for (const { slots, from, to } of spans) {
      for (let at = from; at < to; at++) met[slots[at] as number] = OUT
    }
  }

  #reward(spans: Slots, position: number, boost: number): void {
    const gained = this.#gained
    const scores = this.#scores
    for (const { slots, from, to } of spans) {
      for (let at = from; at < to; at++) {
        const slot = slots[at] as number
        if (gained[slot] === position) continue
        gained[slot] = position
        scores[slot] = (scores[slot] as number) + boost
      }
    }
  }

  /**
   * The rarest of what is required, or all rooms by age, of which the first may be enough: about `count` of every hundred
   * that meet a must are found among `count` hundred, if those are evenly spread.
   */
  #candidates(required: readonly Slots[], count: number): Candidates {
    const [rarest] = required
    const rarestCount = rarest === undefined ? 0 : countOf(rarest)
    if (rarest !== undefined && rarestCount * rarestCount < count * this.#index.size) {
      return { slots: rarest, areByAge: false, required: required.length }
    }
    return { slots: this.#index.find({ kind: 'all' }), areByAge: true, required: required.length }
  }

  #rank({ slots: spans, areByAge, required }: Candidates, plan: QueryPlan, top: TopRooms): void {
    const { asked, needsShould, lookedUp } = plan
    const met = this.#met
    const scores = this.#scores
    const { numbers } = this.#index
    const best = bestOf(
      lookedUp.should.reduce((sum, { boost }) => sum + boost, 0),
      asked,
    )
    for (let number = spans.length - 1; number >= 0; number--) {
      const { slots, from, to } = spans[number] as Slots[number]
      for (let at = to - 1; at >= from; at--) {
        const slot = slots[at] as number
        if (met[slot] !== required) continue
        met[slot] = OUT
        const gained = scores[slot] as number
        if (bestOf(gained, asked) < top.lowest) continue
        const score = asked.length === 0 ? gained : withGains(this.#index.at(slot), gained, asked)
        if (score === RULED_OUT || (score === 0 && needsShould)) continue
        top.offer(slot, numbers[slot] as number, score)
        // All that follow are older, and none is better.
        if (areByAge && top.lowest === best) return
      }
    }
  }
}

/** What a score becomes at most. Sums are made in one order everywhere, so that they are exactly those of the rooms. */
function bestOf(score: number, asked: readonly FigureSteps[]): number {
  let best = score
  for (const { bestGain } of asked) best += bestGain
  return best
}

/** A score with what a room gains by its figures, or RULED_OUT. */
function withGains(room: RoomRecord, score: number, asked: readonly FigureSteps[]): number {
  let sum = score
  for (const steps of asked) {
    const gain = steps.gainOf(room)
    if (gain === RULED_OUT) return RULED_OUT
    sum += gain
  }
  return sum
}
