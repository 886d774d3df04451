import type { KaosError } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import type { SessionId } from '../ids.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { createTestSession, type TestSession } from '../testing/test-session.ts'
import { PartyService } from './party-service.ts'

const kaosError = (error: KaosError['error']): unknown => expect.objectContaining({ error })

function world(partyMembers = 16) {
  const clock = new ManualClock()
  const changes: string[] = []
  const parties = new PartyService({
    config: { limits: { partyMembers } } as never,
    random: seededRandom(1),
    metrics: { limitHit: (limit) => changes.push(`limit ${limit}`) },
    onMembersChanged: (party, { identity }) =>
      changes.push(
        `${identity.username}: ${Array.from(party.members, (one) => one.identity.username).join(', ')}`,
      ),
  })
  const [ann, bob, eve] = [1, 2, 3].map((id) => createTestSession(clock, id)) as [
    TestSession,
    TestSession,
    TestSession,
  ]
  return {
    parties,
    changes,
    ann,
    bob,
    eve,
    /** Ann leads, Bob has joined. */
    pair(): string {
      parties.create(ann.session, 1, undefined)
      const id = parties.of(ann.session)?.id ?? ''
      parties.join(bob.session, 2, id)
      for (const { connection } of [ann, bob]) connection.sent.length = 0
      changes.length = 0
      return id
    },
  }
}

/** What somebody was told of parties: the request, the leader, the members, or why it is out. */
function heard({ connection }: TestSession): string[] {
  return connection.payloads('Party').map(({ id, leader, members = [], reason }) => {
    if (reason !== undefined) return `${id} out: ${reason}`
    const names = members.map(
      ({ username, is_away }) => username.slice(-1) + (is_away === true ? ' away' : ''),
    )
    return `${id} led by ${Number(leader)}: ${names.join(', ')}`
  })
}

describe('a party', () => {
  it('is made for its leader, who alone is told', () => {
    const { parties, ann } = world()
    parties.create(ann.session, 7, 4)
    expect(ann.connection.payloads('Party')).toEqual([
      {
        id: 7,
        party: expect.stringMatching(/^[0-9a-f-]{36}$/),
        leader: ann.session.id,
        max: 4,
        members: [{ session: ann.session.id, user_id: 'user-1', username: 'player 1' }],
      },
    ])
    expect(parties.size).toBe(1)
  })

  it('has 8 seats unless told, and never more than the server allows', () => {
    const { parties, ann, bob, changes } = world(6)
    parties.create(ann.session, 1, undefined)
    expect(ann.connection.payloads('Party')[0]?.max).toBe(6)
    expect(() => parties.create(bob.session, 1, 7)).toThrow(kaosError('INVALID_PAYLOAD'))
    expect(changes).toEqual(['limit partyMembers'])
  })

  it('is joined by whoever knows its id: everybody is told the whole of it', () => {
    const { parties, ann, bob, changes } = world()
    parties.create(ann.session, 1, undefined)
    parties.join(bob.session, 2, parties.of(ann.session)?.id ?? '')
    expect([heard(ann), heard(bob)]).toEqual([['1 led by 1: 1', '0 led by 1: 1, 2'], ['2 led by 1: 1, 2']])
    expect(changes).toEqual(['player 2: player 1, player 2'])
  })

  it('is refused to strangers, when it is full, and to those who are in one', () => {
    const { parties, ann, bob, eve } = world()
    parties.create(ann.session, 1, 1)
    const id = parties.of(ann.session)?.id ?? ''
    expect(() => parties.join(bob.session, 1, 'none')).toThrow(kaosError('PARTY_NOT_FOUND'))
    expect(() => parties.join(bob.session, 1, id)).toThrow(kaosError('PARTY_FULL'))
    parties.create(eve.session, 1, undefined)
    expect(() => parties.join(eve.session, 1, id)).toThrow(kaosError('PARTY_ALREADY_JOINED'))
    expect(() => parties.create(eve.session, 1, undefined)).toThrow(kaosError('PARTY_ALREADY_JOINED'))
  })

  it('goes on when a member leaves; when the leader does, the oldest member leads', () => {
    const { parties, ann, bob, eve, pair, changes } = world()
    parties.join(eve.session, 3, pair())
    parties.leave(ann.session, 5)
    expect(heard(ann)).toEqual(['0 led by 1: 1, 2, 3', '5 out: left'])
    expect([heard(bob).at(-1), heard(eve).at(-1)]).toEqual(['0 led by 2: 2, 3', '0 led by 2: 2, 3'])
    expect(changes.at(-1)).toBe('player 1: player 2, player 3')
    expect(() => parties.leave(ann.session, 6)).toThrow(kaosError('PARTY_NOT_JOINED'))
  })

  it('is gone with its last member', () => {
    const { parties, ann, bob, pair } = world()
    const id = pair()
    parties.leave(ann.session, 5)
    parties.sessionEnded(bob.session)
    parties.sessionEnded(bob.session)
    expect(parties.size).toBe(0)
    expect(() => parties.join(ann.session, 6, id)).toThrow(kaosError('PARTY_NOT_FOUND'))
  })

  it('loses a member that the leader kicks, which is told so', () => {
    const { parties, ann, bob, pair, changes } = world()
    pair()
    parties.kick(ann.session, 5, bob.session.id)
    expect([heard(ann), heard(bob)]).toEqual([['5 led by 1: 1'], ['0 out: kicked']])
    expect([parties.of(bob.session), changes]).toEqual([undefined, ['player 2: player 1']])
  })

  it('has another leader when that one says so; its members stay as they are', () => {
    const { parties, ann, bob, pair, changes } = world()
    pair()
    parties.promote(ann.session, 5, bob.session.id)
    expect([heard(ann), heard(bob)]).toEqual([['5 led by 2: 1, 2'], ['0 led by 2: 1, 2']])
    expect(changes).toEqual([])
  })

  it('is led by its leader alone, and only over its members', () => {
    const { parties, ann, bob, eve, pair } = world()
    pair()
    const nobody = 'ffffffffffffffff' as SessionId
    expect(() => parties.kick(bob.session, 5, ann.session.id)).toThrow(kaosError('PARTY_LEADER_ONLY'))
    expect(() => parties.promote(bob.session, 5, bob.session.id)).toThrow(kaosError('PARTY_LEADER_ONLY'))
    expect(() => parties.kick(ann.session, 5, nobody)).toThrow(kaosError('INVALID_PAYLOAD'))
    expect(() => parties.kick(ann.session, 5, ann.session.id)).toThrow(kaosError('INVALID_PAYLOAD'))
    expect(() => parties.kick(eve.session, 5, ann.session.id)).toThrow(kaosError('PARTY_NOT_JOINED'))
  })

  it('shows who is away, and who is back', () => {
    const { parties, ann, bob, pair } = world()
    pair()
    bob.session.link.detach()
    parties.sessionChanged(bob.session)
    expect(heard(ann)).toEqual(['0 led by 1: 1, 2 away'])
  })
})
