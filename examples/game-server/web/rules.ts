import type { Fields } from './fields.ts'

export interface Bumper {
  readonly x: number
  readonly y: number
  readonly radius: number
}

/**
 * The rules of movement as the server sends them in its welcome (`lua/arena/config.lua` holds and explains them).
 * Lengths in units, speeds in units per second.
 */
export interface Rules {
  readonly tickRateHz: number
  readonly arenaRadius: number
  readonly radiusBase: number
  readonly radiusPerRootScore: number
  readonly radiusMax: number
  readonly speed: number
  readonly speedShareAtMax: number
  readonly grip: number
  readonly dashSpeed: number
  readonly dashGrip: number
  readonly dashTicks: number
  readonly dashCooldownTicks: number
  readonly rimRestitution: number
  readonly bumperKick: number
  readonly orbReach: number
  readonly bumpers: readonly Bumper[]
}

export function readRules(fields: Fields): Rules {
  return {
    tickRateHz: fields.number('tick_rate'),
    arenaRadius: fields.number('arena_radius'),
    radiusBase: fields.number('radius_base'),
    radiusPerRootScore: fields.number('radius_per_root_score'),
    radiusMax: fields.number('radius_max'),
    speed: fields.number('speed'),
    speedShareAtMax: fields.number('speed_share_at_max'),
    grip: fields.number('grip'),
    dashSpeed: fields.number('dash_speed'),
    dashGrip: fields.number('dash_grip'),
    dashTicks: fields.number('dash_ticks'),
    dashCooldownTicks: fields.number('dash_cooldown_ticks'),
    rimRestitution: fields.number('rim_restitution'),
    bumperKick: fields.number('bumper_kick'),
    orbReach: fields.number('orb_reach'),
    bumpers: fields.list('bumpers', (bumper) => ({
      x: bumper.number('x'),
      y: bumper.number('y'),
      radius: bumper.number('radius'),
    })),
  }
}
