import { describe, expect, test } from 'vitest'
import { parseEvents, parseWelcome } from './messages.ts'

describe('events', () => {
  test('are read, each by its kind', () => {
    const batch = parseEvents({
      step: 4,
      events: [
        { e: 'enter', player: { slot: 2, name: 'Ada', hue: 10, score: 0 } },
        { e: 'orb', orb: 9, x: 1, y: 2, value: 5 },
        { e: 'orb', orb: 10, x: 1, y: 2, value: 1, from: 2 },
        { e: 'take', orb: 9, by: 2 },
        { e: 'score', slot: 2, score: 5 },
        { e: 'hit', by: 1, on: 2, spilled: 3 },
        { e: 'bumper', bumper: 1, slot: 2 },
        { e: 'bump', a: 1, b: 2 },
        { e: 'dash', slot: 1 },
        { e: 'leave', slot: 2 },
      ],
    })
    expect(batch).toEqual({
      step: 4,
      events: [
        { kind: 'enter', player: { slot: 2, name: 'Ada', hue: 10, score: 0 } },
        { kind: 'orb', orb: { id: 9, x: 1, y: 2, value: 5 }, from: undefined },
        { kind: 'orb', orb: { id: 10, x: 1, y: 2, value: 1 }, from: 2 },
        { kind: 'take', orbId: 9, by: 2 },
        { kind: 'score', slot: 2, score: 5 },
        { kind: 'hit', by: 1, on: 2, spilled: 3 },
        { kind: 'bumper', bumper: 0, slot: 2 },
        { kind: 'bump', a: 1, b: 2 },
        { kind: 'dash', slot: 1 },
        { kind: 'leave', slot: 2 },
      ],
    })
  })

  test('of a kind that is not known yet are left out', () => {
    expect(parseEvents({ step: 1, events: [{ e: 'earthquake' }] }).events).toEqual([])
  })

  test.each<[unknown, string]>([
    [null, 'events: an object is expected'],
    [[], 'events: an object is expected'],
    [{ events: [] }, 'events.step: a finite number is expected'],
    [{ step: 1, events: {} }, 'events.events: an array is expected'],
    [{ step: 1, events: [{ e: 'leave', slot: '1' }] }, 'events.events[0].slot: a finite number is expected'],
    [{ step: 1, events: [{ e: 'dash', slot: Number.NaN }] }, 'events.events[0].slot: a finite number'],
    [{ step: 1, events: [{ e: 'enter' }] }, 'events.events[0].player: an object is expected'],
  ])('%j is refused with the reason', (value, reason) => {
    expect(() => parseEvents(value)).toThrow(reason)
  })
})

test('a welcome without rules is refused with the reason', () => {
  expect(() => parseWelcome({ you: 1, step: 1 })).toThrow('welcome.rules: an object is expected')
})
