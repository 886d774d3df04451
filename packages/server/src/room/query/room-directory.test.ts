import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { RoomId } from '../../ids.ts'
import type { RoomQuery } from '../../script/script-services.ts'
import type { RoomTraits } from '../room-host.ts'
import { RoomRecord, type Seat } from '../room-record.ts'
import { RoomDirectory } from './room-directory.ts'

const traits: RoomTraits = { label: '', tickHz: 10, maxPlayers: 4, version: 'v1' }
/** Rooms only count their seats here. */
const seat: Seat = { kind: 'booked', reservation: '' }

class World {
  readonly directory = new RoomDirectory()
  readonly names = new Map<RoomRecord, string>()

  add(
    name: string,
    label: unknown,
    more: Partial<RoomTraits> & { module?: string; createdMs?: number } = {},
  ): RoomRecord {
    const { module = 'game', createdMs = 1_000, ...rest } = more
    const room = new RoomRecord(randomUUID() as RoomId, module, createdMs, undefined)
    room.traits = { ...traits, ...rest, label: typeof label === 'string' ? label : JSON.stringify(label) }
    room.phase = 'running'
    this.names.set(room, name)
    this.directory.add(room)
    return room
  }

  /** Names of the rooms found, in order. */
  find(query: string | RoomQuery, limit = 100): string {
    const { rooms } = this.directory.list(typeof query === 'string' ? { query } : query, limit)
    return rooms.map((room) => this.names.get(room)).join(' ')
  }
}

function lobby(): World {
  const world = new World()
  world.add('ada', { mode: 'duel', region: 'eu', skill: 10, title: 'Capture the Flag', open: true })
  world.add('bob', { mode: 'duel', region: 'us', skill: 20.5, tags: ['ranked', 'fast'] })
  world.add('cat', { mode: 'team', region: 'eu', skill: '10', map: { name: 'Old Harbour' } })
  world.add('dan', 'Flag of Arena 1', { module: 'arena', maxPlayers: 8, tickHz: 30, createdMs: 2_000.4 })
  return world
}

function hasLabel(room: RoomRecord, key: string): boolean {
  return (JSON.parse(room.traits.label) as Record<string, unknown>)[key] === true
}

