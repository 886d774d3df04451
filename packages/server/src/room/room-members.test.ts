import { describe, expect, it } from 'vitest'
import type { SessionId } from '../ids.ts'
import type { MemberInfo } from './room-host.ts'
import { RoomMembers } from './room-members.ts'

const ANN = '000000000000000a' as SessionId
const BOB = '000000000000000b' as SessionId

function member(number: number, sessionId: SessionId): MemberInfo {
  return { member: number, sessionId, userId: '', username: '', metadata: undefined }
}

function members(): RoomMembers {
  const all = new RoomMembers()
  all.add(member(1, ANN))
  all.add(member(2, BOB))
  return all
}

describe('RoomMembers', () => {
  it('knows who is in, by member and by session', () => {
    const all = members()
    expect([all.size, all.has(1), all.has(2), all.has(3)]).toEqual([2, true, true, false])
    expect([all.numberOf(ANN), all.numberOf(BOB)]).toEqual([1, 2])
    expect(all.numberOf('000000000000000c' as SessionId)).toBeUndefined()
  })

  it('forgets a member that is taken out, once', () => {
    const all = members()
    expect([all.delete(1), all.delete(1), all.delete(99)]).toEqual([true, false, false])
    expect([all.size, all.has(1), all.numberOf(ANN), all.numberOf(BOB)]).toEqual([1, false, undefined, 2])
  })

  it('keeps the newer seat of a session that came back before its old one was taken out', () => {
    const all = members()
    all.add(member(3, ANN))
    expect([all.numberOf(ANN), all.size]).toEqual([3, 3])
    expect(all.delete(1)).toBe(true)
    expect([all.numberOf(ANN), all.has(3), all.size]).toEqual([3, true, 2])
  })

  it('leaves a kicked member in until it is taken out, but its session leads nowhere', () => {
    const all = members()
    all.markKicked(1)
    all.markKicked(1)
    all.markKicked(99)
    expect([all.has(1), all.size, all.numberOf(ANN), all.numberOf(BOB)]).toEqual([true, 2, undefined, 2])
    expect(all.delete(1)).toBe(true)
  })

  it('lets a kicked session come back as another member', () => {
    const all = members()
    all.markKicked(1)
    all.add(member(3, ANN))
    all.markKicked(1)
    expect(all.numberOf(ANN)).toBe(3)
    all.delete(1)
    expect(all.numberOf(ANN)).toBe(3)
  })

  it('has nobody left when it is cleared', () => {
    const all = members()
    all.clear()
    expect([all.size, all.has(1), all.numberOf(ANN)]).toEqual([0, false, undefined])
  })
})
