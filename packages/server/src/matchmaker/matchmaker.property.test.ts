import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchmakerWorld, ticket } from '../testing/matchmaker-world.ts'
import { checkProperty } from '../testing/property.ts'
import type { TicketSpec } from './ticket.ts'

// The oracle knows neither queries nor links: each query comes as its text and as what it means, and groups are found by
// trying every subset.

interface Wish {
  readonly query: string
  accepts(other: TicketSpec): boolean
}

const nobody: Wish = { query: '+properties.no:one', accepts: () => false }
const any: Wish = { query: '', accepts: () => true }
const near = (from: number, to: number): Wish => ({
  query: `+properties.skill:[${from} TO ${to}]`,
  accepts: ({ properties }) => Number(properties.skill) >= from && Number(properties.skill) <= to,
})
const inRegion = (region: string, sign: '+' | '-'): Wish => ({
  query: `${sign}properties.region:${region}`,
  accepts: ({ properties }) => (properties.region === region) === (sign === '+'),
})
const solo: Wish = { query: '+party_size:1 properties.region:eu^2', accepts: ({ size }) => size === 1 }

const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(any) },
  fc.tuple(fc.nat(6), fc.nat(6)).map(([from, width]) => near(from, from + width)),
  fc.tuple(fc.constantFrom('eu', 'us'), fc.constantFrom<'+' | '-'>('+', '-')).map(([r, s]) => inRegion(r, s)),
  fc.constant(solo),
)

interface Candidate {
  readonly spec: Omit<TicketSpec, 'id'>
  readonly wishes: readonly Wish[]
  readonly waitMs: number
}

const WIDENS_MS = 3_000

const sizes = fc.constantFrom(
  { min: 2, max: 2, multiple: 1 },
  { min: 4, max: 4, multiple: 1 },
  { min: 2, max: 6, multiple: 2 },
  { min: 3, max: 5, multiple: 1 },
  { min: 1, max: 6, multiple: 3 },
)

const candidate: fc.Arbitrary<Candidate> = fc
  .record({
    sizes,
    size: fc.integer({ min: 1, max: 3 }),
    skill: fc.nat(8),
    region: fc.constantFrom('eu', 'us'),
    wishes: fc.array(wish, { minLength: 1, maxLength: 2 }),
    waitMs: fc.constantFrom(0, 0, 0, 400, 1_000, 2_500),
  })
  .map(({ sizes, size, skill, region, wishes, waitMs }) => ({
    wishes,
    waitMs,
    spec: {
      module: 'duel',
      ...sizes,
      size: Math.min(size, sizes.max - (sizes.max % sizes.multiple)),
      properties: { skill, region },
      stages: wishes.map(({ query }, stage) => ({ afterMs: stage * WIDENS_MS, query })),
    },
  }))

interface Waiting {
  readonly spec: TicketSpec
  readonly wishes: readonly Wish[]
  readonly sinceMs: number
}

/** Which sizes a group may have, from its own players on. */
function allowedSizes(group: readonly Waiting[]): number[] {
  const allowed: number[] = []
  for (let players = playersOf(group); players <= 12; players++) {
    const suits = ({ spec }: Waiting) =>
      players >= spec.min && players <= spec.max && players % spec.multiple === 0
    if (group.every(suits)) allowed.push(players)
  }
  return allowed
}

function playersOf(group: readonly Waiting[]): number {
  return group.reduce((sum, { spec }) => sum + spec.size, 0)
}

function isAgreed(group: readonly Waiting[], nowMs: number, isMutual: boolean): boolean {
  const asking = isMutual ? group : group.slice(0, 1)
  return asking.every((one) => {
    const stage = Math.min(one.wishes.length - 1, Math.floor((nowMs - one.sinceMs) / WIDENS_MS))
    return group.every((other) => other === one || one.wishes[stage]?.accepts(other.spec) === true)
  })
}

function isMatch(group: readonly Waiting[], nowMs: number, isMutual: boolean): boolean {
  return allowedSizes(group)[0] === playersOf(group) && isAgreed(group, nowMs, isMutual)
}