describe('queries', () => {
  it.each([
    ['', 'dan cat bob ada'],
    ['*', 'dan cat bob ada'],
    ['label.mode:duel', 'bob ada'],
    ['label.mode:Duel', ''],
    ['label.skill:10', 'cat ada'],
    ['label.skill:"10"', 'cat'],
    ['label.skill:1*', 'cat'],
    ['label.skill:>10', 'bob'],
    ['label.skill:>=10', 'bob ada'],
    ['label.skill:<20.5', 'ada'],
    ['label.skill:[10 TO 20.5]', 'bob ada'],
    ['label.open:true', 'ada'],
    ['label.open:"true"', ''],
    ['label.open:*', 'ada'],
    ['label.region:(us br)', 'bob'],
    ['label.region:(us eu)', 'cat bob ada'],
    ['label.tags:ranked', 'bob'],
    ['label.map.name:"Old Harbour"', 'cat'],
    ['label.map.name:Old*', 'cat'],
    ['label.map:*', ''],
    ['label.nothing:x', ''],
    ['flag', 'dan ada'],
    ['"FLAG capture"', 'ada'],
    ['fl* of', 'dan ada'],
    ['label.title:~flag', 'ada'],
    ['label.title:~capture-fla*', 'ada'],
    ['label:"Flag of Arena 1"', 'dan'],
    ['label:Flag*', 'dan'],
    ['module:arena', 'dan'],
    ['module:a*', 'dan'],
    ['max_players:>4', 'dan'],
    ['max_players:(4 5)', 'cat bob ada'],
    ['tick_hz:[11 TO 30]', 'dan'],
    ['created_ms:2000', 'dan'],
    ['+label.mode:duel +label.region:eu', 'ada'],
    ['+label.mode:duel -label.region:eu', 'bob'],
    ['-label.mode:duel', 'dan cat'],
    ['-*', ''],
    ['-seats:4', 'dan'],
    ['+label.mode:* label.region:eu', 'cat ada bob'],
    ['+* label.region:eu^2 label.mode:duel', 'ada cat bob dan'],
    ['label.region:eu^2 label.mode:duel^3 size:0', 'ada bob cat dan'],
    ['label.region:eu label.mode:duel -flag', 'cat bob'],
    ['+label.region:(eu eu "eu") label.tags:(ranked fast) cat', 'cat ada'],
  ])('%s', (query, rooms) => {
    expect(lobby().find(query)).toBe(rooms)
  })

  it('and the other filters hold at once, and a filter is no must that makes terms optional', () => {
    const world = lobby()
    expect(world.find({ module: 'game', query: 'flag' })).toBe('ada')
    expect(world.find({ module: 'game', query: '-flag' })).toBe('cat bob')
    expect(world.find({ label: 'Flag of Arena 1', query: '+flag' })).toBe('dan')
    expect(world.find({ hasSeat: false })).toBe('')
    expect(world.find({ hasSeat: true, query: 'harbour' })).toBe('cat')
  })

  it('count a room once, however often a term names it', () => {
    const world = new World()
    world.add('twice', { tags: ['a', 'a', 'ab', 1, 2] })
    world.add('once', { tags: 'a', best: 1 })
    expect(world.find('label.tags:(a ab) label.tags:a* label.tags:* label.tags:>0 label.best:1^1.5')).toBe(
      'once twice',
    )
    expect(world.find('+label.tags:(a ab) +label.tags:*')).toBe('once twice')
  })

  it('add up as many terms as a query may have', () => {
    const world = new World()
    for (let n = 0; n < 32; n++) world.add(`r${n}`, { n })
    const terms = Array.from({ length: 32 }, (_, n) => `label.n:>=${n}^${n === 20 ? 1_000 : 1}`)
    expect(world.find(terms.join(' '), 3)).toBe('r31 r30 r29')
    expect(world.find(terms.toReversed().join(' '), 12)).toMatch(/^r31 .* r20$/)
    expect(world.find(terms.join(' ').replaceAll('>=', '<'), 2)).toBe('r0 r1')
  })
})

describe('what a list says is never stale', () => {
  it('a changed label', () => {
    const world = lobby()
    const room = world.add('eve', { mode: 'duel', round: 1 })
    expect(world.find('+label.mode:duel +label.round:1')).toBe('eve')
    room.traits = { ...room.traits, label: '{"mode":"over"}' }
    expect(world.find('label.mode:duel')).toBe('bob ada')
    expect(world.find('label.round:*')).toBe('')
    expect(world.find('label.mode:over')).toBe('eve')
    room.traits = { ...room.traits, maxPlayers: 99, version: 'v2' }
    expect(world.find('max_players:99')).toBe('eve')
  })

  it('seats that are reserved and given back', () => {
    const world = lobby()
    const room = world.add('eve', 'Eve', { maxPlayers: 2 })
    room.seats.set(1, seat)
    expect(world.find('seats:1')).toBe('eve')
    expect(world.find({ hasSeat: true })).toBe('eve dan cat bob ada')
    room.seats.set(2, seat)
    expect(world.find({ hasSeat: false })).toBe('eve')
    expect(world.find({ hasSeat: true })).toBe('dan cat bob ada')
    room.free(1)
    expect(world.find('seats:1')).toBe('eve')
  })

  it('a room that begins, drains, closes or goes', () => {
    const world = lobby()
    const room = world.add('eve', 'Eve')
    for (const phase of ['creating', 'draining', 'closed'] as const) {
      room.phase = phase
      expect(world.find('eve')).toBe('')
      room.phase = 'running'
      expect(world.find('eve')).toBe('eve')
    }
    world.directory.delete(room)
    expect(world.find('eve')).toBe('')
    room.phase = 'running'
    expect(world.find('eve')).toBe('')
  })
})

