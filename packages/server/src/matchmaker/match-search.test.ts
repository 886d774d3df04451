import { expect, it } from 'vitest'
import { ticket } from '../testing/matchmaker-world.ts'
import { link } from './links.ts'
import { MatchSearch, NODES_PER_SEARCH } from './match-search.ts'
import type { TicketSpec } from './ticket.ts'
import { WaitingTicket } from './waiting-ticket.ts'

type Waiting = WaitingTicket<TicketSpec>

function pool(count: number, spec: (n: number) => Partial<TicketSpec>): Waiting[] {
  return Array.from({ length: count }, (_, n) => {
    const one = new WaitingTicket(ticket(`${n}`, spec(n)), n, 0)
    one.state = 'linked'
    return one
  })
}

function linkAll(all: readonly Waiting[], areLinked: (a: number, b: number) => boolean = () => true): void {
  for (const [n, a] of all.entries()) {
    for (const b of all.slice(n + 1)) if (areLinked(a.order, b.order)) link(a, b, 0, 0)
  }
}

const idsOf = (match: readonly Waiting[] | undefined) => match?.map((one) => Number(one.ticket.id))

it('finds a match of as many tickets as one can have', () => {
  const all = pool(128, () => ({ min: 128, max: 128 }))
  linkAll(all)
  const { match, isCutShort } = new MatchSearch<TicketSpec>(true).find(all[0] as Waiting, false)
  expect(match).toHaveLength(128)
  expect(isCutShort).toBe(false)
})

it('does not count on a ticket that has gone back to be compared anew', () => {
  const all = pool(3, () => ({}))
  linkAll(all)
  ;(all[1] as Waiting).state = 'queued'
  const { match } = new MatchSearch<TicketSpec>(true).find(all[0] as Waiting, false)
  expect(idsOf(match)).toEqual([0, 2])
})

it('takes a smaller match only when told to, and the largest there is', () => {
  const search = new MatchSearch<TicketSpec>(true)
  const all = pool(6, (n) => ({ min: 2, max: 9, size: n === 0 ? 1 : n === 3 ? 3 : 1 }))
  linkAll(all, (a, b) => a === 0 || (a % 2 === 1 && b % 2 === 1))
  expect(search.find(all[0] as Waiting, false).match).toBeUndefined()
  expect(idsOf(search.find(all[0] as Waiting, true).match)).toEqual([0, 1, 3, 5])
})

it('ends at its bound, and says so', () => {
  // Eight colours that refuse their own never make a match of ten, but 16 to the power of 8 ways lead nearly there.
  const all = pool(120, () => ({ min: 10, max: 10 }))
  linkAll(all, (a, b) => a % 8 !== b % 8)
  const { match, isCutShort, steps } = new MatchSearch<TicketSpec>(true).find(all[0] as Waiting, false)
  expect(match).toBeUndefined()
  expect(isCutShort).toBe(true)
  expect(steps).toBeGreaterThan(NODES_PER_SEARCH)
  expect(steps).toBeLessThan(25_000)
})

it('tries nothing when no parties add up to a match', () => {
  const all = pool(100, () => ({ min: 10, max: 10, size: 3 }))
  linkAll(all)
  const { match, isCutShort, steps } = new MatchSearch<TicketSpec>(true).find(all[0] as Waiting, false)
  expect(match).toBeUndefined()
  expect(isCutShort).toBe(false)
  expect(steps).toBe(100)
})
