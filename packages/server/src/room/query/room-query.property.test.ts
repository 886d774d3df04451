import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { RoomId } from '../../ids.ts'
import { RoomRecord, type RoomPhase, type Seat } from '../room-record.ts'
import { RoomDirectory } from './room-directory.ts'

// The oracle knows nothing of parser and index: every term comes as its text and as what it means.

interface MeaningfulTerm {
  readonly text: string
  matches(room: RoomRecord): boolean
}

interface MeaningfulQuery {
  readonly text: string
  /** undefined = the room does not match. */
  score(room: RoomRecord): number | undefined
}

const strings = ['red', 'red hat', 'Reddish', 'blue', '1', '2.5', 'true', '']
const keys = ['a', 'b', 'c']
const paths = ['label.a', 'label.b', 'label.c', 'label.a.a', 'label.a.b', 'label.d']

/** Strings, numbers and booleans at a path, the slow way. */
function valuesAt(room: RoomRecord, path: string): unknown[] {
  let label: unknown
  try {
    label = JSON.parse(room.traits.label)
  } catch {
    return []
  }
  if (typeof label !== 'object' || label === null || Array.isArray(label)) return []
  let found: unknown[] = [label]
  for (const key of path.split('.').slice(1)) {
    found = found.flatMap((value) => {
      const owner = value as Record<string, unknown> | null
      return typeof owner === 'object' && owner !== null && key in owner ? flat(owner[key]) : []
    })
  }
  return found.filter((value) => value !== null && typeof value !== 'object')
}

function flat(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(flat) : [value]
}

function allStrings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(allStrings) : []
}

function textsOf(room: RoomRecord): string[] {
  const { label } = room.traits
  return label.startsWith('{') ? allStrings(JSON.parse(label)) : [label]
}

const hasWord = (texts: unknown[], isIt: (word: string) => boolean) =>
  texts.some((text) => typeof text === 'string' && text.toLowerCase().split(/\W+/).some(isIt))

const path = fc.constantFrom(...paths)
const limit = fc.constantFrom(-1, 0, 1, 2, 2.5, 3, 4, 10)
const word = fc.constantFrom('red', 'hat', 'blue', 'reddish', 'nothing')
const comparison = fc.constantFrom<[string, (a: number, b: number) => boolean]>(
  ['>', (a, b) => a > b],
  ['>=', (a, b) => a >= b],
  ['<', (a, b) => a < b],
  ['<=', (a, b) => a <= b],
)

const figure = fc.constantFrom<[string, (room: RoomRecord) => number]>(
  ['size', (room) => room.size],
  ['max_players', (room) => room.traits.maxPlayers],
  ['seats', (room) => room.traits.maxPlayers - room.seats.size],
  ['tick_hz', (room) => room.traits.tickHz],
  ['created_ms', (room) => room.createdUnixMs],
)

const term: fc.Arbitrary<MeaningfulTerm> = fc.oneof(
  fc.constant({ text: '*', matches: () => true }),
  fc.tuple(path, fc.constantFrom('red', 'blue', '1', '2.5', 'true')).map(([at, value]) => ({
    text: `${at}:${value}`,
    matches: (room: RoomRecord) => valuesAt(room, at).some((found) => String(found) === value),
  })),
  fc.tuple(path, fc.constantFrom(...strings)).map(([at, value]) => ({
    text: `${at}:"${value}"`,
    matches: (room: RoomRecord) => valuesAt(room, at).includes(value),
  })),
  fc
    .tuple(path, fc.uniqueArray(fc.constantFrom<string>('red', 'blue', '1', 'false'), { minLength: 1 }))
    .map(([at, set]) => ({
      text: `${at}:(${set.join(' ')})`,
      matches: (room: RoomRecord) => valuesAt(room, at).some((found) => set.includes(String(found))),
    })),
  fc.tuple(path, fc.constantFrom('re', 'red', 'R', '1', 'x')).map(([at, prefix]) => ({
    text: `${at}:${prefix}*`,
    matches: (room: RoomRecord) =>
      valuesAt(room, at).some((found) => typeof found === 'string' && found.startsWith(prefix)),
  })),
  path.map((at) => ({ text: `${at}:*`, matches: (room: RoomRecord) => valuesAt(room, at).length > 0 })),
  fc.tuple(path, comparison, limit).map(([at, [sign, holds], bound]) => ({
    text: `${at}:${sign}${bound}`,
    matches: (room: RoomRecord) =>
      valuesAt(room, at).some((found) => typeof found === 'number' && holds(found, bound)),
  })),
  fc.tuple(path, limit, fc.nat({ max: 3 })).map(([at, min, width]) => ({
    text: `${at}:[${min} TO ${min + width}]`,
    matches: (room: RoomRecord) =>
      valuesAt(room, at).some((found) => typeof found === 'number' && found >= min && found <= min + width),
  })),
  fc.tuple(figure, comparison, limit).map(([[name, read], [sign, holds], bound]) => ({
    text: `${name}:${sign}${bound}`,
    matches: (room: RoomRecord) => holds(read(room), bound),
  })),
  fc.constantFrom('duel', 'arena').map((name) => ({
    text: `module:${name}`,
    matches: (room: RoomRecord) => room.module === name,
  })),
  word.map((one) => ({
    text: one,
    matches: (room: RoomRecord) => hasWord(textsOf(room), (found) => found === one),
  })),
  fc.tuple(word, word).map(([one, other]) => ({
    text: `"${one}, ${other}"`,
    matches: (room: RoomRecord) =>
      [one, other].every((wanted) => hasWord(textsOf(room), (found) => found === wanted)),
  })),
  fc.constantFrom('re', 'b', 'ha').map((prefix) => ({
    text: `${prefix}*`,
    matches: (room: RoomRecord) => hasWord(textsOf(room), (found) => found.startsWith(prefix)),
  })),
  fc.tuple(path, word).map(([at, one]) => ({
    text: `${at}:~${one}`,
    matches: (room: RoomRecord) => hasWord(valuesAt(room, at), (found) => found === one),
  })),
)

