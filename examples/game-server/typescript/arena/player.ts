import type { PlayerProfile } from './messages.ts'
import type { GridItem } from './grid.ts'
import type { InputQueue } from './inputs.ts'
import type { Body } from './movement.ts'

export interface Player extends Body, GridItem<Player> {
  /** 1 to `config.maxPlayers`: who this is in snapshots and events. */
  readonly slot: number
  readonly name: string
  /** Degrees on the colour wheel. */
  readonly hue: number
  score: number
  /** Ticks in which the player neither hits nor is hit. */
  protectedTicks: number
  readonly inputs: InputQueue
  /** What a bot is up to; undefined for people. */
  mind: BotMind | undefined
}

export interface BotMind {
  /** Chance to attack when it could. */
  readonly boldness: number
  readonly pace: number
  goal: { readonly x: number; readonly y: number }
}

/** What clients know of a player besides its motion. */
export function describePlayer({ slot, name, hue, score }: Player): PlayerProfile {
  return { slot, name, hue, score }
}
