import type { IndexedTerm } from './room-index.ts'
import type { Clause, Term } from './room-query-terms.ts'

/** A term about a figure of the room itself. */
export type FigureTerm = Extract<Term, { readonly kind: 'figure' }>

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
  readonly asked: Sorted<FigureTerm>
  /** There are terms of which a room must match one. */
  readonly needsShould: boolean
}

/** @param filters clauses that every room must meet besides, whatever the query says */
export function planQuery(query: readonly Clause[], filters: readonly Clause[]): QueryPlan {
  const lookedUp: Sorted<IndexedTerm> = { must: [], mustNot: [], should: [] }
  const asked: Sorted<FigureTerm> = { must: [], mustNot: [], should: [] }
  for (const clause of [...query, ...filters]) {
    if (clause.term.kind === 'figure') sortIn(asked, clause, clause.term)
    else sortIn(lookedUp, clause, clause.term)
  }
  const has = (occurrence: Clause['occurrence']) => query.some((clause) => clause.occurrence === occurrence)
  return { lookedUp, asked, needsShould: has('should') && !has('must') }
}

function sortIn<T>(sorted: Sorted<T>, { occurrence, boost }: Clause, term: T): void {
  switch (occurrence) {
    case 'must':
      sorted.must.push(term)
      return
    case 'must-not':
      sorted.mustNot.push(term)
      return
    case 'should':
      sorted.should.push({ term, boost })
      return
    default:
      occurrence satisfies never
  }
}
