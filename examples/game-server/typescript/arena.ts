import { defineRoom, messageTypes, type Presence, type RoomContext } from '@kaosnet/server'
import { balanceBots, stepBots } from './arena/bots.ts'
import { config } from './arena/config.ts'
import { ArenaOp, type ArenaSends, type Welcome, wireRules } from './arena/messages.ts'
import { cleanName, guestName } from './arena/names.ts'
import { describePlayer, type Player } from './arena/player.ts'
import { SeededRandom } from './arena/random.ts'
import { encodeSnapshot } from './arena/snapshot.ts'
import { World } from './arena/world.ts'

/** What a room can be created with. Players may send anything: what makes no sense counts as absent. */
interface ArenaParams {
  /** How many bots; otherwise the server's environment says it. */
  readonly bots: number | undefined
  /** To repeat a game. */
  readonly seed: number | undefined
}

interface ArenaState {
  readonly world: World
  readonly wantedBots: number
  /** The people, by their member number. */
  readonly players: Map<number, Player>
}

type ArenaRoom = RoomContext<ArenaSends, ArenaParams>

const SEEDS = 0x1_0000_0000
const MILLISECONDS = 1000
/** Numbers are taken as whole as far as Lua's integers reach. */
const BEYOND_INTEGERS = 2 ** 63

/** The arena as a match module: it connects people to the world, and the world to people. */
export default defineRoom({
  sends: messageTypes<ArenaSends>(),
  params: readParams,

  init(room, params) {
    const seed = params.seed ?? Math.floor(room.random() * SEEDS)
    const wantedBots =
      params.bots ?? clampedInteger(room.env.bots, 0, config.maxPlayers) ?? config.defaultBots
    const world = new World(new SeededRandom(seed))
    balanceBots(world, wantedBots, 0)
    world.takeEvents()
    const state: ArenaState = { world, wantedBots, players: new Map() }
    return {
      state,
      tickHz: config.rules.tickRate,
      label: 'arena',
      maxPlayers: config.maxPlayers,
      emptyTimeoutMs: config.emptyTimeoutSeconds * MILLISECONDS,
    }
  },

  join(room, { world, wantedBots, players }, presence) {
    // What happened before belongs to those who were here; the welcome already contains it.
    sendEvents(room, world)
    balanceBots(world, wantedBots, players.size + 1)
    const player = world.addPlayer({
      name: cleanName(presence.username) ?? guestName(world.random.number()),
      hue: hueOf(presence) ?? world.random.integer(0, 359),
    })
    players.set(presence.member, player)
    room.send(ArenaOp.welcome, welcome(world, player), { to: presence })
  },

  leave(_room, { world, wantedBots, players }, presence) {
    const player = players.get(presence.member)
    if (player === undefined) return
    players.delete(presence.member)
    world.removePlayer(player)
    balanceBots(world, wantedBots, players.size)
  },

  loop(room, { world, players }, messages) {
    for (const { op, sender, data } of messages) {
      if (op === ArenaOp.input) players.get(sender.member)?.inputs.receive(data)
    }
    // Nobody watches: the arena stands still until somebody comes.
    if (players.size === 0) return
    const ticks = 1 + Math.min(room.skipped, config.catchUpTicks)
    for (let tick = 0; tick < ticks; tick += 1) {
      stepBots(world)
      world.step()
    }
    sendEvents(room, world)
    room.send(ArenaOp.snapshot, encodeSnapshot(world), { isReliable: false })
  },
})

function sendEvents(room: ArenaRoom, world: World): void {
  const events = world.takeEvents()
  if (events.length > 0) room.send(ArenaOp.events, { step: world.stepCount, events })
}

function welcome(world: World, player: Player): Welcome {
  return {
    you: player.slot,
    step: world.stepCount,
    rules: wireRules(),
    players: world.players.map(describePlayer),
    orbs: Array.from(world.orbs, ({ id, x, y, value }) => ({ orb: id, x, y, value })),
  }
}

function hueOf(presence: Presence): number | undefined {
  return clampedInteger(presence.metadata.hue, 0, 359)
}

function readParams(given: unknown): ArenaParams {
  const params: Readonly<Record<string, unknown>> = isRecord(given) ? given : {}
  return { bots: clampedInteger(params.bots, 0, config.maxPlayers), seed: integer(params.seed) }
}

function clampedInteger(value: unknown, low: number, high: number): number | undefined {
  const number = integer(value)
  return number === undefined ? undefined : Math.min(Math.max(number, low), high)
}

/** A whole number, which may have come as text: the environment holds nothing else. */
function integer(value: unknown): number | undefined {
  const isText = typeof value === 'string' && value.trim() !== ''
  const number = isText ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
  return Math.abs(number) < BEYOND_INTEGERS ? number : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
