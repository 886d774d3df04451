/**
 * Players without people: enough life for one visitor, and no masters. A bot looks around a few times a second, and then
 * wants one thing: to get out of a dash's way, to dash at somebody worth it, or to reach the best orb nearby.
 */
import { angleOf, cos, sin } from './angle.ts'
import { config } from './config.ts'
import { isDashing } from './movement.ts'
import { botNames, guestName } from './names.ts'
import { freePoint, type Orb, type Point } from './orbs.ts'
import type { BotMind, Player } from './player.ts'
import type { World } from './world.ts'

const { rules } = config
const THINK_EVERY_TICKS = 6
const SIGHT = 420
const DASH_REACH = 230
const DANGER_REACH = 190
const PREY_SCORE = 4
/** A goal this near is reached. */
const GOAL_REACH = 60
const GOAL_MARGIN = 90
/** Seconds that a bot aims ahead of its prey. */
const LEAD_SECONDS = 0.15

/** Keeps as many bots as wanted, and never so many that a person would find no seat. */
export function balanceBots(world: World, wanted: number, humans: number): void {
  const allowed = Math.min(wanted, config.maxPlayers - humans)
  let count = world.players.filter(({ mind }) => mind !== undefined).length
  for (; count < allowed; count += 1) addBot(world)
  for (const player of world.players.toReversed()) {
    if (count <= allowed) break
    if (player.mind === undefined) continue
    world.removePlayer(player)
    count -= 1
  }
}

/** Lets every bot think when it is its turn; the turns are spread over the ticks. */
export function stepBots(world: World): void {
  for (const player of world.players) {
    const isItsTurn = (world.stepCount + player.slot) % THINK_EVERY_TICKS === 0
    if (isItsTurn && player.mind !== undefined) think(world, player, player.mind)
  }
}

function addBot(world: World): void {
  const { random } = world
  const bot = world.addPlayer({
    name: unusedName(world),
    hue: random.integer(0, 359),
    // Nobody starts from nothing at the same moment in a place that looks alive.
    score: random.integer(0, 12),
  })
  bot.mind = {
    boldness: 0.08 + 0.3 * random.number(),
    pace: 0.78 + 0.22 * random.number(),
    goal: { x: bot.x, y: bot.y },
  }
}

function unusedName(world: World): string {
  const taken = new Set(world.players.map(({ name }) => name))
  const first = world.random.integer(0, botNames.length - 1)
  const inTurn = [...botNames.slice(first), ...botNames.slice(0, first)]
  return inTurn.find((name) => !taken.has(name)) ?? guestName(world.random.number())
}

function think(world: World, bot: Player, mind: BotMind): void {
  const threat = findThreat(world, bot)
  if (threat !== undefined) {
    // Sideways, out of the line of the dash.
    bot.inputs.set(angleOf(threat.vx, threat.vy) + Math.PI / 2, 1, false)
    return
  }

  const isBold = bot.cooldownTicks === 0 && world.random.number() < mind.boldness
  const prey = isBold ? findPrey(world, bot) : undefined
  if (prey !== undefined) {
    const dx = prey.x + prey.vx * LEAD_SECONDS - bot.x
    const dy = prey.y + prey.vy * LEAD_SECONDS - bot.y
    bot.inputs.set(angleOf(dx, dy), 1, true)
    return
  }

  const orb = findOrb(world, bot)
  if (orb !== undefined) mind.goal = { x: orb.x, y: orb.y }
  else if (distanceBetween(bot, mind.goal) < GOAL_REACH) mind.goal = freePoint(world.random, GOAL_MARGIN)
  const wobble = (world.random.number() - 0.5) * 0.3
  const angle = angleOf(mind.goal.x - bot.x, mind.goal.y - bot.y) + wobble
  bot.inputs.set(aroundBumpers(bot, angle), mind.pace, false)
}

/** Somebody who dashes towards the bot. */
function findThreat(world: World, bot: Player): Player | undefined {
  return world.players.find((other) => {
    if (other === bot || !isDashing(other) || distanceBetween(bot, other) >= DANGER_REACH) return false
    return (bot.x - other.x) * other.vx + (bot.y - other.y) * other.vy > 0
  })
}

/** The richest player within reach of a dash. */
function findPrey(world: World, bot: Player): Player | undefined {
  let prey: Player | undefined
  for (const other of world.players) {
    if (other === bot || other.protectedTicks > 0 || other.score < PREY_SCORE) continue
    if (distanceBetween(bot, other) - other.radius >= DASH_REACH) continue
    if (prey === undefined || other.score > prey.score) prey = other
  }
  return prey
}

function findOrb(world: World, bot: Player): Orb | undefined {
  let best: Orb | undefined
  let bestWorth = 0
  for (const orb of world.orbs.near(bot.x, bot.y, SIGHT)) {
    const worth = orb.value / (60 + distanceBetween(bot, orb))
    if (worth > bestWorth) {
      best = orb
      bestWorth = worth
    }
  }
  return best
}

/** Turns the direction away from a bumper that is in the way. */
function aroundBumpers(bot: Player, angle: number): number {
  const ahead = { x: cos(angle), y: sin(angle) }
  for (const bumper of rules.bumpers) {
    const dx = bumper.x - bot.x
    const dy = bumper.y - bot.y
    const clearance = bumper.radius + bot.radius + 14
    const along = dx * ahead.x + dy * ahead.y
    const aside = dy * ahead.x - dx * ahead.y
    if (along > 0 && along < clearance + 90 && Math.abs(aside) < clearance) {
      return aside > 0 ? angle - Math.PI / 3 : angle + Math.PI / 3
    }
  }
  return angle
}

function distanceBetween(a: Point, b: Point): number {
  const dx = b.x - a.x
  const dy = b.y - a.y
  return Math.sqrt(dx * dx + dy * dy)
}
