import { KaosError } from '@kaosnet/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseQuery, parseRoomQuery, QUERY_TERMS } from './parse-room-query.ts'
import { type Clause, exactly, type QueryFields, type Term } from './room-query-terms.ts'

const should = (term: Term, boost = 1): Clause => ({ occurrence: 'should', boost, term })
const values = (path: string, ...list: (string | number | boolean)[]): Term => ({
  kind: 'values',
  path,
  values: list,
})
const words = (path: string, list: string[], prefix?: string): Term => ({
  kind: 'words',
  path,
  words: list,
  prefix,
})
const range = (min: number, max: number, hasMin = true, hasMax = true) => ({ min, max, hasMin, hasMax })
const number = (path: string, ...bounds: Parameters<typeof range>): Term => ({
  kind: 'range',
  path,
  range: range(...bounds),
})

describe('a term', () => {
  it.each<[string, Term]>([
    ['*', { kind: 'all' }],
    ['label.mode:duel', values('label.mode', 'duel')],
    ['label.map.name:"two words"', values('label.map.name', 'two words')],
    ['label.a:""', values('label.a', '')],
    ['label.skill:10', values('label.skill', '10', 10)],
    ['label.skill:-1.5e2', values('label.skill', '-1.5e2', -150)],
    ['label.skill:"10"', values('label.skill', '10')],
    ['label.open:true', values('label.open', 'true', true)],
    ['label.open:false', values('label.open', 'false', false)],
    ['label.a:(x "y z" 3)', values('label.a', 'x', 'y z', '3', 3)],
    ['label.a:( x )', values('label.a', 'x')],
    ['label.a:abc*', { kind: 'prefix', path: 'label.a', prefix: 'abc' }],
    ['label.a:*', { kind: 'present', path: 'label.a' }],
    ['label.a:>10', number('label.a', 10, Infinity, false)],
    ['label.a:>=10', number('label.a', 10, Infinity)],
    ['label.a:<-0.5', number('label.a', -Infinity, -0.5, true, false)],
    ['label.a:<=.5', number('label.a', -Infinity, 0.5)],
    ['label.a:[10 TO 20]', number('label.a', 10, 20)],
    ['label.a:[ -1  TO -1 ]', number('label.a', -1, -1)],
    ['label.a:~Capture', words('label.a', ['capture'])],
    ['label.a:~"the Flag"', words('label.a', ['the', 'flag'])],
    ['label.a:~fla*', words('label.a', [], 'fla')],
    ['label:"Arena 1"', values('label', 'Arena 1')],
    ['label:10', values('label', '10')],
    ['label:~arena', words('label', ['arena'])],
    ['module:games/duel', values('module', 'games/duel')],
    ['module:(duel arena)', values('module', 'duel', 'arena')],
    ['size:3', { kind: 'figure', figure: 'size', ranges: [exactly(3)] }],
    ['max_players:(2 4)', { kind: 'figure', figure: 'max_players', ranges: [exactly(2), exactly(4)] }],
    ['seats:>0', { kind: 'figure', figure: 'seats', ranges: [range(0, Infinity, false)] }],
    ['tick_hz:[10 TO 30]', { kind: 'figure', figure: 'tick_hz', ranges: [range(10, 30)] }],
    ['created_ms:>=1e12', { kind: 'figure', figure: 'created_ms', ranges: [range(1e12, Infinity)] }],
    ['flag', words('label', ['flag'])],
    ['co-op', words('label', ['co', 'op'])],
    ['"Capture the FLAG"', words('label', ['capture', 'the', 'flag'])],
    ['capture-fl*', words('label', ['capture'], 'fl')],
    ['żółw', words('label', ['żółw'])],
    ['label.my\\ key:12\\:30', values('label.my key', '12:30')],
    ['label.a:"say \\"hi\\" \\\\ \\o/"', values('label.a', 'say "hi" \\ o/')],
    ['label.a:\\"', values('label.a', '"')],
  ])('%s', (text, term) => {
    expect(parseRoomQuery(text)).toEqual([should(term)])
  })
})

describe('a query', () => {
  it('has terms that must, must not and should match, with their boosts', () => {
    expect(parseRoomQuery('  +label.a:1\t-b\n c^2.5 "d e"^1e3 *^2 ')).toEqual([
      { occurrence: 'must', boost: 1, term: values('label.a', '1', 1) },
      { occurrence: 'must-not', boost: 1, term: words('label', ['b']) },
      should(words('label', ['c']), 2.5),
      should(words('label', ['d', 'e']), 1_000),
      should({ kind: 'all' }, 2),
    ])
  })

  it.each(['', '   '])('may be empty: "%s"', (text) => {
    expect(parseRoomQuery(text)).toEqual([])
  })

  it('has at most 32 terms and 1,024 bytes', () => {
    expect(parseRoomQuery('a '.repeat(QUERY_TERMS))).toHaveLength(32)
    expect(() => parseRoomQuery('a '.repeat(QUERY_TERMS + 1))).toThrow(
      'character 65: expected no more than 32',
    )
    expect(parseRoomQuery('ż'.repeat(512))).toHaveLength(1)
    expect(() => parseRoomQuery(`${'ż'.repeat(512)}a`)).toThrow('query: at most 1024 bytes, got 1025')
  })
})

