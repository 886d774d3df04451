import { describe, expect, it } from 'vitest'
import { withEntry } from './sparse-list.ts'

describe('a list by number', () => {
  it('grows to the new entry and no further, and keeps the others', () => {
    const one = withEntry<string>([], 2, 'c')
    expect(one).toEqual([undefined, undefined, 'c'])
    expect(withEntry(one, 0, 'a')).toEqual(['a', undefined, 'c'])
    expect(one[0]).toBeUndefined()
  })
})
