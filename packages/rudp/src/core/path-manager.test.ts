import { beforeEach, describe, expect, it } from 'vitest'
import { SeededRandom } from '../testing/index.ts'
import { PathManager } from './path-manager.ts'

const OLD = 0
const NEW = 1
const PTO_MS = 100
let paths: PathManager

beforeEach(() => {
  paths = new PathManager(OLD, new SeededRandom(1), 8)
})

/** A second after the last attempt, the newest packet comes from elsewhere. */
function propose(nowMs = 0): void {
  expect(paths.onPacket(NEW, 100, true, nowMs)).toBe('proposed')
}

describe('a change of path', () => {
  it('is proposed by the newest packet only', () => {
    expect(paths.onPacket(NEW, 100, false, 0)).toBe('known')
    expect(paths.current).toBe(OLD)
    propose()
    expect(paths.current).toBe(NEW)
    expect(paths.active).toBe(OLD)
    expect(paths.isOldPathDue).toBe(true)
  })

  it('sends at most three times what came from the new path until it is validated', () => {
    propose()
    expect(paths.budgetBytes).toBe(300)
    paths.onSent(NEW, 250)
    expect(paths.budgetBytes).toBe(50)
    paths.onSent(OLD, 1000)
    expect(paths.budgetBytes).toBe(50)
    paths.onPacket(NEW, 60, false, 1)
    expect(paths.budgetBytes).toBe(230)
    expect(paths.onResponse(NEW, paths.challengeData, 0)).toBe(true)
    expect(paths.budgetBytes).toBe(Number.POSITIVE_INFINITY)
    expect(paths.active).toBe(NEW)
  })

  it('is validated only by the right answer from the right path', () => {
    propose()
    expect(paths.onResponse(OLD, paths.challengeData, 0)).toBe(false)
    expect(paths.onResponse(NEW, new Uint8Array(8), 0)).toBe(false)
    expect(paths.onResponse(2, paths.challengeData, 0)).toBe(false)
    expect(paths.isValidating).toBe(true)
  })

  it('challenges three times, a probe timeout apart, and then gives up', () => {
    propose()
    for (let challenge = 0; challenge < 3; challenge++) {
      const nowMs = challenge * PTO_MS
      expect(paths.deadlineMs).toBe(nowMs)
      expect(paths.isChallengeDue(nowMs)).toBe(true)
      paths.onChallengeSent(PTO_MS, nowMs)
      expect(paths.isChallengeDue(nowMs)).toBe(false)
      expect(paths.onTimeout(nowMs)).toBe(false)
    }
    expect(paths.onTimeout(3 * PTO_MS)).toBe(true)
    expect(paths.current).toBe(OLD)
    expect(paths.deadlineMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('is over at once when the peer speaks from the old path again', () => {
    propose()
    expect(paths.onPacket(OLD, 100, false, 1)).toBe('known')
    expect(paths.isValidating).toBe(true)
    expect(paths.onPacket(OLD, 100, true, 2)).toBe('returned')
    expect(paths.current).toBe(OLD)
    expect(paths.isOldPathDue).toBe(false)
  })

  it('is followed at most once a second and eight times a minute', () => {
    propose(0)
    paths.onPacket(OLD, 100, true, 1)
    expect(paths.onPacket(NEW, 100, true, 999)).toBe('refused')
    for (let attempt = 1; attempt < 8; attempt++) {
      propose(attempt * 1000)
      paths.onPacket(OLD, 100, true, attempt * 1000 + 1)
    }
    expect(paths.onPacket(NEW, 100, true, 9000)).toBe('refused')
    expect(paths.onPacket(NEW, 100, true, 60_000)).toBe('proposed')
  })

  it('uses another challenge each time', () => {
    propose(0)
    const first = [...paths.challengeData]
    paths.onPacket(OLD, 100, true, 1)
    propose(1000)
    expect([...paths.challengeData]).not.toEqual(first)
  })
})

describe('a challenge of the peer', () => {
  it('is answered with its bytes on the path it came on', () => {
    expect(paths.responsePath).toBe(-1)
    paths.onChallenge(7, new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8]), 1)
    expect(paths.responsePath).toBe(7)
    expect([...paths.responseData]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    paths.onResponseSent()
    expect(paths.responsePath).toBe(-1)
  })
})
