import type { RoomRecord } from '../room-record.ts'
import { type FigureSteps, RULED_OUT } from './figure-steps.ts'
import { planQuery, type QueryPlan } from './query-plan.ts'
import type { RoomIndex } from './room-index.ts'
import type { Clause } from './room-query-terms.ts'
import { countOf, type Slots } from './slot-list.ts'
import { type Rank, TopRooms } from './top-rooms.ts'

/** A slot that is not, or no longer, in question. */
const OUT = 255
/** A slot has a byte for the shoulds that it matches, which stays in the nearest cache. */
const SHOULDS_AT_ONCE = 8

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
  /** Which of the shoulds that are being looked up each slot matches, a bit for each. */
  #matched = new Uint8Array(0)
  /** What each slot has gained by the shoulds before those. */
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
    let best = 0
    for (let from = 0; from < should.length; from += SHOULDS_AT_ONCE) {
      best += this.#reward(should.slice(from, from + SHOULDS_AT_ONCE))
    }
    const top = new TopRooms(count, after)
    this.#rank(this.#candidates(required, count), plan, best, top)
    return top.ranked().map(({ slot, number, score }) => ({ room: this.#index.at(slot), number, score }))
  }

  #clear(): void {
    const { slotCount } = this.#index
    if (this.#met.length < slotCount) {
      const size = slotCount * 2
      this.#met = new Uint8Array(size)
      this.#matched = new Uint8Array(size)
      this.#scores = new Float64Array(size)
      return
    }
    this.#met.fill(0, 0, slotCount)
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

  /**
   * Adds to the scores what slots gain by a few shoulds.
   * @returns what one gains that matches all
   */
  #reward(shoulds: QueryPlan['lookedUp']['should']): number {
    const { slotCount } = this.#index
    const matched = this.#matched
    matched.fill(0, 0, slotCount)
    for (const [bit, { term }] of shoulds.entries()) this.#mark(this.#index.find(term), 1 << bit)
    const gains = sumsOf(shoulds.map(({ boost }) => boost))
    const scores = this.#scores
    for (let slot = 0; slot < slotCount; slot++) {
      scores[slot] = (scores[slot] as number) + (gains[matched[slot] as number] as number)
    }
    return gains.at(-1) as number
  }

  #mark(spans: Slots, bit: number): void {
    const matched = this.#matched
    for (const { slots, from, to } of spans) {
      for (let at = from; at < to; at++) {
        const slot = slots[at] as number
        matched[slot] = (matched[slot] as number) | bit
      }
    }
  }

  /**
   * The rarest of what is required; or all rooms by age, of which the newest may be enough, if fewer of them have to be
   * gone through: with rooms that match spread evenly, `count` of them are among `count` × all ÷ matching.
   */
  #candidates(required: readonly Slots[], count: number): Candidates {
    const [rarest] = required
    const rarestCount = rarest === undefined ? 0 : countOf(rarest)
    if (rarest !== undefined && rarestCount * rarestCount < count * this.#index.size) {
      return { slots: rarest, areByAge: false, required: required.length }
    }
    return { slots: this.#index.find({ kind: 'all' }), areByAge: true, required: required.length }
  }

  /** @param bestLookedUp what a room has gained that matches all shoulds which were looked up */
  #rank(candidates: Candidates, plan: QueryPlan, bestLookedUp: number, top: TopRooms): void {
    const { slots: spans, areByAge, required } = candidates
    const { asked, needsShould } = plan
    const met = this.#met
    const scores = this.#scores
    const { numbers } = this.#index
    const best = bestOf(bestLookedUp, asked)
    for (let span = spans.length - 1; span >= 0; span--) {
      const { slots, from, to } = spans[span] as Slots[number]
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

/** The sum of each selection of some numbers, in their order: the one at 5 is of the first and the third. */
function sumsOf(numbers: readonly number[]): Float64Array {
  const sums = new Float64Array(1 << numbers.length)
  for (const [bit, number] of numbers.entries()) {
    const first = 1 << bit
    for (let at = 0; at < first; at++) sums[first + at] = (sums[at] as number) + number
  }
  return sums
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
