import { KaosError, utf8Bytes, WireLimits } from '@kaosnet/protocol'
import { numberOf, QueryScanner } from './query-scanner.ts'
import {
  type Clause,
  exactly,
  type Figure,
  type LabelValue,
  type NumberRange,
  type QueryFields,
  roomFields,
  type Term,
} from './room-query-terms.ts'
import { wordsOf } from './words.ts'

/** Terms of one query. */
export const QUERY_TERMS = 32
const MAX_BOOST = 1_000_000

/** A term about something that is no figure. */
type FieldTerm = Exclude<Term, { readonly kind: 'figure' }>

/**
 * Reads a query for rooms (docs/protocol.md#queries).
 * @throws {KaosError} INVALID_PAYLOAD that names the character at which something else was expected
 */
export function parseRoomQuery(text: string): Clause<Figure>[] {
  return parseQuery(text, roomFields, 'query')
}

/**
 * Reads a query for whatever has these fields.
 * @param name what errors call the query
 * @throws {KaosError} INVALID_PAYLOAD that names the character at which something else was expected
 */
export function parseQuery<F extends string>(
  text: string,
  fields: QueryFields<F>,
  name: string,
): Clause<F>[] {
  const size = utf8Bytes(text)
  if (size > WireLimits.queryBytes) {
    throw new KaosError('INVALID_PAYLOAD', `${name}: at most ${WireLimits.queryBytes} bytes, got ${size}`)
  }
  const scanner = new QueryScanner(text, name)
  const clauses: Clause<F>[] = []
  scanner.skipSpaces()
  while (!scanner.isAtEnd) {
    if (clauses.length === QUERY_TERMS) scanner.fail(`no more than ${QUERY_TERMS} terms`)
    clauses.push(readClause(scanner, fields))
    if (!scanner.isAtEnd && !scanner.isAtSpace) scanner.fail('a space or the end of the query')
    scanner.skipSpaces()
  }
  return clauses
}

function readClause<F extends string>(scanner: QueryScanner, fields: QueryFields<F>): Clause<F> {
  const occurrence = scanner.take('+') ? 'must' : scanner.take('-') ? 'must-not' : 'should'
  const term = readTerm(scanner, fields)
  const boostAt = scanner.at
  if (!scanner.take('^')) return { occurrence, boost: 1, term }
  if (occurrence !== 'should')
    scanner.fail('no boost for a term with + or -, which adds nothing to the score', boostAt)
  const numberAt = scanner.at
  const expected = `a number above 0, at most ${MAX_BOOST}`
  const boost = scanner.number(expected)
  if (boost <= 0 || boost > MAX_BOOST) scanner.fail(expected, numberAt)
  return { occurrence, boost, term }
}

function readTerm<F extends string>(scanner: QueryScanner, fields: QueryFields<F>): Term<F> {
  const { document } = fields
  const start = scanner.at
  if (scanner.next === '"')
    return { kind: 'words', path: document, words: readWords(scanner), prefix: undefined }
  const word = scanner.word()
  if (word === '') {
    if (scanner.take('*')) return { kind: 'all' }
    return scanner.fail('a term, such as a word or field:value')
  }
  if (!scanner.take(':')) return wordsTerm(scanner, document, word, start)
  if (fields.isFigure(word)) return { kind: 'figure', figure: word, ranges: readRanges(scanner) }
  if (fields.texts.includes(word)) return readText(scanner, word)
  if (word === document && fields.isDocumentText) {
    return scanner.take('~') ? readFieldWords(scanner, word) : readText(scanner, word)
  }
  if (word.startsWith(`${document}.`)) return readDocumentValue(scanner, word)
  return scanner.fail(`a field: ${namesOf(fields).join(', ')}`, start)
}

function namesOf({ document, isDocumentText, texts, figures }: QueryFields<string>): string[] {
  return [...(isDocumentText ? [document] : []), `${document}.…`, ...texts, ...figures]
}

/** A value of a field that is always a text. */
function readText(scanner: QueryScanner, path: string): FieldTerm {
  return readStrings(scanner, path, (word) => [word])
}

