import { describe, expect, it } from 'vitest'
import { ticket } from '../testing/matchmaker-world.ts'
import { checkTicket } from './check-ticket.ts'
import type { TicketSpec } from './ticket.ts'

describe('a ticket', () => {
  it.each<[string, Partial<TicketSpec>]>([
    ['a duel', {}],
    ['a party that is a whole match', { min: 4, max: 4, size: 4 }],
    ['even numbers', { min: 1, max: 8, multiple: 2, size: 3 }],
    ['the most players', { min: 128, max: 128, multiple: 128, size: 128 }],
    [
      'many properties',
      { properties: Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`p${n}`, n])) },
    ],
  ])('is accepted: %s', (_, spec) => {
    expect(() => checkTicket(ticket('a', spec))).not.toThrow()
  })

  it.each<[Partial<TicketSpec>, string]>([
    [{ min: 0 }, 'min: expected a whole number from 1 to 128, got 0'],
    [{ min: 1.5 }, 'min: expected a whole number from 1 to 128, got 1.5'],
    [{ max: 129 }, 'max: expected a whole number from 1 to 128, got 129'],
    [{ multiple: 0 }, 'multiple: expected a whole number from 1 to 128, got 0'],
    [{ size: Number.NaN }, 'size: expected a whole number from 1 to 128, got NaN'],
    [{ min: 4, max: 3 }, 'max: expected at least min, which is 4, got 3'],
    [{ min: 5, max: 7, multiple: 4 }, 'multiple: expected a number with a multiple from 5 to 7, got 4'],
    [
      { min: 2, max: 7, multiple: 4, size: 5 },
      'size: expected at most 4, the largest match from 2 to 7, got 5',
    ],
    [
      { properties: { skill: Number.NaN } },
      'properties.skill: expected a string or a finite number, got NaN',
    ],
    [
      { properties: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`p${n}`, n])) },
      'properties: expected at most 32, got 33',
    ],
    [
      { properties: { name: 'ż'.repeat(1_023) } },
      'properties: expected at most 2048 bytes of names and strings, got 2050',
    ],
    [{ stages: [] }, 'stages: expected 1 to 8, got 0'],
    [
      { stages: Array.from({ length: 9 }, (_, n) => ({ afterMs: n, query: '' })) },
      'stages: expected 1 to 8, got 9',
    ],
    [{ stages: [{ afterMs: 5, query: '' }] }, 'stages[0].afterMs: expected 0, got 5'],
    [
      {
        stages: [0, 5, 5].map((afterMs) => ({ afterMs, query: '' })),
      },
      'widen[1].after_ms: expected more than 5, got 5',
    ],
    [
      { stages: [0, Infinity].map((afterMs) => ({ afterMs, query: '' })) },
      'widen[0].after_ms: expected more than 0, got Infinity',
    ],
  ])('is refused: %j', (spec, message) => {
    expect(() => checkTicket(ticket('a', spec))).toThrow(
      expect.objectContaining({ error: 'INVALID_PAYLOAD', message }),
    )
  })
})
