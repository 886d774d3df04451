import { describe, expect, it } from 'vitest'
import {
  any,
  bool,
  dict,
  type FieldType,
  float,
  list,
  mapOf,
  oneOf,
  optional,
  record,
  str,
  strOrNumber,
  uint,
  utf8Bytes,
} from './schema.ts'

function takes(type: FieldType<unknown>, ...values: readonly unknown[]): void {
  for (const value of values) expect(type.check(value, 'field')).toEqual(value)
}

function refuses(type: FieldType<unknown>, ...values: readonly unknown[]): void {
  for (const value of values) {
    expect(() => type.check(value, 'field'), String(value)).toThrow(
      expect.objectContaining({ error: 'INVALID_PAYLOAD', message: expect.stringMatching(/^field/) }),
    )
  }
}

const other = [undefined, null, true, 1, 'text', [1], { a: 1 }, new Uint8Array(1)]
const except = (...kept: readonly string[]) =>
  other.filter(
    (value) =>
      !kept.includes(value instanceof Uint8Array ? 'bin' : Array.isArray(value) ? 'array' : typeof value) ||
      value === null,
  )

describe('uint', () => {
  it('takes integers between its bounds and nothing else', () => {
    takes(uint(10, 3), 3, 10)
    refuses(uint(10, 3), 2, 11, 3.5, Number.NaN, Number.POSITIVE_INFINITY, ...except('number'))
    takes(uint(5), 0, 5)
    refuses(uint(5), -1, 6)
  })
})

describe('float', () => {
  it('takes every finite number', () => {
    takes(float(), 0, -1.5, Number.MAX_VALUE)
    refuses(float(), Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, ...except('number'))
  })
})

describe('bool', () => {
  it('takes true and false, not what resembles them', () => {
    takes(bool(), true, false)
    refuses(bool(), 0, 1, 'true', ...except('boolean'))
  })
})

describe('str', () => {
  it('counts bytes of UTF-8, not characters', () => {
    takes(str(4), '', 'abcd', 'éé', '🙂', '€a')
    refuses(str(4), 'abcde', 'ééa', '🙂a', '€€', ...except('string'))
    takes(str(4, 4), 'abcd', 'éé', '🙂')
    refuses(str(4, 4), '', 'abc', 'é', 'abcde')
    takes(str(3000, 2), 'é', 'ab')
    refuses(str(3000, 2), '', 'a')
  })

  it('reads as its bounds', () => {
    expect([str(4).label, str(4, 1).label, str(4, 4).label]).toEqual(['str ≤ 4 B', 'str 1–4 B', 'str 4 B'])
  })
})

describe('any', () => {
  it('takes everything', () => takes(any(), ...other))
})

describe('dict', () => {
  it('takes maps', () => {
    takes(dict(), {}, { a: { b: [1] } })
    refuses(dict(), ...except('object'))
  })

  it('measures the encoding of what it takes', () => {
    // fixmap and the key "a" take 3 bytes, bin 8 takes 2 and its content.
    takes(dict(20), { a: new Uint8Array(15) })
    refuses(dict(20), { a: new Uint8Array(16) })
    expect(() => dict(20).check({ a: new Uint8Array(16) }, 'x')).toThrow('x: expected map ≤ 20 B, got 21 B')
  })
})

describe('mapOf', () => {
  const type = mapOf(2, 3, str(4))

  it('bounds the number of entries, keys and values', () => {
    takes(type, {}, { a: '' }, { abc: 'abcd', b: 'é' })
    refuses(type, { a: '', b: '', c: '' }, { abcd: '' }, { a: 'abcde' }, { '': 'a' }, { a: 1 }, { a: null })
    refuses(type, ...except('object'))
  })

  it('names the key that is at fault', () => {
    expect(() => type.check({ a: 1 }, 'vars')).toThrow('vars.a: expected str ≤ 4 B, got number 1')
    expect(() => type.check({ abcd: '' }, 'vars')).toThrow(
      'vars key: expected str 1–3 B, got str of 4 characters',
    )
  })
})

describe('strOrNumber', () => {
  it('takes text up to its bound, and any finite number', () => {
    takes(strOrNumber(2), '', 'ab', 0, -1.5)
    refuses(strOrNumber(2), 'abc', Number.NaN, Number.POSITIVE_INFINITY, true, null, {})
  })
})

describe('list', () => {
  it('bounds the number of elements and checks each', () => {
    takes(list(uint(5), 2), [], [1, 5])
    refuses(list(uint(5), 2), [1, 2, 3], ...except('array'))
    expect(() => list(uint(5), 2).check([1, 6], 'x')).toThrow('x[1]: expected uint 0–5, got number 6')
  })
})

describe('oneOf', () => {
  it('takes the words it lists', () => {
    takes(oneOf('a', 'b'), 'a', 'b')
    refuses(oneOf('a', 'b'), 'c', 'A', '', ...except('string'))
  })
})

describe('record', () => {
  const type = record('Thing', {
    id: uint(9),
    note: optional(str(3)),
    inner: optional(record('Inner', { x: bool() })),
  })

  it('leaves out what it does not know and keeps what it does, in its own order', () => {
    const checked = type.check({ later: 1, note: 'abc', id: 1 }, '')
    expect(checked).toEqual({ id: 1, note: 'abc' })
    expect(Object.keys(checked)).toEqual(['id', 'note'])
  })

  it('takes an optional field that is missing or undefined, but not nil', () => {
    expect(type.check({ id: 1 }, '')).toEqual({ id: 1 })
    expect(Object.keys(type.check({ id: 1, note: undefined }, ''))).toEqual(['id'])
    expect(() => type.check({ id: 1, note: null }, '')).toThrow('note: expected str ≤ 3 B, got nil')
  })

  it('names the field that is at fault, through every level', () => {
    expect(() => type.check({}, '')).toThrow('id: expected uint 0–9, got nothing')
    expect(() => type.check({ id: 1, inner: { x: 1 } }, '')).toThrow('inner.x: expected bool, got number 1')
    expect(() => type.check([], '')).toThrow('expected map, got array of 0')
  })

  it('does not take inherited properties for fields', () => {
    expect(() => record('R', { toString: any(), constructor: uint(1) }).check({}, '')).toThrow('constructor')
    expect(() => type.check(Object.create({ id: 1 }), '')).toThrow('id')
  })
})

describe('utf8Bytes', () => {
  it('counts what UTF-8 needs', () => {
    expect(['', 'a', 'é', '€', '🙂', '\ud800'].map(utf8Bytes)).toEqual([0, 1, 2, 3, 4, 3])
  })
})
