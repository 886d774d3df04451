import type { ArenaOrb } from '../arena-model.ts'
import type { Bumper } from '../rules.ts'

/** One player as it is to be drawn in one frame. */
export interface PlayerView {
  readonly slot: number
  readonly name: string
  readonly hue: number
  readonly score: number
  readonly radius: number
  readonly x: number
  readonly y: number
  readonly vx: number
  readonly vy: number
  readonly isDashing: boolean
  readonly isProtected: boolean
  readonly isMe: boolean
  readonly isLeader: boolean
  /** How much of the dash has recharged, 0 to 1. */
  readonly charge: number
}

/** Everything of the world that a frame shows. */
export interface Scene {
  readonly nowMs: number
  readonly arenaRadius: number
  readonly bumpers: readonly Bumper[]
  readonly orbs: Iterable<ArenaOrb>
  readonly players: readonly PlayerView[]
}