// Boosts are sums of powers of two, so that no order of adding rounds differently.
const clause = fc.record({
  term,
  sign: fc.constantFrom('+', '-', '', '', ''),
  boost: fc.constantFrom(0.25, 1, 2, 8),
})

const query: fc.Arbitrary<MeaningfulQuery> = fc.array(clause, { maxLength: 6 }).map((clauses) => {
  const of = (sign: string) => clauses.filter((one) => one.sign === sign)
  return {
    text: clauses
      .map(({ term, sign, boost }) => `${sign}${term.text}${sign === '' ? `^${boost}` : ''}`)
      .join(' '),
    score: (room) => {
      if (!of('+').every(({ term }) => term.matches(room))) return undefined
      if (of('-').some(({ term }) => term.matches(room))) return undefined
      const gained = of('').filter(({ term }) => term.matches(room))
      if (of('').length > 0 && of('+').length === 0 && gained.length === 0) return undefined
      return gained.reduce((sum, { boost }) => sum + boost, 0)
    },
  }
})

const scalar = fc.oneof(
  fc.constantFrom<unknown>(...strings, 0, 1, 2.5, 3, 10, -1, true, false, null),
  fc.array(fc.constantFrom<unknown>('red', 'blue', 1, 2, 'red hat'), { maxLength: 3 }),
)
const nested = fc.dictionary(fc.constantFrom(...keys), scalar, { maxKeys: 3 })
const label = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .dictionary(fc.constantFrom(...keys), fc.oneof(scalar, nested, fc.array(nested, { maxLength: 2 })))
      .map((value) => JSON.stringify(value)),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'Red hat', 'blue', '["red"]') },
)

type Step =
  | { readonly kind: 'add'; readonly label: string; readonly module: string; readonly maxPlayers: number }
  | { readonly kind: 'label'; readonly room: number; readonly label: string }
  | { readonly kind: 'phase'; readonly room: number; readonly phase: RoomPhase }
  | { readonly kind: 'seat'; readonly room: number; readonly member: number }
  | { readonly kind: 'delete'; readonly room: number }
  | { readonly kind: 'find'; readonly query: MeaningfulQuery; readonly limit: number }

const room = fc.nat({ max: 30 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      label,
      module: fc.constantFrom('duel', 'arena'),
      maxPlayers: fc.nat({ max: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('label' as const), room, label }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('phase' as const),
      room,
      phase: fc.constantFrom<RoomPhase>('running', 'running', 'draining'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('seat' as const),
      room,
      member: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), room }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('find' as const),
      query,
      limit: fc.integer({ min: 1, max: 5 }),
    }),
  },
)

const seat: Seat = { kind: 'booked', reservation: '' }

class Model {
  readonly directory = new RoomDirectory()
  /** Oldest first. */
  readonly rooms: RoomRecord[] = []
  #added = 0

  run(step: Step): void {
    if (step.kind === 'add') return this.#add(step)
    if (step.kind === 'find') return this.#find(step)
    const room = this.rooms[step.room % Math.max(1, this.rooms.length)]
    if (room === undefined) return
    if (step.kind === 'label') room.traits = { ...room.traits, label: step.label }
    else if (step.kind === 'phase') room.phase = step.phase
    else if (step.kind === 'delete') {
      this.directory.delete(room)
      this.rooms.splice(this.rooms.indexOf(room), 1)
    } else if (room.seats.has(step.member)) room.free(step.member)
    else if (room.freeSeats > 0) room.seats.set(step.member, seat)
  }

  #add({ label, module, maxPlayers }: Extract<Step, { kind: 'add' }>): void {
    const room = new RoomRecord(randomUUID() as RoomId, module, this.#added++ % 4, undefined)
    room.traits = { label, tickHz: 1 + (this.#added % 3), maxPlayers, version: '' }
    this.directory.add(room)
    room.phase = 'running'
    this.rooms.push(room)
  }

  /** The pages of the answer, put together, are the answer of the oracle. */
  #find({ query: { text, score }, limit }: Extract<Step, { kind: 'find' }>): void {
    const expected = this.rooms
      .flatMap((room, age) => {
        const points = room.phase === 'running' ? score(room) : undefined
        return points === undefined ? [] : [{ room, points, age }]
      })
      .sort((a, b) => b.points - a.points || b.age - a.age)
      .map(({ room }) => room)
    const found: RoomRecord[] = []
    let cursor: string | undefined
    do {
      const page = this.directory.list({ query: text, cursor }, limit)
      expect(page.rooms.length).toBeLessThanOrEqual(limit)
      found.push(...page.rooms)
      cursor = page.cursor
    } while (cursor !== undefined && found.length <= expected.length)
    const ids = (rooms: RoomRecord[]) => rooms.map(({ id }) => id)
    expect(ids(found), text).toEqual(ids(expected))
  }
}

it('finds what going through all rooms finds, page by page, whatever has happened before', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
      const model = new Model()
      for (const one of steps) model.run(one)
    }),
    { numRuns: 400 },
  )
})
