import type { RoomRecord } from '../room-record.ts'

/** Numbers from `min` to `max`; the bounds themselves belong to it or not. */
export interface NumberRange {
  readonly min: number
  readonly max: number
  readonly hasMin: boolean
  readonly hasMax: boolean
}

/** What a room must be like, for one term of a query. `path` is `module`, `label`, or `label.` and a path into its JSON. */
export type Term =
  | { readonly kind: 'all' }
  /** Has any value. */
  | { readonly kind: 'present'; readonly path: string }
  /** Has one of these values. */
  | { readonly kind: 'values'; readonly path: string; readonly values: readonly LabelValue[] }
  /** Has a string that begins so. */
  | { readonly kind: 'prefix'; readonly path: string; readonly prefix: string }
  /** Has all these words, and one that begins with `prefix`. */
  | {
      readonly kind: 'words'
      readonly path: string
      readonly words: readonly string[]
      readonly prefix: string | undefined
    }
  /** Has a number within the range. */
  | { readonly kind: 'range'; readonly path: string; readonly range: NumberRange }
  /** A figure of the room itself is within one of the ranges. */
  | { readonly kind: 'figure'; readonly figure: Figure; readonly ranges: readonly NumberRange[] }

export type LabelValue = string | number | boolean

export interface Clause {
  readonly occurrence: 'must' | 'must-not' | 'should'
  /** What a room gains that matches; above 0. Only for `should`. */
  readonly boost: number
  readonly term: Term
}

/** What a room is asked for when it is searched for: as its summary shows it, at that moment. */
export const figures = {
  size: (room: RoomRecord) => room.size,
  max_players: (room: RoomRecord) => room.traits.maxPlayers,
  seats: (room: RoomRecord) => room.freeSeats,
  tick_hz: (room: RoomRecord) => room.traits.tickHz,
  created_ms: (room: RoomRecord) => Math.round(room.createdUnixMs),
} as const

export type Figure = keyof typeof figures

export function isFigure(name: string): name is Figure {
  return Object.hasOwn(figures, name)
}

export function exactly(value: number): NumberRange {
  return { min: value, max: value, hasMin: true, hasMax: true }
}

export function isWithin({ min, max, hasMin, hasMax }: NumberRange, value: number): boolean {
  return (hasMin ? value >= min : value > min) && (hasMax ? value <= max : value < max)
}
