import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ArenaLanguage } from './languages/language.ts'
import { languages } from './languages/languages.ts'

describe.each(languages)('a name in $name', ({ open }) => {
  let arena: ArenaLanguage

  beforeAll(async () => {
    arena = await open()
  })

  afterAll(() => arena.close())

  test.each([
    ['Ada', 'Ada'],
    ['  Ada   Lovelace ', 'Ada Lovelace'],
    ['Ada\nLove\tlace', 'Ada Love lace'],
    ['Zoë 🚀', 'Zoë 🚀'],
    ['a name that is much too long', 'a name that is m'],
    ['fifteen letters and more', 'fifteen letters'],
    ['\u202egnp.exe', 'gnp.exe'],
    ['A\u200bB\u0000C', 'A B C'],
  ])('%j becomes %j', (raw, clean) => {
    expect(arena.cleanName(raw)).toBe(clean)
  })

  test.each([[''], ['   '], ['\u200b\u0007'], [7], [undefined], [new Uint8Array([0xff, 0xfe])]])(
    '%j is none',
    (raw) => {
      expect(arena.cleanName(raw)).toBeUndefined()
    },
  )

  test('of a guest has three digits', () => {
    expect(arena.guestName(0)).toBe('Guest 100')
    expect(arena.guestName(0.999_999)).toBe('Guest 999')
  })

  test('there are at least as many names of bots as seats, all clean and different', () => {
    const names = arena.botNames()
    expect(new Set(names).size).toBeGreaterThanOrEqual(50)
    for (const name of names) expect(arena.cleanName(name)).toBe(name)
  })
})
