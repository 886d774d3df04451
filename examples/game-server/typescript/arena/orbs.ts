import { cos, sin } from './angle.ts'
import { config } from './config.ts'
import type { ArenaEvent } from './messages.ts'
import { Grid, type GridItem } from './grid.ts'
import type { SeededRandom } from './random.ts'

export interface Orb extends GridItem<Orb> {
  /** Counts up and is never used again. */
  readonly id: number
  readonly value: number
}

/** Somebody who can take orbs, or lose them. */
export interface OrbOwner {
  readonly slot: number
  readonly x: number
  readonly y: number
  readonly radius: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

const { rules } = config
const CELL_WIDTH = 110
/** Orbs that appear keep this distance from the rim and the bumpers. */
const MARGIN = 40

/** The orbs that lie in the arena: they appear by themselves, are collected, and spill out of players who are hit. */
export class Orbs {
  readonly #random: SeededRandom
  readonly #byId = new Map<number, Orb>()
  readonly #grid = new Grid<Orb>(rules.arenaRadius, CELL_WIDTH)
  readonly #near: Orb[] = []
  #lastId = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  get count(): number {
    return this.#byId.size
  }

  [Symbol.iterator](): IterableIterator<Orb> {
    return this.#byId.values()
  }

  /** Every orb that may be within `reach` of the point: a list that the next question overwrites. */
  near(x: number, y: number, reach: number): readonly Orb[] {
    this.#grid.near(x, y, reach, this.#near)
    return this.#near
  }

  /**
   * Puts an orb down, and says so in `events`.
   * @param from slot of the player it flew out of
   * @returns undefined when the arena holds as many as it can
   */
  place(events: ArenaEvent[], x: number, y: number, value: number, from?: number): Orb | undefined {
    if (this.count >= config.orbs.limit) return undefined
    this.#lastId += 1
    const orb: Orb = { id: this.#lastId, x: Math.floor(x), y: Math.floor(y), value, cell: undefined }
    this.#byId.set(orb.id, orb)
    this.#grid.insert(orb)
    const event = { e: 'orb', orb: orb.id, x: orb.x, y: orb.y, value } as const
    events.push(from === undefined ? event : { ...event, from })
    return orb
  }

  remove(orb: Orb): void {
    this.#grid.remove(orb)
    this.#byId.delete(orb.id)
  }

  /** Grows the number of orbs, by at most `limit`, towards what so many players need. */
  replenish(events: ArenaEvent[], playerCount: number, limit: number): void {
    const wanted = config.orbs.baseCount + config.orbs.perPlayer * playerCount
    for (let missing = Math.min(limit, wanted - this.count); missing > 0; missing -= 1) {
      const { x, y } = freePoint(this.#random, MARGIN)
      const isRich = this.#random.number() < config.orbs.richChance
      this.place(events, x, y, isRich ? config.orbs.richValue : 1)
    }
  }

  /**
   * Takes the orbs that the player touches.
   * @returns the sum of their values
   */
  collect(events: ArenaEvent[], player: OrbOwner): number {
    const reach = player.radius + rules.orbReach
    let gained = 0
    for (const orb of this.near(player.x, player.y, reach)) {
      const dx = orb.x - player.x
      const dy = orb.y - player.y
      if (dx * dx + dy * dy >= reach * reach) continue
      this.remove(orb)
      gained += orb.value
      events.push({ e: 'take', orb: orb.id, by: player.slot })
    }
    return gained
  }

  /**
   * Throws `amount` points out of the player as a ring of orbs.
   * @returns what really lies there now
   */
  spill(events: ArenaEvent[], player: OrbOwner, amount: number): number {
    const count = Math.min(amount, config.hit.spillOrbs)
    const first = this.#random.number() * 2 * Math.PI
    let spilled = 0
    for (let index = 1; index <= count; index += 1) {
      const value = Math.floor((amount * index) / count) - Math.floor((amount * (index - 1)) / count)
      const { x, y } = this.#landing(player, first + (index * 2 * Math.PI) / count)
      if (this.place(events, x, y, value, player.slot) !== undefined) spilled += value
    }
    return spilled
  }

  /** Where an orb that flies out of the player in this direction comes to rest. */
  #landing(player: OrbOwner, turn: number): Point {
    const distance = player.radius + config.hit.spillDistance * (0.4 + 0.6 * this.#random.number())
    let x = player.x + cos(turn) * distance
    let y = player.y + sin(turn) * distance
    const fromMiddle = Math.sqrt(x * x + y * y)
    const limit = rules.arenaRadius - 30
    if (fromMiddle > limit) {
      x = (x * limit) / fromMiddle
      y = (y * limit) / fromMiddle
    }
    return touchesBumper(x, y, 10) ? freePoint(this.#random, MARGIN) : { x, y }
  }
}

/** A random point that is inside the arena and outside the bumpers, with a margin. */
export function freePoint(random: SeededRandom, margin: number): Point {
  for (;;) {
    const turn = random.number() * 2 * Math.PI
    // The root spreads points evenly over the disc instead of crowding the middle.
    const distance = Math.sqrt(random.number()) * (rules.arenaRadius - margin)
    const x = cos(turn) * distance
    const y = sin(turn) * distance
    if (!touchesBumper(x, y, margin)) return { x, y }
  }
}

function touchesBumper(x: number, y: number, margin: number): boolean {
  return rules.bumpers.some((bumper) => {
    const dx = x - bumper.x
    const dy = y - bumper.y
    const reach = bumper.radius + margin
    return dx * dx + dy * dy < reach * reach
  })
}
