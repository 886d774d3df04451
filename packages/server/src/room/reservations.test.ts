import { describe, expect, it } from 'vitest'
import type { RoomId, SessionId } from '../ids.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { Reservations, checkedReservationMs } from './reservations.ts'
import { RoomRecord } from './room-record.ts'

const ANN = '000000000000000a' as SessionId
const BOB = '000000000000000b' as SessionId
const invalid = expect.objectContaining({ error: 'RESERVATION_INVALID' })

function world() {
  const clock = new ManualClock()
  let expired = 0
  const reservations = new Reservations({ clock, random: seededRandom(1), onExpired: () => expired++ })
  let made = 0
  return {
    clock,
    reservations,
    expired: () => expired,
    room(maxPlayers: number): RoomRecord {
      const id = `00000000-0000-4000-8000-00000000000${++made}` as RoomId
      const room = new RoomRecord(id, 'game', 0, undefined)
      room.traits = { label: '', tickHz: 10, maxPlayers, version: 'v1' }
      room.phase = 'running'
      return room
    },
  }
}

describe('Reservations', () => {
  it('take a seat from the moment they are made, each with a token of its own', () => {
    const { reservations, room } = world()
    const two = room(2)
    const tokens = [reservations.book(two, ANN, 1_000), reservations.book(two, undefined, 1_000)]
    expect([new Set(tokens).size, two.freeSeats, two.size]).toEqual([2, 0, 0])
    expect(() => reservations.book(two, BOB, 1_000)).toThrow(expect.objectContaining({ error: 'ROOM_FULL' }))
  })

  it('are good once, and the seat is then the taker’s to fill', () => {
    const { reservations, room } = world()
    const one = room(1)
    const token = reservations.book(one, ANN, 1_000)
    expect(reservations.take(token, one, ANN)).toBe(1)
    expect([one.seats.size, reservations.size]).toEqual([1, 0])
    expect(() => reservations.take(token, one, ANN)).toThrow(invalid)
  })

  it('are refused alike when they are unknown, of another room or for another session, and stay good', () => {
    const { reservations, room } = world()
    const [one, other] = [room(1), room(1)]
    const token = reservations.book(one, ANN, 1_000)
    expect(() => reservations.take('no such token', one, ANN)).toThrow(invalid)
    expect(() => reservations.take(token, other, ANN)).toThrow(invalid)
    expect(() => reservations.take(token, one, BOB)).toThrow(invalid)
    expect(reservations.take(token, one, ANN)).toBe(1)
  })

  it('are for whoever brings them when they name nobody', () => {
    const { reservations, room } = world()
    const one = room(1)
    expect(reservations.take(reservations.book(one, undefined, 1_000), one, BOB)).toBe(1)
  })

  it('expire, which is told, and give the seat back', () => {
    const { clock, expired, reservations, room } = world()
    const one = room(1)
    const token = reservations.book(one, ANN, 1_000)
    clock.advance(999)
    expect([expired(), one.freeSeats]).toEqual([0, 0])
    clock.advance(1)
    expect([expired(), one.freeSeats, reservations.size]).toEqual([1, 1, 0])
    expect(() => reservations.take(token, one, ANN)).toThrow(invalid)
  })

  it('do not expire any more when they were used', () => {
    const { clock, expired, reservations, room } = world()
    const one = room(1)
    reservations.take(reservations.book(one, ANN, 1_000), one, ANN)
    clock.advance(2_000)
    expect([expired(), one.seats.size, clock.pendingTimers]).toEqual([0, 1, 0])
  })

  it('of a session end with it, and only those', () => {
    const { reservations, room } = world()
    const three = room(3)
    reservations.book(three, ANN, 1_000)
    reservations.book(three, ANN, 1_000)
    reservations.book(three, BOB, 1_000)
    reservations.releaseAllOf(ANN)
    reservations.releaseAllOf(ANN)
    expect([three.seats.size, reservations.size]).toEqual([1, 1])
  })

  it('of a room that turns out to be small are void beyond its seats, the last ones first', () => {
    const { reservations, room } = world()
    const starting = room(0)
    starting.phase = 'creating'
    const tokens = [1, 2, 3].map(() => reservations.book(starting, undefined, 1_000))
    starting.traits = { ...starting.traits, maxPlayers: 2 }
    starting.phase = 'running'
    reservations.trim(starting)
    expect(starting.emptySeats).toBe(0)
    expect(() => reservations.take(tokens[2] as string, starting, ANN)).toThrow(invalid)
    expect(reservations.take(tokens[1] as string, starting, ANN)).toBe(2)
  })
})

describe('checkedReservationMs', () => {
  it('takes what is above nothing, up to an hour', () => {
    expect([checkedReservationMs(1), checkedReservationMs(3_600_000)]).toEqual([1, 3_600_000])
    for (const wrong of [0, -1, Number.NaN, 3_600_001]) {
      expect(() => checkedReservationMs(wrong)).toThrow(expect.objectContaining({ error: 'INVALID_PAYLOAD' }))
    }
  })
})
