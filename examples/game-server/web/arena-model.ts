import type { ArenaEvent, Orb, PlayerProfile, Welcome } from './messages.ts'
import type { Rules } from './rules.ts'

/** After this long without the server's word an orb that seemed taken is shown again. */
const UNCONFIRMED_MS = 700

export interface ArenaOrb extends Orb {
  readonly appearedMs: number
  /** Where it flew from, when it was knocked out of a player. */
  readonly from: { readonly x: number; readonly y: number } | undefined
}

/** Who is in the arena and which orbs lie in it, as far as the events that were applied tell. */
export class ArenaModel {
  /** The slot of the own player. */
  readonly me: number
  readonly rules: Rules
  readonly #players = new Map<number, PlayerProfile>()
  readonly #orbs = new Map<number, ArenaOrb>()
  /** Orbs that the own player seems to have touched, until the server says so, by the time of the touch. */
  readonly #touchedMs = new Map<number, number>()
  /** Orbs that were taken by the own player before the event of their appearance was due. */
  readonly #takenEarly = new Set<number>()

  constructor(welcome: Welcome, nowMs: number) {
    this.me = welcome.you
    this.rules = welcome.rules
    for (const player of welcome.players) this.#players.set(player.slot, player)
    // Orbs that were there before are not shown growing.
    for (const orb of welcome.orbs)
      this.#orbs.set(orb.id, { ...orb, appearedMs: nowMs - 1000, from: undefined })
  }

  get players(): ReadonlyMap<number, PlayerProfile> {
    return this.#players
  }

  get orbs(): ReadonlyMap<number, ArenaOrb> {
    return this.#orbs
  }

  /** The players by score, the best first; equals stay in the order of their slots. */
  standings(): PlayerProfile[] {
    return [...this.#players.values()].sort((a, b) => b.score - a.score || a.slot - b.slot)
  }

  /** @param origin where the orb of an `orb` event flies from */
  apply(event: ArenaEvent, nowMs: number, origin?: { readonly x: number; readonly y: number }): void {
    switch (event.kind) {
      case 'enter':
        this.#players.set(event.player.slot, event.player)
        break
      case 'leave':
        this.#players.delete(event.slot)
        break
      case 'score': {
        const player = this.#players.get(event.slot)
        if (player !== undefined) this.#players.set(event.slot, { ...player, score: event.score })
        break
      }
      case 'orb':
        if (!this.#takenEarly.delete(event.orb.id)) {
          this.#orbs.set(event.orb.id, { ...event.orb, appearedMs: nowMs, from: origin })
        }
        break
      case 'take':
        if (!this.#orbs.delete(event.orbId)) this.#takenEarly.add(event.orbId)
        this.#touchedMs.delete(event.orbId)
        break
      case 'dash':
      case 'bumper':
      case 'bump':
      case 'hit':
        break
      default:
        event satisfies never
    }
  }

  /** The orbs to show. */
  *visibleOrbs(nowMs: number): Generator<ArenaOrb> {
    for (const orb of this.#orbs.values()) {
      if (!this.#isTouched(orb.id, nowMs)) yield orb
    }
  }

  /** Hides the orbs that a player there touches, ahead of the server's word, and returns them. */
  touchOrbs(x: number, y: number, radius: number, nowMs: number): ArenaOrb[] {
    const reach = radius + this.rules.orbReach
    const touched: ArenaOrb[] = []
    for (const orb of this.visibleOrbs(nowMs)) {
      if ((orb.x - x) ** 2 + (orb.y - y) ** 2 < reach * reach) touched.push(orb)
    }
    for (const orb of touched) this.#touchedMs.set(orb.id, nowMs)
    return touched
  }

  #isTouched(orbId: number, nowMs: number): boolean {
    const touchedMs = this.#touchedMs.get(orbId)
    return touchedMs !== undefined && nowMs - touchedMs < UNCONFIRMED_MS
  }
}
