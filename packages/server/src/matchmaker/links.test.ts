import { describe, expect, it } from 'vitest'
import { ticket } from '../testing/matchmaker-world.ts'
import { LINKS_PER_TICKET, link, partnerIn, scoreFor, unlinkAll } from './links.ts'
import type { TicketSpec } from './ticket.ts'
import { WaitingTicket } from './waiting-ticket.ts'

type Waiting = WaitingTicket<TicketSpec>

const waiting = (order: number, size = 1): Waiting => {
  return new WaitingTicket(ticket(`${order}`, { min: 10, max: 10, size }), order, 0)
}
const partnersOf = (one: Waiting): string[] => one.links.map((each) => partnerIn(each, one).ticket.id)

/** A ticket, and as many linked to it as it remembers, of party size 1 and with this score. */
function full(score: number): { readonly one: Waiting; readonly others: Waiting[] } {
  const one = waiting(0)
  const others = Array.from({ length: LINKS_PER_TICKET }, (_, n) => waiting(n + 1))
  for (const other of others) link(one, other, score, 0)
  return { one, others }
}

describe('a link', () => {
  it('has the score of each side, and of both together', () => {
    const [a, b] = [waiting(0), waiting(1)]
    link(a, b, 2, undefined)
    const [only] = a.links
    expect(b.links[0]).toBe(only)
    expect(only && [scoreFor(only, a), scoreFor(only, b), only.score]).toEqual([2, undefined, 2])
  })

  it('is gone on both sides when one of them unlinks', () => {
    const all = Array.from({ length: 5 }, (_, n) => waiting(n))
    for (const [n, a] of all.entries()) for (const b of all.slice(n + 1)) link(a, b, 0, 0)
    unlinkAll(all[1] as Waiting)
    unlinkAll(all[3] as Waiting)
    expect(all.map((one) => partnersOf(one).sort())).toEqual([['2', '4'], [], ['0', '4'], [], ['0', '2']])
  })
})

describe('a ticket that is full of links', () => {
  it('leaves out one that is no better, and knows that it did', () => {
    const { one } = full(1)
    expect(one.hasLeftOut).toBe(false)
    const late = waiting(500)
    link(late, one, 0, 1)
    expect(late.links).toEqual([])
    expect([one.links.length, one.hasLeftOut, late.hasLeftOut]).toEqual([LINKS_PER_TICKET, true, false])
  })

  it('takes one with a higher score in place of the newest with the lowest', () => {
    const { one, others } = full(1)
    const late = waiting(500)
    link(late, one, 0, 2)
    expect(one.links).toHaveLength(LINKS_PER_TICKET)
    expect(partnersOf(late)).toEqual(['0'])
    expect(others.filter(({ links }) => links.length === 0).map(({ order }) => order)).toEqual([
      LINKS_PER_TICKET,
    ])
  })

  it('takes parties of a size of which it has few in place of those of which it has many', () => {
    const { one } = full(1)
    for (let n = 0; n < LINKS_PER_TICKET; n++) link(waiting(500 + n, 2), one, 0, 0)
    const sizes = one.links.map((each) => partnerIn(each, one).size)
    expect(sizes.filter((size) => size === 1)).toHaveLength(LINKS_PER_TICKET / 2)
    expect(sizes.filter((size) => size === 2)).toHaveLength(LINKS_PER_TICKET / 2)
  })
})
