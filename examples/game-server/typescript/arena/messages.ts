import { type Bumper, config } from './config.ts'

/** Operation codes of the game; README.md describes each message. */
export const ArenaOp = { input: 1, snapshot: 2, welcome: 3, events: 4 } as const

/** What the room sends with each operation. */
export interface ArenaSends {
  [ArenaOp.snapshot]: Uint8Array
  [ArenaOp.welcome]: Welcome
  [ArenaOp.events]: EventBatch
}

/** Everything a newcomer must know; from there on events keep it up to date. */
export interface Welcome {
  /** The newcomer's slot. */
  readonly you: number
  readonly step: number
  readonly rules: WireRules
  readonly players: readonly PlayerProfile[]
  readonly orbs: readonly OrbProfile[]
}

export interface EventBatch {
  /** The simulation step in which all of it happened. */
  readonly step: number
  readonly events: readonly ArenaEvent[]
}

export interface OrbProfile {
  readonly orb: number
  readonly x: number
  readonly y: number
  readonly value: number
}

/** What clients know of a player besides its motion. */
export interface PlayerProfile {
  readonly slot: number
  readonly name: string
  /** Degrees on the colour wheel. */
  readonly hue: number
  readonly score: number
}

/** What happened, as clients read it (README.md, "The protocol of the game"). */
export type ArenaEvent =
  | { readonly e: 'enter'; readonly player: PlayerProfile }
  | { readonly e: 'leave'; readonly slot: number }
  | { readonly e: 'score'; readonly slot: number; readonly score: number }
  /** `from` is the slot of the player it was knocked out of. */
  | ({ readonly e: 'orb'; readonly from?: number } & OrbProfile)
  | { readonly e: 'take'; readonly orb: number; readonly by: number }
  | { readonly e: 'dash'; readonly slot: number }
  /** `bumper` counts from 1. */
  | { readonly e: 'bumper'; readonly bumper: number; readonly slot: number }
  | { readonly e: 'bump'; readonly a: number; readonly b: number }
  | { readonly e: 'hit'; readonly by: number; readonly on: number; readonly spilled: number }

/** The rules of movement by the names that clients know them by. */
export interface WireRules {
  readonly tick_rate: number
  readonly arena_radius: number
  readonly radius_base: number
  readonly radius_per_root_score: number
  readonly radius_max: number
  readonly speed: number
  readonly speed_share_at_max: number
  readonly grip: number
  readonly dash_speed: number
  readonly dash_grip: number
  readonly dash_ticks: number
  readonly dash_cooldown_ticks: number
  readonly rim_restitution: number
  readonly bumper_kick: number
  readonly orb_reach: number
  readonly bumpers: readonly Bumper[]
}

export function wireRules(): WireRules {
  const { rules } = config
  return {
    tick_rate: rules.tickRate,
    arena_radius: rules.arenaRadius,
    radius_base: rules.radiusBase,
    radius_per_root_score: rules.radiusPerRootScore,
    radius_max: rules.radiusMax,
    speed: rules.speed,
    speed_share_at_max: rules.speedShareAtMax,
    grip: rules.grip,
    dash_speed: rules.dashSpeed,
    dash_grip: rules.dashGrip,
    dash_ticks: rules.dashTicks,
    dash_cooldown_ticks: rules.dashCooldownTicks,
    rim_restitution: rules.rimRestitution,
    bumper_kick: rules.bumperKick,
    orb_reach: rules.orbReach,
    bumpers: rules.bumpers,
  }
}
