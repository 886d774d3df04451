import type { Rules } from './rules.ts'
import type { PlayerMotion } from './snapshot.ts'

/** Rules for tests: those of the game, without bumpers. */
export const testRules: Rules = {
  tickRateHz: 30,
  arenaRadius: 1100,
  radiusBase: 21,
  radiusPerRootScore: 1.9,
  radiusMax: 60,
  speed: 345,
  speedShareAtMax: 0.66,
  grip: 0.2,
  dashSpeed: 1000,
  dashGrip: 0.03,
  dashTicks: 6,
  dashCooldownTicks: 54,
  rimRestitution: 0.7,
  bumperKick: 620,
  orbReach: 12,
  bumpers: [],
}

/** A player who stands in the middle, unless told otherwise. */
export function motion(fields: Partial<PlayerMotion>): PlayerMotion {
  return {
    slot: 1,
    x: 0,
    y: 0,
    vx: 0,
    vy: 0,
    acknowledged: 0,
    cooldownTicks: 0,
    isProtected: false,
    ...fields,
  }
}
