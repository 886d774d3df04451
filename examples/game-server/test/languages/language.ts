/** The arena's rules without a room around them, in one of the languages they are written in. */
export interface ArenaLanguage {
  /** A world of its own, with its first orbs. */
  openWorld(seed: number): WorldBench
  openInputs(): InputsBench
  /** Moves a body by the given inputs and returns its state after every tick. */
  walk(start: BodyState, inputs: readonly SteeringInput[]): BodyState[]
  radius(score: number): number
  cleanName(raw: unknown): string | undefined
  /** @param random from 0 to just below 1 */
  guestName(random: number): string
  botNames(): readonly string[]
  /** `config.lua` as it is, or `config.ts` by the names that Lua uses. */
  config(): ArenaConfig
  sin(radians: readonly number[]): number[]
  cos(radians: readonly number[]): number[]
  /** The direction of each vector in radians. */
  angleOf(vectors: readonly Vector[]): number[]
  /** The first numbers from the seed, as fractions and as integers from 3 to 9. */
  randoms(seed: number, count: number): { readonly numbers: number[]; readonly integers: number[] }
  close(): void
}

/** A world, one hand at its controls. */
export interface WorldBench {
  readonly stepCount: number
  readonly orbCount: number
  /** A player who stands at a place, unprotected. @returns the slot */
  stand(x: number, y: number, score?: number): number
  remove(slot: number): void
  change(slot: number, change: Partial<PlayerState>): void
  /** What the player wants in the next tick. */
  want(slot: number, input: SteeringInput): void
  /** A message of the player's client arrives. */
  receive(slot: number, data: Uint8Array): void
  /** In the order of their slots. */
  players(): PlayerState[]
  placeOrb(x: number, y: number, value: number): void
  clearOrbs(): void
  /** In the order of their ids. */
  orbs(): OrbState[]
  /** Adds and removes bots until there are as many as wanted. */
  balance(wanted: number, humans: number): void
  step(ticks?: number): void
  /** Lets bots think before each tick. */
  stepWithBots(ticks?: number): void
  /** As clients would get them. */
  takeEvents(): ArenaEventRecord[]
  snapshot(): Uint8Array
}

export interface InputsBench {
  readonly size: number
  receive(data: unknown): void
  take(): SteeringInput
  /** Number of the input that was used last. */
  readonly acknowledged: number
}

export interface Vector {
  readonly x: number
  readonly y: number
}

export interface SteeringInput {
  /** Radians. */
  readonly angle: number
  /** 0 to 1. */
  readonly strength: number
  readonly dash: boolean
}

export interface BodyState {
  readonly x: number
  readonly y: number
  readonly vx: number
  readonly vy: number
  readonly radius: number
  readonly cooldown: number
}

export interface PlayerState extends BodyState {
  readonly slot: number
  readonly name: string
  readonly score: number
  /** Ticks. */
  readonly protection: number
  readonly isBot: boolean
}

export interface OrbState {
  readonly orb: number
  readonly x: number
  readonly y: number
  readonly value: number
}

export interface ArenaEventRecord {
  readonly e: string
  readonly [field: string]: unknown
}

/** What tests ask of the configuration; the languages are compared in all of it. */
export interface ArenaConfig {
  readonly max_players: number
  readonly speed_limit: number
  readonly orbs: { readonly base_count: number; readonly per_player: number; readonly limit: number }
  readonly rules: {
    readonly arena_radius: number
    readonly radius_max: number
    readonly dash_speed: number
    readonly dash_cooldown_ticks: number
    readonly bumper_kick: number
  }
}
