import { describe, expect, it } from 'vitest'
import { LabelBounds, labelTerms } from './label-terms.ts'

function found(label: unknown): { values: unknown[]; words: Record<string, string[]> } {
  const { values, words } = labelTerms(typeof label === 'string' ? label : JSON.stringify(label))
  const [whole, ...rest] = values
  expect(whole?.path).toBe('label')
  return {
    values: rest.map(({ path, value }) => [path, value]),
    words: Object.fromEntries(Array.from(words, ([path, list]) => [path, [...list]])),
  }
}

describe('what a label can be found by', () => {
  it('strings, numbers and booleans of its JSON, by path; null counts as missing', () => {
    expect(found({ mode: 'duel', map: { name: 'Old Harbour', size: 3 }, open: false, host: null })).toEqual({
      values: [
        ['label.mode', 'duel'],
        ['label.map.name', 'Old Harbour'],
        ['label.map.size', 3],
        ['label.open', false],
      ],
      words: {
        label: ['duel', 'old', 'harbour'],
        'label.mode': ['duel'],
        'label.map.name': ['old', 'harbour'],
      },
    })
  })

  it('every element of an array, and what objects in it hold', () => {
    expect(found({ tags: ['a', ['b', 1]], players: [{ name: 'ada' }, { name: 'bob' }] }).values).toEqual([
      ['label.tags', 'a'],
      ['label.tags', 'b'],
      ['label.tags', 1],
      ['label.players.name', 'ada'],
      ['label.players.name', 'bob'],
    ])
  })

  it.each(['Arena 1', '["Arena", 1]', '{"broken": Arena 1', '', '"Arena"', '1', 'null'])(
    'of a label that is no JSON object only its words: %s',
    (label) => {
      expect(found(label).values).toEqual([])
      expect(labelTerms(label).values).toEqual([{ path: 'label', value: label }])
    },
  )

  it('the names of all things, also strange ones', () => {
    expect(found('{"__proto__": {"a": 1}, "constructor": 2, "a.b": 3, "": 4}').values).toEqual([
      ['label.__proto__.a', 1],
      ['label.constructor', 2],
      ['label.a.b', 3],
      ['label.', 4],
    ])
  })
})

describe('beyond the bounds', () => {
  it('the values after the first 128 are not found, whole as the label is', () => {
    const { values } = found({ list: Array.from({ length: 500 }, (_, n) => n), last: 'z' })
    expect(values).toHaveLength(LabelBounds.values)
    expect(values.at(-1)).toEqual(['label.list', 127])
  })

  it('the words after the first 256 are not found', () => {
    const text = Array.from({ length: 300 }, (_, n) => `w${n}`).join(' ')
    expect(found({ text }).words['label.text']).toHaveLength(LabelBounds.words)
    expect(found(text).words.label?.at(-1)).toBe('w255')
    expect(found({ text, more: 'late' }).words['label.more']).toBeUndefined()
    expect(found({ text, more: 'late' }).values.at(-1)).toEqual(['label.more', 'late'])
  })

  it('what lies deeper than 8 objects and arrays is not found', () => {
    const nested = (depth: number): unknown => (depth === 0 ? { deep: 1 } : { a: nested(depth - 1) })
    expect(found(nested(LabelBounds.depth - 1)).values).toEqual([[`label${'.a'.repeat(7)}.deep`, 1]])
    expect(found(nested(LabelBounds.depth)).values).toEqual([])
    expect(found(`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`).values).toEqual([])
  })
})
