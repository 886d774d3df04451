import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { createTestSession } from '../testing/test-session.ts'
import { ResumeTokens } from './resume-tokens.ts'

function world() {
  const tokens = new ResumeTokens(seededRandom(1))
  const { session } = createTestSession(new ManualClock(), 1)
  const first = tokens.issue(session)
  const good = (token: string, attempt: number): boolean => tokens.find({ token, attempt }) === session
  return { tokens, session, first, good }
}

describe('ResumeTokens', () => {
  it('find the session of a token, and none for one that is made up', () => {
    const { first, good } = world()
    expect([good(first, 1), good('', 1), good(`${first}x`, 1)]).toEqual([true, false, false])
  })

  it('keep the used token until the client shows that it has the next', () => {
    const { tokens, session, first, good } = world()
    const second = tokens.issue(session, { token: first, attempt: 1 })
    expect([good(first, 2), good(second, 2)]).toEqual([true, true])
    tokens.confirm(session)
    expect([good(first, 2), good(second, 2)]).toEqual([false, true])
    tokens.confirm(session)
    expect(good(second, 2)).toBe(true)
  })

  it('replace a token whose answer was lost by the next one', () => {
    const { tokens, session, first, good } = world()
    const lost = tokens.issue(session, { token: first, attempt: 1 })
    const second = tokens.issue(session, { token: first, attempt: 2 })
    expect([good(first, 3), good(lost, 3), good(second, 3)]).toEqual([true, false, true])
  })

  it('forget the token before last when the last one is used', () => {
    const { tokens, session, first, good } = world()
    const second = tokens.issue(session, { token: first, attempt: 1 })
    const third = tokens.issue(session, { token: second, attempt: 2 })
    expect([good(first, 3), good(second, 3), good(third, 3)]).toEqual([false, true, true])
  })

  it('refuse a try that a later one has overtaken', () => {
    const { tokens, session, first, good } = world()
    tokens.issue(session, { token: first, attempt: 5 })
    expect([good(first, 4), good(first, 5), good(first, 6)]).toEqual([false, false, true])
  })

  it('forget everything about a session that is over', () => {
    const { tokens, session, first, good } = world()
    const second = tokens.issue(session, { token: first, attempt: 1 })
    tokens.revoke(session)
    expect([good(first, 2), good(second, 2)]).toEqual([false, false])
    tokens.revoke(session)
  })
})
