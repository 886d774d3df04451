import { describe, expect, it } from 'vitest'
import type { PropertyValue } from './ticket.ts'
import { TicketProfile } from './ticket-profile.ts'
import { TicketQuery } from './ticket-query.ts'

const scoreOf = (query: string, properties: Record<string, PropertyValue>, size = 1) =>
  new TicketQuery(query, 'query').score(new TicketProfile({ properties, size }))

const player = {
  skill: 1_200,
  region: 'eu',
  version: '1.2',
  'home.town': 'Łódź',
  about: 'Plays the old harbour, mostly',
}

describe('a query over properties', () => {
  it.each([
    '',
    '*',
    '+properties.skill:1200',
    '+properties.skill:(1 1200)',
    '+properties.skill:[1200 TO 1300]',
    '+properties.skill:>1199',
    '+properties.region:eu',
    '+properties.region:(us eu)',
    '+properties.region:e*',
    '+properties.region:*',
    '+properties.version:1.2',
    '+properties.version:"1.2"',
    '+properties.home.town:Łódź',
    '+properties.about:~harbour',
    '+properties.about:~"harbour old"',
    '+properties.about:~har*',
    '+łódź',
    '+"eu, old"',
    '+mos*',
    '+party_size:1',
    '-properties.region:us',
    '-properties.constructor:*',
    'properties.region:eu properties.region:us',
  ])('accepts with %s', (query) => {
    expect(scoreOf(query, player)).toBeGreaterThanOrEqual(0)
  })

  it.each([
    '+properties.skill:"1200"',
    '+properties.skill:>1200',
    '+properties.skill:12*',
    '+properties.region:EU',
    '+properties.region:>1',
    '+properties.version:>1',
    '+properties.mode:*',
    '+properties.about:~eu',
    '+properties.about:~harb',
    '+properties.about:~arb*',
    '+party_size:>1',
    '-properties.region:eu',
    '-*',
    'properties.region:us properties.skill:<1000^5',
    '+properties.skill:1200 +properties.region:us',
    '+properties.constructor:*',
    '+properties.__proto__:*',
  ])('does not accept with %s', (query) => {
    expect(scoreOf(query, player)).toBeUndefined()
  })

  it('scores with the terms that should match', () => {
    expect(scoreOf('', player)).toBe(0)
    expect(scoreOf('+* properties.region:us^3', player)).toBe(0)
    expect(scoreOf('properties.region:eu^3 properties.skill:>1000 properties.region:us^9', player)).toBe(4)
    expect(scoreOf('-properties.region:us party_size:3^2.5', player, 3)).toBe(2.5)
  })

  it.each(['label.mode:duel', 'seats:>1', 'module:duel', 'properties:eu', 'skill:1'])(
    'does not know the field of %s, and says which it knows',
    (query) => {
      expect(() => new TicketQuery(query, 'stages[2].query')).toThrow(
        'stages[2].query: character 1: expected a field: properties.…, party_size, got',
      )
    },
  )

  it('takes more steps the more it asks', () => {
    const stepsOf = (query: string) => new TicketQuery(query, 'query').steps
    expect(stepsOf('')).toBe(1)
    expect(stepsOf('+properties.a:1 -properties.b:2')).toBe(3)
    expect(stepsOf('"one two three"')).toBe(5)
  })
})
