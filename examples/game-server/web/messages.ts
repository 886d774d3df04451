import { Fields } from './fields.ts'
import { type Rules, readRules } from './rules.ts'

/** Operation codes of the arena's room data (README.md describes each message). */
export const ArenaOp = { Input: 1, Snapshot: 2, Welcome: 3, Events: 4 } as const

/** What is known of a player besides its motion. */
export interface PlayerProfile {
  /** 1–50, names the player in snapshots and events. */
  readonly slot: number
  readonly name: string
  /** Degrees on the colour wheel. */
  readonly hue: number
  readonly score: number
}

export interface Orb {
  readonly id: number
  readonly x: number
  readonly y: number
  readonly value: number
}

/** The whole world at the moment of joining; events keep it up to date from then on. */
export interface Welcome {
  /** The slot of the player who is welcomed. */
  readonly you: number
  readonly step: number
  readonly rules: Rules
  readonly players: readonly PlayerProfile[]
  readonly orbs: readonly Orb[]
}

export type ArenaEvent =
  | { readonly kind: 'enter'; readonly player: PlayerProfile }
  | { readonly kind: 'leave'; readonly slot: number }
  | { readonly kind: 'score'; readonly slot: number; readonly score: number }
  /** An orb appeared; `from` is the slot of the player it was knocked out of. */
  | { readonly kind: 'orb'; readonly orb: Orb; readonly from: number | undefined }
  | { readonly kind: 'take'; readonly orbId: number; readonly by: number }
  | { readonly kind: 'dash'; readonly slot: number }
  /** A player hit a bumper; `bumper` is an index into {@link Rules.bumpers}. */
  | { readonly kind: 'bumper'; readonly bumper: number; readonly slot: number }
  | { readonly kind: 'bump'; readonly a: number; readonly b: number }
  /** A dash hit: `on` lost `spilled` points. */
  | { readonly kind: 'hit'; readonly by: number; readonly on: number; readonly spilled: number }

export interface EventBatch {
  /** The simulation step in which all of it happened. */
  readonly step: number
  readonly events: readonly ArenaEvent[]
}

/** @throws {TypeError} that names the field which is missing or wrong */
export function parseWelcome(value: unknown): Welcome {
  const fields = new Fields(value, 'welcome')
  return {
    you: fields.number('you'),
    step: fields.number('step'),
    rules: readRules(fields.object('rules')),
    players: fields.list('players', readProfile),
    orbs: fields.list('orbs', readOrb),
  }
}

/**
 * Events of a kind that this client does not know are left out, so that a newer server can add some.
 * @throws {TypeError} that names the field which is missing or wrong
 */
export function parseEvents(value: unknown): EventBatch {
  const fields = new Fields(value, 'events')
  return {
    step: fields.number('step'),
    events: fields.list('events', readEvent).filter((event) => event !== undefined),
  }
}

function readProfile(fields: Fields): PlayerProfile {
  return {
    slot: fields.number('slot'),
    name: fields.string('name'),
    hue: fields.number('hue'),
    score: fields.number('score'),
  }
}

function readOrb(fields: Fields): Orb {
  return {
    id: fields.number('orb'),
    x: fields.number('x'),
    y: fields.number('y'),
    value: fields.number('value'),
  }
}

function readEvent(fields: Fields): ArenaEvent | undefined {
  const kind = fields.string('e')
  switch (kind) {
    case 'enter':
      return { kind, player: readProfile(fields.object('player')) }
    case 'leave':
    case 'dash':
      return { kind, slot: fields.number('slot') }
    case 'score':
      return { kind, slot: fields.number('slot'), score: fields.number('score') }
    case 'orb':
      return { kind, orb: readOrb(fields), from: fields.optionalNumber('from') }
    case 'take':
      return { kind, orbId: fields.number('orb'), by: fields.number('by') }
    case 'bumper':
      // Lua counts from one.
      return { kind, bumper: fields.number('bumper') - 1, slot: fields.number('slot') }
    case 'bump':
      return { kind, a: fields.number('a'), b: fields.number('b') }
    case 'hit':
      return {
        kind,
        by: fields.number('by'),
        on: fields.number('on'),
        spilled: fields.number('spilled'),
      }
    default:
      return undefined
  }
}
