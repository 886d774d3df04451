import { LINKS_PER_TICKET, partnerIn, scoreFor } from './links.ts'
import { bothSizes, canReach, isSizeAllowed, largestOf, type MatchSize } from './match-size.ts'
import { PackingTable } from './packing-table.ts'
import type { TicketSpec } from './ticket.ts'
import type { WaitingTicket } from './waiting-ticket.ts'

/**
 * Tickets that one search tries at most. What the bound gives up: an anchor with many tickets around it of which most
 * refuse each other, or whose parties fit in few ways only, may wait although there is a match for it. With 10 tickets
 * around it every way is tried.
 */
export const NODES_PER_SEARCH = 1_000

/** A node goes through the candidates that are left, which is worth so many steps. */
const STEPS_PER_NODE = 4
const BITS = 32
const MASK_WORDS = LINKS_PER_TICKET / BITS

export interface Found<T extends TicketSpec> {
  /** The anchor first, then those it prefers; undefined when there is no match. */
  readonly match: readonly WaitingTicket<T>[] | undefined
  /** The bound ended the search before all was tried. */
  readonly isCutShort: boolean
  /** Work that was done, in the unit of the matchmaker's turns. */
  readonly steps: number
}

/**
 * Looks for a match around one ticket, the anchor: depth first over the tickets that are linked to it, those with the
 * highest score first, among equals those that have waited longest.
 */
export class MatchSearch<T extends TicketSpec> {
  readonly #isMutual: boolean
  readonly #packing = new PackingTable()
  #searchNumber = 0
  #takesSmaller = false
  #nodes = 0
  #steps = 0
  readonly #candidates: WaitingTicket<T>[] = []
  /** Of each candidate, once it was needed: a bit for each candidate that it is linked to. */
  readonly #rows: (Uint32Array | undefined)[] = []
  readonly #chosen: WaitingTicket<T>[] = []
  /** The largest match so far that could have more players. */
  #best: readonly WaitingTicket<T>[] | undefined
  #bestPlayers = 0

  /** @param isMutual all in a match must be linked; otherwise the anchor has to accept them, and that is all */
  constructor(isMutual: boolean) {
    this.#isMutual = isMutual
  }

  /** @param takesSmaller a match will do that could have more players */
  find(anchor: WaitingTicket<T>, takesSmaller: boolean): Found<T> {
    this.#takesSmaller = takesSmaller
    this.#nodes = 0
    this.#best = undefined
    this.#bestPlayers = 0
    this.#gather(anchor)
    this.#chosen.length = 0
    this.#chosen.push(anchor)
    const allowed = new Uint32Array(MASK_WORDS).fill(0xffff_ffff)
    const isFull = this.#settle(anchor, anchor.size) || this.#extend(0, allowed, anchor, anchor.size)
    const match = isFull ? [...this.#chosen] : this.#best
    this.#best = undefined
    return {
      match,
      isCutShort: !isFull && this.#isCutShort,
      steps: this.#steps + this.#nodes * STEPS_PER_NODE,
    }
  }

  get #isCutShort(): boolean {
    return this.#nodes > NODES_PER_SEARCH
  }

  /** Puts the candidates in the order in which they are tried. */
  #gather(anchor: WaitingTicket<T>): void {
    const candidates = this.#candidates
    candidates.length = 0
    this.#rows.length = 0
    const ranked = anchor.links.filter((link) => {
      return partnerIn(link, anchor).state === 'linked' && scoreFor(link, anchor) !== undefined
    })
    const scoreOf = this.#isMutual
      ? (link: (typeof ranked)[number]) => link.score
      : (link: (typeof ranked)[number]) => scoreFor(link, anchor) ?? 0
    ranked.sort((one, other) => {
      return scoreOf(other) - scoreOf(one) || partnerIn(one, anchor).order - partnerIn(other, anchor).order
    })
    this.#searchNumber++
    for (const link of ranked) {
      const candidate = partnerIn(link, anchor)
      candidate.searchNumber = this.#searchNumber
      candidate.candidateIndex = candidates.length
      candidates.push(candidate)
      this.#rows.push(undefined)
    }
    this.#packing.fill(candidates, anchor.max - anchor.size)
    this.#steps = 1 + ranked.length
  }

  /** Whether the chosen, so many players, are a full match. Notes them if they are the best that is not full. */
  #settle(size: MatchSize, players: number): boolean {
    if (!isSizeAllowed(size, players)) return false
    if (players === largestOf(size)) return true
    if (this.#takesSmaller && players > this.#bestPlayers) {
      this.#best = [...this.#chosen]
      this.#bestPlayers = players
    }
    return false
  }

  /**
   * Adds candidates from index `from` on, of which each bit in `allowed` is linked to all the chosen. True as soon as the
   * chosen are a full match.
   */
  #extend(from: number, allowed: Uint32Array, size: MatchSize, players: number): boolean {
    if (!this.#packing.canFill(from, size, players)) return false
    const candidates = this.#candidates
    for (let index = from; index < candidates.length; index++) {
      if (!hasBit(allowed, index)) continue
      const candidate = candidates[index] as WaitingTicket<T>
      const withIt = players + candidate.size
      if (withIt > size.max) continue
      const sizeWithIt = bothSizes(size, candidate)
      if (!canReach(sizeWithIt, withIt)) continue
      if (++this.#nodes > NODES_PER_SEARCH) return false
      this.#chosen.push(candidate)
      if (this.#settle(sizeWithIt, withIt)) return true
      if (withIt < sizeWithIt.max) {
        const rest = this.#isMutual ? both(allowed, this.#rowOf(index)) : allowed
        if (this.#extend(index + 1, rest, sizeWithIt, withIt)) return true
        if (this.#isCutShort) return false
      }
      this.#chosen.pop()
    }
    return false
  }

  #rowOf(index: number): Uint32Array {
    const known = this.#rows[index]
    if (known !== undefined) return known
    const row = new Uint32Array(MASK_WORDS)
    const candidate = this.#candidates[index] as WaitingTicket<T>
    for (const link of candidate.links) {
      const partner = partnerIn(link, candidate)
      if (partner.searchNumber === this.#searchNumber) setBit(row, partner.candidateIndex)
    }
    this.#rows[index] = row
    this.#steps += candidate.links.length
    return row
  }
}

function hasBit(mask: Uint32Array, index: number): boolean {
  return ((mask[index >>> 5] as number) & (1 << (index & 31))) !== 0
}

function setBit(mask: Uint32Array, index: number): void {
  mask[index >>> 5] = (mask[index >>> 5] as number) | (1 << (index & 31))
}

function both(a: Uint32Array, b: Uint32Array): Uint32Array {
  const mask = new Uint32Array(MASK_WORDS)
  for (let word = 0; word < MASK_WORDS; word++) mask[word] = (a[word] as number) & (b[word] as number)
  return mask
}
