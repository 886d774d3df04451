import type { LabelValue } from './room-query-terms.ts'
import { wordsOf } from './words.ts'

/** Bounds of what queries find in one label. What lies beyond is shown by lists, and found by `label:` only. */
export const LabelBounds = {
  /** Objects and arrays within each other. */
  depth: 8,
  /** Values, in the order of the label. */
  values: 128,
  /** Words of its strings, in the order of the label. */
  words: 256,
} as const

/** What a label can be found by. */
export interface LabelTerms {
  readonly values: readonly { readonly path: string; readonly value: LabelValue }[]
  /** Path → the words there, each once; those of `label` are the words of all strings. */
  readonly words: ReadonlyMap<string, ReadonlySet<string>>
}

/** Any label is a text at `label`; one that is a JSON object has values at `label.…` besides. */
export function labelTerms(label: string): LabelTerms {
  const values = [{ path: 'label', value: label as LabelValue }]
  const words = new Map<string, Set<string>>()
  let valuesLeft: number = LabelBounds.values
  let wordsLeft: number = LabelBounds.words

  const addWords = (text: string, paths: readonly string[]): void => {
    if (wordsLeft === 0) return
    const found = wordsOf(text).slice(0, wordsLeft)
    wordsLeft -= found.length
    for (const path of paths) {
      const known = words.get(path) ?? new Set()
      for (const word of found) known.add(word)
      if (known.size > 0) words.set(path, known)
    }
  }
  const addObject = (object: object, path: string, depth: number): void => {
    for (const [key, value] of Object.entries(object)) addValue(value, `${path}.${key}`, depth)
  }
  const addValue = (value: unknown, path: string, depth: number): void => {
    if (valuesLeft === 0 || value === null) return
    if (typeof value === 'object') {
      if (depth === LabelBounds.depth) return
      if (Array.isArray(value)) for (const element of value) addValue(element, path, depth + 1)
      else addObject(value, path, depth + 1)
      return
    }
    valuesLeft--
    values.push({ path, value: value as LabelValue })
    if (typeof value === 'string') addWords(value, ['label', path])
  }

  const object = jsonObject(label)
  if (object === undefined) addWords(label, ['label'])
  else addObject(object, 'label', 1)
  return { values, words }
}

function jsonObject(label: string): object | undefined {
  if (!label.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(label) as object
  } catch {
    return undefined
  }
}
