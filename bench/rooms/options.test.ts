import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.ts'

const parse = (...args: readonly string[]) => parseOptions(args, 'results.json')
const summary = (...args: readonly string[]) =>
  parse(...args)?.cells.map(
    ({ load, language, rooms, hz, seconds }) => `${load} ${language} ${rooms} ${hz} ${seconds}`,
  )

describe('the command line of bench:rooms', () => {
  it('measures 100, 1,000 and 3,000 rooms at 20 and 60 Hz in both languages, then empty ones', () => {
    expect(summary()).toHaveLength(14)
    expect(summary()?.[0]).toBe('light lua 100 20 10')
    expect(summary()?.slice(11)).toEqual([
      'light typescript 3000 60 10',
      'empty lua 1000 20 10',
      'empty typescript 1000 20 10',
    ])
  })

  it('watches 1,000 rooms at 60 Hz for ten minutes when asked for drift, and does nothing else', () => {
    expect(summary('--drift')).toEqual(['light lua 1000 60 600', 'light typescript 1000 60 600'])
  })

  it('takes rooms, rates, time and language from the command line', () => {
    expect(summary('--only', 'lua', '--rooms', '5,7', '--hz', '30', '--seconds', '2', '--drift')).toEqual([
      'light lua 5 30 2',
      'light lua 7 30 2',
    ])
    expect(summary('--empty', '--only', 'typescript', '--rooms', '50')).toEqual(['empty typescript 50 20 10'])
  })

  it('measures only the parts it is asked for', () => {
    expect(summary('--load', '--only', 'lua')).toHaveLength(6)
    expect(summary('--load', '--empty')).toHaveLength(14)
  })

  it('gives each profile the name of its cell', () => {
    const [cell] = parse('--empty', '--only', 'lua', '--profile', '/tmp/p')?.cells ?? []
    expect(cell?.profile).toBe('/tmp/p/empty-lua-1000-20hz.cpuprofile')
  })

  it('writes results where it is told, or to the default', () => {
    expect(parse()?.json).toBe('results.json')
    expect(parse('--json', 'other.json')?.json).toBe('other.json')
  })

  it('asks for nothing when asked for help', () => {
    expect(parse('--help')).toBeUndefined()
  })

  it.each([
    [['--only', 'rust'], '--only'],
    [['--rooms', '1.5'], '--rooms'],
    [['--rooms', '100,'], '--rooms'],
    [['--hz', '200'], '--hz'],
    [['--hz', '1'], '--hz'],
    [['--seconds', 'x'], '--seconds'],
  ])('says what is wrong with %j', (args, option) => {
    expect(() => parse(...args)).toThrow(option)
  })
})
