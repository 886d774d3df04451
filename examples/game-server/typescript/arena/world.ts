import { Collisions } from './collisions.ts'
import { config } from './config.ts'
import type { ArenaEvent } from './messages.ts'
import { InputQueue } from './inputs.ts'
import { radiusOf, stepBody } from './movement.ts'
import { freePoint, Orbs } from './orbs.ts'
import { describePlayer, type Player } from './player.ts'
import type { SeededRandom } from './random.ts'

export interface NewPlayer {
  readonly name: string
  /** Degrees on the colour wheel. */
  readonly hue: number
  readonly score?: number
}

/** Newcomers appear this far from the rim and the bumpers. */
const SPAWN_MARGIN = 90

/**
 * The world of one arena: who is in it, where everything is, and what happens in a tick. It knows neither rooms nor the
 * network: what clients must hear about is appended to `events`. The same seed and the same inputs give the same world,
 * to the last bit.
 */
export class World {
  readonly random: SeededRandom
  readonly orbs: Orbs
  readonly #players: Player[] = []
  readonly #collisions = new Collisions()
  #lastSlot = 0
  #stepCount = 0
  #events: ArenaEvent[] = []

  constructor(random: SeededRandom) {
    this.random = random
    this.orbs = new Orbs(random)
    this.orbs.replenish(this.#events, 0, Number.POSITIVE_INFINITY)
  }

  /** In the order of their slots. */
  get players(): readonly Player[] {
    return this.#players
  }

  get stepCount(): number {
    return this.#stepCount
  }

  /** What happened since they were last taken. */
  get events(): ArenaEvent[] {
    return this.#events
  }

  /** @throws {RangeError} when every slot is taken */
  addPlayer({ name, hue, score = 0 }: NewPlayer): Player {
    const { x, y } = freePoint(this.random, SPAWN_MARGIN)
    const player: Player = {
      slot: this.#freeSlot(),
      name,
      hue,
      score,
      radius: radiusOf(score),
      x,
      y,
      vx: 0,
      vy: 0,
      cooldownTicks: 0,
      protectedTicks: config.protection.spawnTicks,
      inputs: new InputQueue(),
      mind: undefined,
      cell: undefined,
    }
    this.#collisions.add(player)
    this.#players.push(player)
    this.#players.sort((a, b) => a.slot - b.slot)
    this.#events.push({ e: 'enter', player: describePlayer(player) })
    return player
  }

  removePlayer(player: Player): void {
    const index = this.#players.indexOf(player)
    if (index < 0) return
    this.#players.splice(index, 1)
    this.#collisions.remove(player)
    this.#events.push({ e: 'leave', slot: player.slot })
  }

  addScore(player: Player, points: number): void {
    if (points === 0) return
    player.score += points
    player.radius = radiusOf(player.score)
    this.#events.push({ e: 'score', slot: player.slot, score: player.score })
  }

  /** Simulates one tick. */
  step(): void {
    this.#stepCount += 1
    for (const player of this.#players) this.#move(player)
    this.#collisions.resolve(this)
    for (const player of this.#players) this.addScore(player, this.orbs.collect(this.#events, player))
    this.orbs.replenish(this.#events, this.#players.length, config.orbs.spawnedPerTick)
  }

  /** Hands over the events since the last call. */
  takeEvents(): ArenaEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  #move(player: Player): void {
    const { bumper, hasDashed } = stepBody(player, player.inputs.take())
    if (hasDashed) {
      player.protectedTicks = 0
      this.#events.push({ e: 'dash', slot: player.slot })
    } else if (player.protectedTicks > 0) {
      player.protectedTicks -= 1
    }
    if (bumper !== undefined) this.#events.push({ e: 'bumper', bumper: bumper + 1, slot: player.slot })
  }

  /** Slots are handed out in a cycle, so that a late snapshot of a player who left does not move a newcomer. */
  #freeSlot(): number {
    for (let tried = 0; tried < config.maxPlayers; tried += 1) {
      this.#lastSlot = (this.#lastSlot % config.maxPlayers) + 1
      if (this.#players.every(({ slot }) => slot !== this.#lastSlot)) return this.#lastSlot
    }
    throw new RangeError('the arena is full')
  }
}
