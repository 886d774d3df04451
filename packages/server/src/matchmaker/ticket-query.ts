import { parseQuery } from '../room/query/parse-room-query.ts'
import { type Clause, isWithin, type QueryFields, type Term } from '../room/query/room-query-terms.ts'
import type { PropertyValue } from './ticket.ts'
import { internedName, type TicketProfile } from './ticket-profile.ts'

type TicketFigure = 'party_size'

const ticketFields: QueryFields<TicketFigure> = {
  document: 'properties',
  isDocumentText: false,
  texts: [],
  figures: ['party_size'],
  isFigure: (name) => name === 'party_size',
}

type Test = (profile: TicketProfile) => boolean

interface Reward {
  readonly test: Test
  readonly boost: number
}

/** What a ticket asks of the others at one of its stages, ready to be asked many times. */
export class TicketQuery {
  /** Steps that asking takes at most: terms, and words of terms. */
  readonly steps: number
  readonly #must: Test[] = []
  readonly #mustNot: Test[] = []
  readonly #should: Reward[] = []
  /** There are terms of which a ticket must match one. */
  readonly #needsShould: boolean

  /**
   * @param name what errors call the query
   * @throws {KaosError} INVALID_PAYLOAD that names the character at which something else was expected
   */
  constructor(text: string, name: string) {
    let steps = 1
    for (const { occurrence, boost, term } of parseQuery(text, ticketFields, name)) {
      steps += term.kind === 'words' ? 1 + term.words.length : 1
      this.#add(occurrence, boost, testOf(term))
    }
    this.steps = steps
    this.#needsShould = this.#should.length > 0 && this.#must.length === 0
  }

  /** What the ticket gains by the terms that it should match, 0 or more; undefined when it is not accepted. */
  score(profile: TicketProfile): number | undefined {
    for (const test of this.#must) if (!test(profile)) return undefined
    for (const test of this.#mustNot) if (test(profile)) return undefined
    let score = 0
    for (const { test, boost } of this.#should) if (test(profile)) score += boost
    return score > 0 || !this.#needsShould ? score : undefined
  }

  #add(occurrence: Clause['occurrence'], boost: number, test: Test): void {
    switch (occurrence) {
      case 'must':
        this.#must.push(test)
        return
      case 'must-not':
        this.#mustNot.push(test)
        return
      case 'should':
        this.#should.push({ test, boost })
        return
      default:
        occurrence satisfies never
    }
  }
}

function testOf(term: Term<TicketFigure>): Test {
  switch (term.kind) {
    case 'all':
      return () => true
    case 'present': {
      const name = nameIn(term.path)
      return (profile) => profile.valueOf(name) !== undefined
    }
    case 'values': {
      const name = nameIn(term.path)
      const values = new Set<unknown>(term.values)
      return (profile) => values.has(profile.valueOf(name))
    }
    case 'prefix': {
      const name = nameIn(term.path)
      return (profile) => textOf(profile.valueOf(name))?.startsWith(term.prefix) === true
    }
    case 'words':
      return (profile) => profile.hasWords(term.path, term.words, term.prefix)
    case 'range': {
      const name = nameIn(term.path)
      const { range } = term
      return (profile) => {
        const value = profile.valueOf(name)
        return typeof value === 'number' && isWithin(range, value)
      }
    }
    case 'figure':
      return (profile) => term.ranges.some((range) => isWithin(range, profile.partySize))
    default:
      return term satisfies never
  }
}

/** Of a path `properties.<name>`, the name. */
function nameIn(path: string): string {
  return internedName(path.slice(`${ticketFields.document}.`.length))
}

function textOf(value: PropertyValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
