import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ArenaVm } from './arena-vm.ts'

let lua: ArenaVm

beforeAll(async () => {
  lua = await ArenaVm.open()
})

afterAll(() => lua.close())

describe('a name', () => {
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
    expect(lua.run('return require("arena.names").clean(...)', raw)).toBe(clean)
  })

  test.each([[''], ['   '], ['\u200b\u0007'], [7], [undefined], [new Uint8Array([0xff, 0xfe])]])(
    '%j is none',
    (raw) => {
      expect(lua.run('return require("arena.names").clean(...)', raw)).toBeUndefined()
    },
  )

  test('there are at least as many names of bots as seats, all clean and different', () => {
    const names = lua.run('return require("arena.names").bots') as string[]
    expect(new Set(names).size).toBeGreaterThanOrEqual(50)
    for (const name of names) {
      expect(lua.run('return require("arena.names").clean(...)', name)).toBe(name)
    }
  })
})
