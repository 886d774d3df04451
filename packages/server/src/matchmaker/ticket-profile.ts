import { wordsOf } from '../room/query/words.ts'
import type { PropertyValue, TicketSpec } from './ticket.ts'

/** What queries can ask of a ticket, prepared once. */
export class TicketProfile {
  readonly partySize: number
  /** By {@link internedName}. */
  readonly #values = new Map<string, PropertyValue>()
  /** Path → the words there, sorted, each once; those of `properties` are the words of all strings. */
  readonly #words = new Map<string, readonly string[]>()

  constructor({ properties, size }: Pick<TicketSpec, 'properties' | 'size'>) {
    this.partySize = size
    const all: string[] = []
    for (const [name, value] of Object.entries(properties)) {
      this.#values.set(name, value)
      if (typeof value !== 'string') continue
      const words = wordsOf(value)
      this.#words.set(`properties.${name}`, sorted(words))
      for (const word of words) all.push(word)
    }
    this.#words.set('properties', sorted(all))
  }

  /** @param name made by {@link internedName} */
  valueOf(name: string): PropertyValue | undefined {
    return this.#values.get(name)
  }

  /** Whether the strings at `path`, `properties` or `properties.<name>`, have all these words, and one that begins with `prefix`. */
  hasWords(path: string, words: readonly string[], prefix: string | undefined): boolean {
    const known = this.#words.get(path)
    if (known === undefined) return false
    for (const word of words) if (known[firstNotBefore(known, word)] !== word) return false
    return prefix === undefined || known[firstNotBefore(known, prefix)]?.startsWith(prefix) === true
  }
}

/**
 * The same text, as the one string of the engine that names of properties are. A map of those is searched by comparing
 * addresses, where any other string is compared letter by letter: this is asked millions of times.
 */
export function internedName(name: string): string {
  return Object.keys({ [name]: true })[0] as string
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