describe('a query for something else than rooms', () => {
  const fields: QueryFields<'weight' | 'age'> = {
    document: 'properties',
    isDocumentText: false,
    texts: ['colour'],
    figures: ['weight', 'age'],
    isFigure: (name) => name === 'weight' || name === 'age',
  }
  const parse = (text: string) => parseQuery(text, fields, 'stages[1].query')

  it('has the fields that it was given', () => {
    expect(parse('properties.skill:>3 weight:2 colour:red')).toEqual([
      should(number('properties.skill', 3, Infinity, false)),
      { occurrence: 'should', boost: 1, term: { kind: 'figure', figure: 'weight', ranges: [exactly(2)] } },
      should(values('colour', 'red')),
    ])
  })

  it('looks for words without a field in all strings of its document', () => {
    expect(parse('harbour "the red"')).toEqual([
      should(words('properties', ['harbour'])),
      should(words('properties', ['the', 'red'])),
    ])
  })

  it.each(['label.a:1', 'module:duel', 'seats:>1', 'properties:a'])(
    'names its own fields when it refuses %s',
    (text) => {
      expect(() => parse(text)).toThrow(
        'stages[1].query: character 1: expected a field: properties.…, colour, weight, age, got',
      )
    },
  )

  it('goes by its own name when it is too long', () => {
    expect(() => parse('a'.repeat(1_025))).toThrow('stages[1].query: at most 1024 bytes, got 1025')
  })
})

describe('what cannot be read is refused where it goes wrong', () => {
  it.each([
    ['+', 'character 2: expected a term, such as a word or field:value, got the end'],
    ['a + b', 'character 4: expected a term, such as a word or field:value, got " b"'],
    ['a ^2', 'character 3: expected a term, such as a word or field:value, got "^2"'],
    ['>5', 'character 1: expected a term, such as a word or field:value, got ">5"'],
    ['+a^2', 'character 3: expected no boost for a term with + or -'],
    ['a^0', 'character 3: expected a number above 0, at most 1000000, got "0"'],
    ['a^1000001', 'character 3: expected a number above 0'],
    ['a^x', 'character 3: expected a number above 0'],
    ['a^', 'character 3: expected a number above 0, at most 1000000, got the end'],
    ['&&', 'character 1: expected a letter or digit to search for, got "&&"'],
    ['a ""', 'character 3: expected a letter or digit to search for, got "\\"\\""'],
    ['a* b*c', 'character 6: expected a space or the end of the query, got "c"'],
    ['"a"b', 'character 4: expected a space or the end of the query, got "b"'],
    ['size>5', 'character 5: expected a space or the end of the query, got ">5"'],
    ['mode:duel', 'character 1: expected a field: label, label.…, module, size,'],
    ['toString:1', 'character 1: expected a field'],
    ['size:abc', 'character 6: expected a number, or one of > >= < <= [ (, got "abc"'],
    ['size:1e999', 'character 6: expected a number'],
    ['size:>abc', 'character 7: expected a number, got "abc"'],
    ['size:(1 b)', 'character 9: expected a number, got "b)"'],
    ['size:3*', 'character 7: expected a space or the end of the query, got "*"'],
    ['label.a: x', 'character 9: expected a value, got " x"'],
    ['label.a:', 'character 9: expected a value, got the end'],
    ['label.a:()', 'character 10: expected a value, got ")"'],
    ['label.a:(b', 'character 11: expected a space or ")", got the end'],
    ['label.a:(b ', 'character 12: expected a value, got the end'],
    ['label.a:(b*)', 'character 11: expected a space or ")", got "*)"'],
    ['label.a:[1 2]', 'character 12: expected "TO", got "2]"'],
    ['label.a:[1 TO2]', 'character 14: expected a space, got "2]"'],
    ['label.a:[1 TO 2', 'character 16: expected "]", got the end'],
    ['label.a:[2 TO 1]', 'character 15: expected a number of at least 2, got "1]"'],
    ['label.a:~', 'character 10: expected a letter or digit to search for, got the end'],
    ['label:>5', 'character 7: expected a value, got ">5"'],
    ['module:~a', 'character 8: expected a value, got "~a"'],
    ['żółw "abc', 'character 6: expected a closing quote, got "\\"abc"'],
    ['🙂a b\\', 'character 6: expected a character after the backslash, got the end'],
    ['label.a:(', 'character 10: expected a value, got the end'],
    [`:${'x'.repeat(50)}`, 'got ":xxxxxxxxxxxxxxxxxxx"'],
  ])('%s', (text, message) => {
    expect(() => parseRoomQuery(text)).toThrow(expect.objectContaining({ error: 'INVALID_PAYLOAD' }))
    expect(() => parseRoomQuery(text)).toThrow(message)
  })

  it('whatever the text: it is read, or an error names a character of it', () => {
    const pieces = fc.constantFrom(
      ...[
        '+',
        '-',
        '*',
        '^',
        '2',
        ' ',
        '"',
        '(',
        ')',
        '[',
        ']',
        ' TO ',
        ':',
        '>',
        '>=',
        '<',
        '~',
        '\\',
        'a',
        '🙂',
      ],
      ...['label', 'label.a:', 'label:', 'size:', 'module:', 'seats:(', 'true', '1e5', '\ud800', '\n', 'é'],
    )
    const likely = fc.array(pieces, { maxLength: 24 }).map((parts) => parts.join(''))
    const text = fc.oneof(likely, fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 60 }))
    fc.assert(
      fc.property(text, (query) => {
        try {
          for (const { boost } of parseRoomQuery(query)) expect(boost).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(KaosError)
          expect(error).toMatchObject({ error: 'INVALID_PAYLOAD' })
          const [, position] =
            /^query: character (\d+): expected .+, got .+$/s.exec((error as Error).message) ?? []
          expect(Number(position)).toBeGreaterThanOrEqual(1)
          expect(Number(position)).toBeLessThanOrEqual(Array.from(query).length + 1)
        }
      }),
      { numRuns: 3_000 },
    )
  })
})
