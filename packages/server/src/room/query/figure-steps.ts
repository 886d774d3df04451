import type { RoomRecord } from '../room-record.ts'
import { type Figure, figures, isWithin, type Term } from './room-query-terms.ts'

/** A term about a figure of the room itself. */
export type FigureTerm = Extract<Term, { readonly kind: 'figure' }>

/** Terms of one query about one figure. */
export interface FigureTerms {
  readonly must: readonly FigureTerm[]
  readonly mustNot: readonly FigureTerm[]
  readonly should: readonly { readonly term: FigureTerm; readonly boost: number }[]
}

/** What rooms gain that a figure rules out. All others gain 0 or more. */
export const RULED_OUT = -1

/**
 * What rooms gain by one of their figures. It changes only where a range begins or ends, so that it is worked out once for
 * each of these bounds and once for what lies between two, and a room costs a search among them, however many terms
 * there are.
 */
export class FigureSteps {
  /** What a room gains that matches all. */
  readonly bestGain: number
  readonly #figure: Figure
  readonly #terms: FigureTerms
  /** Rising. */
  readonly #bounds: Float64Array
  /** Below the first bound, at it, between it and the second, at that, and so on; NaN until somebody asks. */
  readonly #gains: Float64Array

  constructor(figure: Figure, terms: FigureTerms) {
    this.#figure = figure
    this.#terms = terms
    const all = [...terms.must, ...terms.mustNot, ...terms.should.map(({ term }) => term)]
    const bounds = new Set(all.flatMap(({ ranges }) => ranges.flatMap(({ min, max }) => [min, max])))
    this.#bounds = Float64Array.from(bounds).sort()
    this.#gains = new Float64Array(2 * bounds.size + 1).fill(Number.NaN)
    this.bestGain = terms.should.reduce((sum, { boost }) => sum + boost, 0)
  }

  /** What a room gains at this moment, or {@link RULED_OUT}. */
  gainOf(room: RoomRecord): number {
    const value = figures[this.#figure](room)
    const bounds = this.#bounds
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((bounds[middle] as number) < value) low = middle + 1
      else high = middle
    }
    const step = bounds[low] === value ? 2 * low + 1 : 2 * low
    const known = this.#gains[step] as number
    if (!Number.isNaN(known)) return known
    const gain = this.#workOut(value)
    this.#gains[step] = gain
    return gain
  }

  #workOut(value: number): number {
    const { must, mustNot, should } = this.#terms
    const matches = ({ ranges }: FigureTerm): boolean => ranges.some((range) => isWithin(range, value))
    if (!must.every(matches) || mustNot.some(matches)) return RULED_OUT
    return should.reduce((gain, { term, boost }) => (matches(term) ? gain + boost : gain), 0)
  }
}
