import { describe, expect, it } from 'vitest'
import { readCorpus } from './support/corpus.ts'
import { parseHeader, places } from './support/header.ts'

describe('the escape corpus', () => {
  it('has at least 60 attacks, each with a header that says what must come of it', () => {
    const corpus = readCorpus()
    expect(corpus.length).toBeGreaterThanOrEqual(60)
    for (const { where, outcomes } of corpus) expect([...outcomes.keys()].sort()).toEqual([...where].sort())
  })

  it('tries every place where a script runs', () => {
    const tried = new Set(readCorpus().flatMap(({ where }) => where))
    expect(places.filter((place) => !tried.has(place))).toEqual([])
  })

  it('holds no attack twice', () => {
    const told = readCorpus().map(({ what }) => what)
    expect(told.filter((what, index) => told.indexOf(what) !== index)).toEqual([])
  })
})

describe('a header', () => {
  const header = (...lines: string[]) =>
    parseHeader(`${lines.map((line) => `-- ${line}`).join('\n')}\nreturn 1`)

  it('names the places and an outcome for all of them, or for some', () => {
    const { what, outcomes, isReturned, hasOwnServer } = header(
      'what: loops',
      '  without end',
      'where: load, rpc',
      'outcome: budget /used up/',
      'outcome(rpc): RPC_FAILED',
      'result: returned',
      'server: own',
    )
    expect(what).toBe('loops without end')
    expect(outcomes.get('load')).toMatchObject({ verdict: 'budget', text: /used up/, orSurvives: false })
    expect(outcomes.get('rpc')).toMatchObject({ verdict: 'RPC_FAILED', text: undefined })
    expect([isReturned, hasOwnServer]).toEqual([true, true])
  })

  it.each<[string, string[], RegExp]>([
    ['without a subject', ['where: load', 'outcome: budget'], /no "what"/],
    ['without a place', ['what: x', 'outcome: budget'], /is no place/],
    ['with an unknown place', ['what: x', 'where: nowhere', 'outcome: budget'], /"nowhere" is no place/],
    ['without an outcome', ['what: x', 'where: load'], /no outcome for load/],
    [
      'with an outcome for some only',
      ['what: x', 'where: load, rpc', 'outcome(rpc): error'],
      /no outcome for load/,
    ],
    ['with an outcome elsewhere', ['what: x', 'where: load', 'outcome(rpc): error'], /rpc, where the attack/],
    ['with an unknown outcome', ['what: x', 'where: load', 'outcome: explodes'], /is no outcome/],
    ['with an unknown error', ['what: x', 'where: load', 'outcome: ROOM_EXPLODED'], /is no outcome/],
    ['with an unknown field', ['what: x', 'why: y'], /not a line of a header/],
    ['with a wrong choice', ['what: x', 'where: rpc', 'outcome: error', 'server: none'], /shared or own/],
  ])('%s is refused', (_, lines, problem) => {
    expect(() => header(...lines)).toThrow(problem)
  })
})