function isFullMatch(group: readonly Waiting[], nowMs: number, isMutual: boolean): boolean {
  return isMatch(group, nowMs, isMutual) && allowedSizes(group).length === 1
}

/** All groups that have `anchor`, which comes first. */
function groupsWith(anchor: Waiting, others: readonly Waiting[]): Waiting[][] {
  return Array.from({ length: 2 ** others.length }, (_, bits) => {
    return [anchor, ...others.filter((_, index) => (bits & (1 << index)) !== 0)]
  })
}

const FULL_WAIT_MS = 5_000
const TICKET_MAX_MS = 9_000

function play(candidates: readonly Candidate[], isMutual: boolean): void {
  const world = matchmakerWorld({
    isMutual,
    fullWaitMs: FULL_WAIT_MS,
    ticketMaxMs: TICKET_MAX_MS,
    stepsPerTurn: 20,
  })
  const waiting = new Map<string, Waiting>()
  let told = 0

  const settle = (): void => {
    const nowMs = world.clock.nowMs()
    for (; told < world.matches.length; told++) {
      const group = (world.matches[told] as string[]).map((id) => waiting.get(id))
      // None is unknown, or was in another match.
      expect(group).not.toContain(undefined)
      const known = group as Waiting[]
      expect(new Set(known).size).toBe(known.length)
      expect(isMatch(known, nowMs, isMutual)).toBe(true)
      const [anchor] = known
      const isPatienceOver = nowMs - (anchor as Waiting).sinceMs >= FULL_WAIT_MS
      expect(isFullMatch(known, nowMs, isMutual) || isPatienceOver).toBe(true)
      if (isMutual) expect(known.every(({ sinceMs }) => sinceMs >= (anchor as Waiting).sinceMs)).toBe(true)
      for (const { spec } of known) waiting.delete(spec.id)
    }
    for (const id of world.expired.splice(0)) {
      expect(nowMs - (waiting.get(id) as Waiting).sinceMs).toBeGreaterThanOrEqual(TICKET_MAX_MS)
      waiting.delete(id)
    }
    expect(world.matchmaker.size).toBe(waiting.size)
  }

  /** Nothing is left that could have been matched. */
  const expectComplete = (): void => {
    const nowMs = world.clock.nowMs()
    const left = [...waiting.values()].filter(({ spec }) => spec.id !== 'alone')
    for (const anchor of left) {
      expect(nowMs - anchor.sinceMs).toBeLessThan(TICKET_MAX_MS)
      const suits = nowMs - anchor.sinceMs >= FULL_WAIT_MS ? isMatch : isFullMatch
      const others = left.filter((other) => other !== anchor)
      const missed = groupsWith(anchor, others).find((group) => suits(group, nowMs, isMutual))
      expect(missed?.map(({ spec }) => spec.id)).toBeUndefined()
    }
  }

  const goOn = (durationMs: number): void => {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 100) {
      world.clock.advance(100)
      settle()
      keepPasses()
      if (world.clock.nowMs() % 1_000 === 0) expectComplete()
    }
  }
  /** One more ticket, which nobody can meet, so that there is a pass at every whole second. */
  const keepPasses = (): void => {
    if (world.matchmaker.has('alone')) return
    const spec = ticket('alone', { module: 'elsewhere' })
    waiting.set('alone', { spec, wishes: [nobody], sinceMs: world.clock.nowMs() })
    world.add(spec)
  }
  keepPasses()
  for (const [index, { spec, wishes, waitMs }] of candidates.entries()) {
    const whole = { ...spec, id: `${index}` }
    waiting.set(whole.id, { spec: whole, wishes, sinceMs: world.clock.nowMs() })
    world.add(whole)
    goOn(waitMs)
  }
  goOn(TICKET_MAX_MS + 1_000)
  expect([...waiting.keys()]).toEqual(['alone'])
}

describe.each([true, false])('with mutual acceptance: %s', (isMutual) => {
  it('every match is one, and none is missed', () => {
    checkProperty(
      fc.property(fc.array(candidate, { maxLength: 9 }), (candidates) => play(candidates, isMutual)),
      200,
    )
  })
})
