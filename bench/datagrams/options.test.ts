import { expect, it } from 'vitest'
import { parseOptions } from './options.ts'

it('measures every row under every load unless told otherwise', () => {
  const options = parseOptions([], 'out.json')
  expect(options).toMatchObject({ rows: ['c', 'native', 'node'], seconds: 3, rounds: 3, out: 'out.json' })
  expect(options?.loads).toHaveLength(6)
  expect(options?.loads[1]).toEqual({ addresses: 64, datagramBytes: 64 })
})

it('gives nothing to run when asked for help', () => {
  expect(parseOptions(['--help'], '')).toBeUndefined()
})

it.each([
  [['--rows', 'rust'], '--rows: rust is none of'],
  [['--addresses', '1,,2'], '--addresses:  is not a whole number in 1 … 65536'],
  [['--sizes', '9000'], '--sizes: 9000 is not'],
  [['--rounds', '0.5'], '--rounds: 0.5 is not'],
])('says what is wrong with %j', (args, message) => {
  expect(() => parseOptions(args, '')).toThrow(message)
})
