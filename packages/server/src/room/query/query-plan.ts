import { FigureSteps, type FigureTerm } from './figure-steps.ts'
import type { IndexedTerm } from './room-index.ts'
import type { Clause, Figure } from './room-query-terms.ts'

interface Sorted<T> {
  readonly must: T[]
  readonly mustNot: T[]
  readonly should: { readonly term: T; readonly boost: number }[]
}

/** The clauses of a query by how they are answered. */
export interface QueryPlan {
  /** Looked up in the index. */
  readonly lookedUp: Sorted<IndexedTerm>
  /** Asked of each room that is left. */
  readonly asked: readonly FigureSteps[]
  /** There are terms of which a room must match one. */
  readonly needsShould: boolean
}

/** @param filters clauses that every room must meet besides, whatever the query says */
export function planQuery(query: readonly Clause[], filters: readonly Clause[]): QueryPlan {
  const lookedUp = sorted<IndexedTerm>()
  const byFigure = new Map<Figure, Sorted<FigureTerm>>()
  for (const clause of [...query, ...filters]) {
    const { term } = clause
    if (term.kind !== 'figure') {
      sortIn(lookedUp, clause, term)
      continue
    }
    const terms = byFigure.get(term.figure) ?? sorted<FigureTerm>()
    byFigure.set(term.figure, terms)
    sortIn(terms, clause, term)
  }
  const has = (occurrence: Clause['occurrence']) => query.some((clause) => clause.occurrence === occurrence)
  return {
    lookedUp,
    asked: Array.from(byFigure, ([figure, terms]) => new FigureSteps(figure, terms)),
    needsShould: has('should') && !has('must'),
  }
}

function sorted<T>(): Sorted<T> {
  return { must: [], mustNot: [], should: [] }
}

function sortIn<T>({ must, mustNot, should }: Sorted<T>, { occurrence, boost }: Clause, term: T): void {
  switch (occurrence) {
    case 'must':
      must.push(term)
      return
    case 'must-not':
      mustNot.push(term)
      return
    case 'should':
      should.push({ term, boost })
      return
    default:
      occurrence satisfies never
  }
}
