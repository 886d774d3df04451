import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.ts'

const NAMES = ['targets', 'arena', 'ccu']
const parse = (...args: string[]) => parseOptions(args, NAMES, '/tmp/suite.json')

describe('parseOptions', () => {
  it('runs every benchmark, in every variant, when nothing is said', () => {
    expect(parse()).toEqual({
      only: NAMES,
      isQuick: false,
      out: '/tmp/suite.json',
      seconds: undefined,
      rooms: undefined,
      sessions: undefined,
      members: undefined,
      workers: [1],
      languages: ['lua', 'typescript'],
      links: ['rudp', 'websocket'],
      repeat: 1,
      profile: undefined,
      hasPeers: true,
    })
  })

  it('runs those that are named, in the order of the suite', () => {
    expect(parse('--only', 'ccu,targets')?.only).toEqual(['targets', 'ccu'])
  })

  it('reads lists of numbers and of names', () => {
    const lists = ['--rooms', '12,100', '--sessions', '50', '--workers', '0,1', '--links', 'websocket']
    const options = parse(...lists, '--members', '2,10', '--no-peers')
    expect(options).toMatchObject({
      rooms: [12, 100],
      sessions: [50],
      members: [2, 10],
      workers: [0, 1],
      links: ['websocket'],
      hasPeers: false,
    })
  })

  it('leaves one half of a benchmark out', () => {
    expect(parse('--links', 'none', '--sessions', '500')).toMatchObject({
      links: [],
      languages: ['lua', 'typescript'],
      sessions: [500],
    })
  })

  it('asks for nothing but help', () => {
    expect(parse('--help', '--only', 'arena')).toBeUndefined()
  })

  it.each([
    [['--only', 'nothing'], '--only: nothing is none of targets, arena, ccu'],
    [['--rooms', '0'], '--rooms: 0 is not a whole number in 1 … 4096'],
    [['--workers', '1,x'], '--workers: x is not a whole number in 0 … 64'],
    [['--seconds', '1.5'], '--seconds: 1.5 is not a whole number'],
    [['--languages', 'c'], '--languages: c is none of lua, typescript'],
  ])('refuses %j and says why', (args, text) => {
    expect(() => parse(...args)).toThrow(text)
  })
})
