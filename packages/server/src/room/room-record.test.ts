import { describe, expect, it } from 'vitest'
import type { RoomId, SessionId } from '../ids.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { createTestSession } from '../testing/test-session.ts'
import { JoinAttempt } from './join-attempt.ts'
import { RoomRecord, type Seat } from './room-record.ts'

function record(maxPlayers = 4): RoomRecord {
  const room = new RoomRecord('00000000-0000-4000-8000-000000000001' as RoomId, 'game', 1_000, undefined)
  room.traits = { label: '', tickHz: 10, maxPlayers, version: 'v1' }
  return room
}

function joining(member: number): Extract<Seat, { kind: 'joining' }> {
  const clock = new ManualClock()
  const { session } = createTestSession(clock, member)
  const presence = { member, session: session.id as SessionId, user_id: '', username: '' }
  const request = { session, requestId: 1, metadata: undefined, password: undefined }
  const attempt = new JoinAttempt(request, { clock, timeoutMs: 1_000, onTimeout() {} }, () => {})
  return { kind: 'joining', session, handle: 1, presence, attempt, onSettled: () => {} }
}

describe('RoomRecord', () => {
  it('counts seats that are asked for as taken and occupied ones as members', () => {
    const room = record(2)
    room.seats.set(1, joining(1))
    expect([room.size, room.freeSeats]).toEqual([0, 1])
    const second = joining(2)
    room.seats.set(2, second)
    room.occupy(2, second)
    expect([room.size, room.freeSeats]).toEqual([1, 0])
    room.free(1)
    room.free(1)
    expect([room.size, room.freeSeats]).toEqual([1, 1])
    room.free(2)
    expect([room.size, room.seats.size]).toEqual([0, 0])
  })

  it('gives numbers in turn, skips those in use, and starts over after 65,535', () => {
    const room = record(65_535)
    room.seats.set(1, joining(1))
    room.seats.set(3, joining(3))
    expect([room.nextMember(), room.nextMember()]).toEqual([2, 4])
    let last = 4
    while (last < 65_535) last = room.nextMember()
    expect([room.nextMember(), room.nextMember()]).toEqual([2, 4])
  })

  it('calls back when the room has started, in the order they asked, once', () => {
    const room = record()
    const told: string[] = []
    room.whenStarted((error) => told.push(`first ${error}`))
    room.whenStarted((error) => told.push(`second ${error}`))
    expect(told).toEqual([])
    room.phase = 'running'
    room.settleStart(undefined)
    room.settleStart(new Error('again'))
    expect(told).toEqual(['first undefined', 'second undefined'])
  })

  it('passes on why it did not start', () => {
    const room = record()
    const errors: unknown[] = []
    room.whenStarted((error) => errors.push(error))
    const boom = new Error('boom')
    room.settleStart(boom)
    expect(errors).toEqual([boom])
  })

  it('calls back at once when the room runs already', () => {
    const room = record()
    room.phase = 'running'
    const errors: unknown[] = []
    room.whenStarted((error) => errors.push(error))
    expect(errors).toEqual([undefined])
  })

  it('has no free seat while it is locked, though some may be empty', () => {
    const room = record(2)
    room.traits = { ...room.traits, isLocked: true }
    expect([room.freeSeats, room.emptySeats]).toEqual([0, 2])
  })

  it('is listed while it runs and is not private', () => {
    const room = record()
    const listed = [room.isListed]
    room.phase = 'running'
    listed.push(room.isListed)
    room.traits = { ...room.traits, isPrivate: true }
    expect([...listed, room.isListed]).toEqual([false, true, false])
  })

  it('has as many free seats as are neither booked, asked for nor taken, and never less than none', () => {
    const room = record(2)
    room.seats.set(1, joining(1))
    expect(room.freeSeats).toBe(1)
    room.occupy(1, joining(1))
    expect(room.freeSeats).toBe(1)
    room.seats.set(2, joining(2))
    room.traits = { ...room.traits, maxPlayers: 1 }
    expect([room.freeSeats, room.emptySeats]).toEqual([0, -1])
  })

  it('tells the one who watches it of its phase and traits, when they have changed', () => {
    const room = record()
    const seen: string[] = []
    room.watch(() => seen.push(`${room.phase} ${room.traits.label}`))
    room.phase = 'running'
    room.traits = { ...room.traits, label: 'new' }
    room.watch(undefined)
    room.phase = 'closed'
    expect(seen).toEqual(['running ', 'running new'])
  })
})
