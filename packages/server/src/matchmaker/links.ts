import type { TicketSpec } from './ticket.ts'
import type { WaitingTicket } from './waiting-ticket.ts'

/**
 * Compatible tickets that one ticket remembers. A match has up to 128 players, so that many are enough for any; the
 * rest is choice.
 */
export const LINKS_PER_TICKET = 128

/** Two compatible tickets. A score is what one gains by the other; undefined = it does not accept the other. */
export interface Link<T extends TicketSpec> {
  readonly a: WaitingTicket<T>
  readonly b: WaitingTicket<T>
  readonly scoreOfA: number | undefined
  readonly scoreOfB: number | undefined
  readonly score: number
  indexInA: number
  indexInB: number
}

export function partnerIn<T extends TicketSpec>(link: Link<T>, one: WaitingTicket<T>): WaitingTicket<T> {
  return link.a === one ? link.b : link.a
}

/** What `one` gains by the other; undefined = it does not accept the other. */
export function scoreFor<T extends TicketSpec>(link: Link<T>, one: WaitingTicket<T>): number | undefined {
  return link.a === one ? link.scoreOfA : link.scoreOfB
}

/**
 * Remembers that two tickets are compatible, unless one of them is full of better ones. A full ticket takes another only
 * in place of its weakest: from the size of party of which it has most, so that no size crowds out the others, the lowest
 * score, the newest.
 */
export function link<T extends TicketSpec>(
  a: WaitingTicket<T>,
  b: WaitingTicket<T>,
  scoreOfA: number | undefined,
  scoreOfB: number | undefined,
): void {
  const score = (scoreOfA ?? 0) + (scoreOfB ?? 0)
  // Both are asked, so that both know that they left somebody out.
  const hasRoomA = hasRoomFor(a, b, score)
  const hasRoomB = hasRoomFor(b, a, score)
  if (!hasRoomA || !hasRoomB) return
  makeRoom(a)
  makeRoom(b)
  const added = { a, b, scoreOfA, scoreOfB, score, indexInA: a.links.length, indexInB: b.links.length }
  a.links.push(added)
  b.links.push(added)
  hasChanged(a)
  hasChanged(b)
}

export function unlinkAll<T extends TicketSpec>(waiting: WaitingTicket<T>): void {
  for (let last = waiting.links.at(-1); last !== undefined; last = waiting.links.at(-1)) remove(last)
}

function hasRoomFor<T extends TicketSpec>(
  waiting: WaitingTicket<T>,
  other: WaitingTicket<T>,
  score: number,
): boolean {
  if (waiting.links.length < LINKS_PER_TICKET) return true
  waiting.hasLeftOut = true
  const weakest = weakestOf(waiting)
  const { size } = partnerIn(weakest, waiting)
  if (size === other.size) return score > weakest.score
  return (waiting.partnersBySize?.get(other.size) ?? 0) + 1 < (waiting.partnersBySize?.get(size) ?? 0)
}

function weakestOf<T extends TicketSpec>(waiting: WaitingTicket<T>): Link<T> {
  if (waiting.weakest !== undefined) return waiting.weakest
  const counts = new Map<number, number>()
  let commonest = 0
  for (const link of waiting.links) {
    const { size } = partnerIn(link, waiting)
    const count = (counts.get(size) ?? 0) + 1
    counts.set(size, count)
    const most = counts.get(commonest) ?? 0
    if (count > most || (count === most && size > commonest)) commonest = size
  }
  let weakest: Link<T> | undefined
  for (const link of waiting.links) {
    const partner = partnerIn(link, waiting)
    if (partner.size !== commonest) continue
    if (weakest === undefined || link.score < weakest.score) weakest = link
    else if (link.score === weakest.score && partner.order > partnerIn(weakest, waiting).order) weakest = link
  }
  waiting.partnersBySize = counts
  waiting.weakest = weakest
  return weakest as Link<T>
}

function makeRoom<T extends TicketSpec>(waiting: WaitingTicket<T>): void {
  if (waiting.links.length < LINKS_PER_TICKET) return
  waiting.hasLeftOut = true
  remove(weakestOf(waiting))
}

function remove<T extends TicketSpec>(link: Link<T>): void {
  takeOut(link.a, link.indexInA)
  takeOut(link.b, link.indexInB)
}

/** The last link takes the place. */
function takeOut<T extends TicketSpec>(waiting: WaitingTicket<T>, index: number): void {
  const last = waiting.links.pop() as Link<T>
  if (index < waiting.links.length) {
    waiting.links[index] = last
    if (last.a === waiting) last.indexInA = index
    else last.indexInB = index
  }
  hasChanged(waiting)
}

function hasChanged<T extends TicketSpec>(waiting: WaitingTicket<T>): void {
  waiting.weakest = undefined
  waiting.partnersBySize = undefined
}
