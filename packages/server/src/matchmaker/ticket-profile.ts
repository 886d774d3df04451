import { wordsOf } from '../room/query/words.ts'
import type { PropertyValue, TicketSpec } from './ticket.ts'

/** What queries can ask of a ticket, prepared once. Paths are those of queries: `properties.<name>`. */
export class TicketProfile {
  readonly partySize: number
  readonly #values = new Map<string, PropertyValue>()
  /** Path → the words there, sorted, each once; those of `properties` are the words of all strings. */
  readonly #words = new Map<string, readonly string[]>()

  constructor({ properties, size }: Pick<TicketSpec, 'properties' | 'size'>) {
    this.partySize = size
    const all: string[] = []
    for (const [name, value] of Object.entries(properties)) {
      const path = `properties.${name}`
      this.#values.set(path, value)
      if (typeof value !== 'string') continue
      const words = wordsOf(value)
      this.#words.set(path, sorted(words))
      for (const word of words) all.push(word)
    }
    this.#words.set('properties', sorted(all))
  }

  valueAt(path: string): PropertyValue | undefined {
    return this.#values.get(path)
  }

  /** Whether the strings at `path` have all these words, and one that begins with `prefix`. */
  hasWords(path: string, words: readonly string[], prefix: string | undefined): boolean {
    const known = this.#words.get(path)
    if (known === undefined) return false
    for (const word of words) if (known[firstNotBefore(known, word)] !== word) return false
    return prefix === undefined || known[firstNotBefore(known, prefix)]?.startsWith(prefix) === true
  }
}

function sorted(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort()
}

/** Where `word` is, or would stand. */
function firstNotBefore(words: readonly string[], word: string): number {
  let low = 0
  let high = words.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((words[middle] as string) < word) low = middle + 1
    else high = middle
  }
  return low
}