/** A value in the document: what is not in quotes may also be a number or a boolean. */
function readDocumentValue(scanner: QueryScanner, path: string): FieldTerm {
  if (scanner.take('~')) return readFieldWords(scanner, path)
  if (scanner.next === '<' || scanner.next === '>' || scanner.next === '[') {
    return { kind: 'range', path, range: readRange(scanner) }
  }
  return readStrings(scanner, path, (word) => {
    const number = numberOf(word)
    if (number !== undefined) return [word, number]
    return word === 'true' || word === 'false' ? [word, word === 'true'] : [word]
  })
}

function readStrings(
  scanner: QueryScanner,
  path: string,
  readings: (word: string) => LabelValue[],
): FieldTerm {
  if (scanner.take('*')) return { kind: 'present', path }
  if (scanner.take('(')) {
    const values = readSet(scanner, () => readOne(scanner, readings)).flat()
    return { kind: 'values', path, values }
  }
  if (scanner.next === '"') return { kind: 'values', path, values: [scanner.quoted()] }
  const word = requireWord(scanner)
  return scanner.take('*')
    ? { kind: 'prefix', path, prefix: word }
    : { kind: 'values', path, values: readings(word) }
}

function readOne(scanner: QueryScanner, readings: (word: string) => LabelValue[]): LabelValue[] {
  return scanner.next === '"' ? [scanner.quoted()] : readings(requireWord(scanner))
}

function requireWord(scanner: QueryScanner): string {
  const word = scanner.word()
  if (word === '') scanner.fail('a value')
  return word
}

/** What stands between parentheses, of which the first has been read. */
function readSet<T>(scanner: QueryScanner, readOne: () => T): T[] {
  const items: T[] = []
  do {
    scanner.skipSpaces()
    items.push(readOne())
    if (scanner.next !== ')' && !scanner.isAtSpace) scanner.fail('a space or ")"')
    scanner.skipSpaces()
  } while (!scanner.take(')'))
  return items
}

/** Ranges of a figure, which is always a number. */
function readRanges(scanner: QueryScanner): NumberRange[] {
  if (scanner.take('(')) return readSet(scanner, () => exactly(scanner.number()))
  if (scanner.next === '<' || scanner.next === '>' || scanner.next === '[') return [readRange(scanner)]
  return [exactly(scanner.number('a number, or one of > >= < <= [ ('))]
}

function readRange(scanner: QueryScanner): NumberRange {
  const open = { min: -Infinity, max: Infinity, hasMin: true, hasMax: true }
  if (scanner.take('>=')) return { ...open, min: scanner.number() }
  if (scanner.take('>')) return { ...open, min: scanner.number(), hasMin: false }
  if (scanner.take('<=')) return { ...open, max: scanner.number() }
  if (scanner.take('<')) return { ...open, max: scanner.number(), hasMax: false }
  scanner.expect('[')
  scanner.skipSpaces()
  const min = scanner.number()
  scanner.skipSpaces()
  scanner.expect('TO')
  if (!scanner.isAtSpace) scanner.fail('a space')
  scanner.skipSpaces()
  const maxAt = scanner.at
  const max = scanner.number()
  if (max < min) scanner.fail(`a number of at least ${min}`, maxAt)
  scanner.skipSpaces()
  scanner.expect(']')
  return { min, max, hasMin: true, hasMax: true }
}

/** The words behind `field:~`. */
function readFieldWords(scanner: QueryScanner, path: string): FieldTerm {
  const start = scanner.at
  if (scanner.next === '"') return { kind: 'words', path, words: readWords(scanner), prefix: undefined }
  return wordsTerm(scanner, path, scanner.word(), start)
}

function readWords(scanner: QueryScanner): string[] {
  const start = scanner.at
  return requireWords(scanner, scanner.quoted(), start)
}

/** `word` has been read; with a star behind it, the last of its words may go on. */
function wordsTerm(scanner: QueryScanner, path: string, word: string, start: number): FieldTerm {
  const words = requireWords(scanner, word, start)
  return { kind: 'words', path, prefix: scanner.take('*') ? words.pop() : undefined, words }
}

function requireWords(scanner: QueryScanner, text: string, start: number): string[] {
  const words = wordsOf(text)
  if (words.length === 0) scanner.fail('a letter or digit to search for', start)
  return words
}
