import { describe, expect, it } from 'vitest'
import type { RoomId } from '../ids.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { createTestSession } from '../testing/test-session.ts'
import type { Session } from './session.ts'

function newSession(): Session {
  return createTestSession(new ManualClock(), 1).session
}

function roomId(number: number): RoomId {
  return `00000000-0000-4000-8000-${number.toString().padStart(12, '0')}` as RoomId
}

describe('the memberships of a session', () => {
  it('are found by handle and by room', () => {
    const session = newSession()
    const first = session.addMembership(roomId(1), 7)
    const second = session.addMembership(roomId(2), 9)
    expect(first).toEqual({ roomId: roomId(1), handle: 1, member: 7 })
    expect(session.membership(1)).toBe(first)
    expect(session.membershipOf(roomId(2))).toBe(second)
    expect(session.roomCount).toBe(2)
    expect([...session.memberships]).toEqual([first, second])
  })

  it('are gone when they are removed', () => {
    const session = newSession()
    const { handle } = session.addMembership(roomId(1), 7)
    session.removeMembership(handle)
    session.removeMembership(handle)
    expect(session.membership(handle)).toBeUndefined()
    expect(session.membershipOf(roomId(1))).toBeUndefined()
    expect(session.roomCount).toBe(0)
  })

  it('do not get a handle again that was just given back', () => {
    const session = newSession()
    const { handle } = session.addMembership(roomId(1), 1)
    session.removeMembership(handle)
    expect(session.addMembership(roomId(1), 2).handle).not.toBe(handle)
  })

  it('have handles that go round after 65,535 and skip those in use', () => {
    const session = newSession()
    session.addMembership(roomId(0), 1)
    session.addMembership(roomId(0), 1)
    session.removeMembership(2)
    const given: number[] = []
    for (let i = 0; i < 65_536; i++) {
      const { handle } = session.addMembership(roomId(i), 1)
      given.push(handle)
      session.removeMembership(handle)
    }
    expect(given.slice(0, 3)).toEqual([3, 4, 5])
    expect(given.at(65_532)).toBe(65_535)
    // 1 is still in use.
    expect(given.slice(65_533)).toEqual([2, 3, 4])
  })

  it('tell a handle that was given out once from one that never was', () => {
    const session = newSession()
    expect([0, 1].map((handle) => session.hasUsed(handle))).toEqual([false, false])
    session.addMembership(roomId(1), 1)
    session.removeMembership(session.addMembership(roomId(2), 1).handle)
    expect([0, 1, 2, 3].map((handle) => session.hasUsed(handle))).toEqual([false, true, true, false])
  })
})