describe('pages', () => {
  it('give every room once, the best first, and no cursor after the last', () => {
    const world = lobby()
    const query = { query: '+* label.mode:duel' }
    const first = world.directory.list(query, 3)
    expect(first.rooms.map((room) => world.names.get(room))).toEqual(['bob', 'ada', 'dan'])
    const second = world.directory.list({ ...query, cursor: first.cursor }, 3)
    expect(second.rooms.map((room) => world.names.get(room))).toEqual(['cat'])
    expect(second.cursor).toBeUndefined()
    expect(world.directory.list(query, 4).cursor).toBeUndefined()
  })

  it('are not moved by rooms that come', () => {
    const world = lobby()
    const { cursor } = world.directory.list({}, 2)
    world.add('eve', 'Eve')
    expect(world.find({ cursor })).toBe('bob ada')
  })

  it('go on behind a room that has gone', () => {
    const world = lobby()
    const { cursor, rooms } = world.directory.list({}, 2)
    for (const room of rooms) world.directory.delete(room)
    expect(world.find({ cursor })).toBe('bob ada')
  })

  it('of one query do not go on in another', () => {
    const world = lobby()
    const { cursor } = world.directory.list({ query: '*', module: 'game' }, 1)
    const refused = { error: 'INVALID_PAYLOAD', message: 'cursor: it came with the answer to another query' }
    for (const other of [{ query: '*' }, { module: 'game' }, { query: '*', module: 'game', label: '' }]) {
      expect(() => world.find({ ...other, cursor })).toThrow(expect.objectContaining(refused))
    }
    expect(world.find({ query: '*', module: 'game', cursor })).toBe('bob ada')
  })

  it('of a thousand rooms with few scores are in order, also when slots have been used again', () => {
    const world = new World()
    const add = (n: number) => world.add(`r${n}`, { n, even: n % 2 === 0, third: n % 3 === 0, '': -0 })
    const rooms = Array.from({ length: 1_000 }, (_, n) => add(n))
    const names = (kept: readonly RoomRecord[]) => kept.map((room) => world.names.get(room))
    for (const [n, room] of rooms.entries()) if (n % 5 === 0) world.directory.delete(room)
    // Those that come back are as old as they were.
    for (const phase of ['draining', 'running'] as const) {
      for (const [n, room] of rooms.entries()) if (n % 5 !== 0 && n % 7 === 0) room.phase = phase
    }
    const kept = rooms.filter((_, n) => n % 5 !== 0).concat(Array.from({ length: 150 }, (_, n) => add(n)))
    const pages = (query: string): (string | undefined)[] => {
      const found: RoomRecord[] = []
      let cursor: string | undefined
      do {
        const page = world.directory.list({ query, cursor }, 90)
        found.push(...page.rooms)
        cursor = page.cursor
      } while (cursor !== undefined)
      return names(found)
    }
    const newest = kept.toReversed()
    expect(pages('')).toEqual(names(newest))
    expect(pages('+label.even:true')).toEqual(names(newest.filter((room) => hasLabel(room, 'even'))))
    const score = (room: RoomRecord) => (hasLabel(room, 'even') ? 2 : 0) + (hasLabel(room, 'third') ? 1 : 0)
    expect(pages('+label.:0 label.even:true^2 label.third:true')).toEqual(
      names(newest.toSorted((a, b) => score(b) - score(a))),
    )
  })

  it.each(['', 'x', '!!', 'a'.repeat(128), Buffer.from('00000000 NaN 1').toString('base64url')])(
    'refuse what is no cursor: %s',
    (cursor) => {
      expect(() => lobby().find({ cursor })).toThrow('cursor: expected one that a list of rooms came with')
    },
  )
})
