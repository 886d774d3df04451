import { angleOf, cos, sin } from '../../typescript/arena/angle.ts'
import { balanceBots, stepBots } from '../../typescript/arena/bots.ts'
import { config } from '../../typescript/arena/config.ts'
import { InputQueue } from '../../typescript/arena/inputs.ts'
import { type Body, radiusOf, stepBody } from '../../typescript/arena/movement.ts'
import { botNames, cleanName, guestName } from '../../typescript/arena/names.ts'
import type { Player } from '../../typescript/arena/player.ts'
import { SeededRandom } from '../../typescript/arena/random.ts'
import { encodeSnapshot } from '../../typescript/arena/snapshot.ts'
import { World } from '../../typescript/arena/world.ts'
import type {
  ArenaConfig,
  ArenaEventRecord,
  ArenaLanguage,
  BodyState,
  OrbState,
  PlayerState,
  SteeringInput,
  WorldBench,
} from './language.ts'

/** The rules in TypeScript. */
export const typescript: ArenaLanguage = {
  openWorld: (seed) => new TypeScriptWorld(seed),
  openInputs: () => new InputQueue(),
  walk(start, inputs) {
    const { cooldown, ...rest } = start
    const body = { ...rest, cooldownTicks: cooldown }
    return inputs.map((input) => {
      stepBody(body, input)
      return describeBody(body)
    })
  },
  radius: radiusOf,
  cleanName,
  guestName,
  botNames: () => botNames,
  config: () => withLuaNames(config) as ArenaConfig,
  sin: (radians) => radians.map(sin),
  cos: (radians) => radians.map(cos),
  angleOf: (vectors) => vectors.map(({ x, y }) => angleOf(x, y)),
  randoms(seed, count) {
    const first = new SeededRandom(seed)
    const second = new SeededRandom(seed)
    return {
      numbers: Array.from({ length: count }, () => first.number()),
      integers: Array.from({ length: count }, () => second.integer(3, 9)),
    }
  },
  close() {},
}

class TypeScriptWorld implements WorldBench {
  readonly #world: World

  constructor(seed: number) {
    this.#world = new World(new SeededRandom(seed))
  }

  get stepCount(): number {
    return this.#world.stepCount
  }

  get orbCount(): number {
    return this.#world.orbs.count
  }

  stand(x: number, y: number, score = 0): number {
    const player = this.#world.addPlayer({ name: 'P', hue: 0, score })
    Object.assign(player, { x, y, protectedTicks: 0 })
    return player.slot
  }

  remove(slot: number): void {
    this.#world.removePlayer(this.#player(slot))
  }

  change(slot: number, { cooldown, protection, ...change }: Partial<PlayerState>): void {
    const player = this.#player(slot)
    Object.assign(player, change)
    if (cooldown !== undefined) player.cooldownTicks = cooldown
    if (protection !== undefined) player.protectedTicks = protection
  }

  want(slot: number, { angle, strength, dash }: SteeringInput): void {
    this.#player(slot).inputs.set(angle, strength, dash)
  }

  receive(slot: number, data: Uint8Array): void {
    this.#player(slot).inputs.receive(data)
  }

  players(): PlayerState[] {
    return this.#world.players.map((player) => ({
      ...describeBody(player),
      slot: player.slot,
      name: player.name,
      score: player.score,
      protection: player.protectedTicks,
      isBot: player.mind !== undefined,
    }))
  }

  placeOrb(x: number, y: number, value: number): void {
    this.#world.orbs.place(this.#world.events, x, y, value)
  }

  clearOrbs(): void {
    for (const orb of [...this.#world.orbs]) this.#world.orbs.remove(orb)
    this.#world.takeEvents()
  }

  orbs(): OrbState[] {
    return Array.from(this.#world.orbs, ({ id, x, y, value }) => ({ orb: id, x, y, value }))
  }

  balance(wanted: number, humans: number): void {
    balanceBots(this.#world, wanted, humans)
  }

  step(ticks = 1): void {
    for (let tick = 0; tick < ticks; tick += 1) this.#world.step()
  }

  stepWithBots(ticks = 1): void {
    for (let tick = 0; tick < ticks; tick += 1) {
      stepBots(this.#world)
      this.#world.step()
    }
  }

  takeEvents(): ArenaEventRecord[] {
    return this.#world.takeEvents().map((event) => ({ ...event }))
  }

  snapshot(): Uint8Array {
    return encodeSnapshot(this.#world)
  }

  #player(slot: number): Player {
    const player = this.#world.players.find((candidate) => candidate.slot === slot)
    if (player === undefined) throw new RangeError(`nobody has slot ${slot}`)
    return player
  }
}

function describeBody({ x, y, vx, vy, radius, cooldownTicks }: Body): BodyState {
  return { x, y, vx, vy, radius, cooldown: cooldownTicks }
}

/** `maxPlayers` → `max_players`, all the way down. */
function withLuaNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLuaNames)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      withLuaNames(field),
    ]),
  )
}
