import { LINKS_PER_TICKET } from './links.ts'
import type { MatchSize } from './match-size.ts'
import { TicketLimits } from './ticket.ts'

const WIDTH = TicketLimits.players + 1

/**
 * Which numbers of players some of the candidates from one on add up to, whoever is compatible with whom. A search for
 * exactly ten players in a pool of threes ends here, before it has tried all the ways in which threes make nine.
 */
export class PackingTable {
  /** Row of a candidate × players: 1 when those from it on add up to it. The row behind the last knows only 0. */
  readonly #sums = new Uint8Array((LINKS_PER_TICKET + 1) * WIDTH)
  #most = 0

  /** @param most no more players are wanted */
  fill(candidates: readonly { readonly size: number }[], most: number): void {
    const sums = this.#sums
    this.#most = most
    const lastRow = candidates.length * WIDTH
    sums.fill(0, lastRow, lastRow + most + 1)
    sums[lastRow] = 1
    for (let index = candidates.length - 1; index >= 0; index--) {
      const row = index * WIDTH
      const next = row + WIDTH
      const { size } = candidates[index] as { readonly size: number }
      for (let players = 0; players <= most; players++) {
        const isWithout = sums[next + players] as number
        sums[row + players] = players < size ? isWithout : isWithout | (sums[next + players - size] as number)
      }
    }
  }

  /** Whether candidates from one on can bring `players` to a number that is allowed, and more than that. */
  canFill(from: number, { min, max, multiple }: MatchSize, players: number): boolean {
    const row = from * WIDTH
    let wanted = Math.max(min, players + 1)
    wanted += (multiple - (wanted % multiple)) % multiple
    for (; wanted <= max && wanted - players <= this.#most; wanted += multiple) {
      if (this.#sums[row + wanted - players] === 1) return true
    }
    return false
  }
}
