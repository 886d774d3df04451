import { KaosError } from '@kaosnet/protocol'

const SHOWN_CHARACTERS = 20
/** What cannot be part of a word, unless a backslash stands before it. */
const RESERVED = /[\s"()[\]^:<>~*]/

/** Reads the text of a query from left to right. */
export class QueryScanner {
  readonly #text: string
  readonly #name: string
  #at = 0

  /** @param name what errors call the text */
  constructor(text: string, name: string) {
    this.#text = text
    this.#name = name
  }

  /** Where the next character is. */
  get at(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length
  }

  /** The next character; empty at the end. */
  get next(): string {
    return this.#text.charAt(this.#at)
  }

  get isAtSpace(): boolean {
    return /\s/.test(this.next)
  }

  skipSpaces(): void {
    while (this.isAtSpace) this.#at++
  }

  /** Takes `token` if it comes next. */
  take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  expect(token: string): void {
    if (!this.take(token)) this.fail(`"${token}"`)
  }

  /** A word without its backslashes; empty when none comes next. */
  word(): string {
    let word = ''
    while (!this.isAtEnd && !RESERVED.test(this.next)) {
      if (this.take('\\') && this.isAtEnd) this.fail('a character after the backslash')
      word += this.next
      this.#at++
    }
    return word
  }

  /** The text within quotes, which come next. */
  quoted(): string {
    const start = this.#at
    let text = ''
    this.expect('"')
    while (!this.take('"')) {
      this.take('\\')
      if (this.isAtEnd) this.fail('a closing quote', start)
      text += this.next
      this.#at++
    }
    return text
  }

  /** A number that fills a whole word. */
  number(expected = 'a number'): number {
    const start = this.#at
    const number = numberOf(this.word())
    if (number === undefined) this.fail(expected, start)
    return number
  }

  /** @throws {KaosError} INVALID_PAYLOAD that says where, what was expected and what is there */
  fail(expected: string, at = this.#at): never {
    const position = Array.from(this.#text.slice(0, at)).length + 1
    const rest = Array.from(this.#text.slice(at, at + 2 * SHOWN_CHARACTERS))
      .slice(0, SHOWN_CHARACTERS)
      .join('')
    const got = rest === '' ? 'the end' : JSON.stringify(rest)
    throw new KaosError(
      'INVALID_PAYLOAD',
      `${this.#name}: character ${position}: expected ${expected}, got ${got}`,
    )
  }
}

/** undefined when the whole text is no decimal number. */
export function numberOf(text: string): number | undefined {
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined
  const number = Number(text)
  return Number.isFinite(number) ? number : undefined
}
