import { cos, sin } from './angle.ts'

/** A round obstacle that throws players back. */
export interface Bumper {
  readonly x: number
  readonly y: number
  readonly radius: number
}

/**
 * Every number of the game. Change one, start a new arena, and it plays differently.
 * Lengths are in units (the arena is 2,000 of them across), speeds in units per second, times in ticks.
 */
export const config = {
  maxPlayers: 50,
  /** How long an arena waits without people before it ends. */
  emptyTimeoutSeconds: 30,
  /** Bots when neither the room's params nor the server's environment say how many. */
  defaultBots: 6,
  /** After a hiccup of the server at most this many missed ticks are simulated at once. */
  catchUpTicks: 5,

  orbs: {
    baseCount: 120,
    perPlayer: 4,
    limit: 400,
    spawnedPerTick: 3,
    richChance: 0.06,
    richValue: 5,
  },

  /** What a dash that hits does to its victim. */
  hit: {
    knockback: 760,
    spillShare: 0.25,
    spillMax: 40,
    spillOrbs: 10,
    spillDistance: 130,
  },

  bumpRestitution: 1.15,
  /** Slower bumps push silently: no event is sent. */
  bumpEventSpeed: 140,
  speedLimit: 1500,

  protection: {
    spawnTicks: 60,
    hitTicks: 27,
  },

  /** Inputs that wait for their tick. More than this many means a burst arrived: the oldest are merged. */
  inputBacklog: 3,
  /** Who has sent nothing for this long stands still. */
  inputTimeoutTicks: 30,

  /** Rules of movement. They are sent to every client, which predicts its own player with them. */
  rules: {
    tickRate: 30,
    arenaRadius: 1000,
    radiusBase: 26,
    radiusPerRootScore: 2.4,
    radiusMax: 70,
    speed: 345,
    /** A player of the largest radius keeps this share of the speed. */
    speedShareAtMax: 0.66,
    /** Share of the difference to the wanted velocity that one tick closes. */
    grip: 0.2,
    dashSpeed: 1000,
    dashGrip: 0.03,
    dashTicks: 6,
    /** At most 63: a snapshot has six bits for it. */
    dashCooldownTicks: 54,
    rimRestitution: 0.7,
    bumperKick: 620,
    /** An orb is taken when it is this close to the player's edge. */
    orbReach: 12,
    bumpers: placeBumpers(),
  },
} as const

/** One large bumper in the middle and six around it. */
function placeBumpers(): readonly Bumper[] {
  const bumpers: Bumper[] = [{ x: 0, y: 0, radius: 90 }]
  for (let index = 0; index < 6; index += 1) {
    const turn = ((index + 0.5) * Math.PI) / 3
    bumpers.push({ x: cos(turn) * 560, y: sin(turn) * 560, radius: 54 })
  }
  return bumpers
}
