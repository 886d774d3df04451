import { expect, it } from 'vitest'
import { parseOptions } from './options.ts'

it('measures everything unless told otherwise', () => {
  const options = parseOptions([], 'out.json')
  expect(options).toMatchObject({
    parts: ['a', 'b'],
    seconds: undefined,
    connectionCounts: [1, 10, 100, 1000],
    messageSizes: [64, 1000],
    lossPercents: [0, 1, 2, 5, 10],
    out: 'out.json',
  })
  expect(options?.rows).toContain('rudp-ordered-eager')
})

it('takes lists apart', () => {
  const args = ['--only', 'b', '--loss', '0,2.5', '--rows', 'ws,enet-reliable', '--seconds', '3']
  expect(parseOptions(args, '')).toMatchObject({
    parts: ['b'],
    lossPercents: [0, 2.5],
    rows: ['ws', 'enet-reliable'],
    seconds: 3,
  })
})

it('gives nothing to run when asked for help', () => {
  expect(parseOptions(['--help'], '')).toBeUndefined()
})

it.each([
  [['--only', 'c'], '--only must be a or b'],
  [['--rows', 'quic'], '--rows: quic is none of'],
  [['--loss', '1,,2'], '--loss:  is not a number in 0 … 50'],
  [['--seconds', 'x'], '--seconds: x is not a number'],
  [['--connections', '0'], '--connections: 0 is not'],
  [['--what'], "Unknown option '--what'"],
])('says what is wrong with %j', (args, message) => {
  expect(() => parseOptions(args, '')).toThrow(message)
})
