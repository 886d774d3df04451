import type { RoomRecord } from '../room-record.ts'

/** Numbers from `min` to `max`; the bounds themselves belong to it or not. */
export interface NumberRange {
  readonly min: number
  readonly max: number
  readonly hasMin: boolean
  readonly hasMax: boolean
}

/**
 * What a room, or whatever else is searched, must be like for one term of a query. The `path` of a room is `module`,
 * `label`, or `label.` and a path into its JSON. `F` are the names of its figures.
 */
export type Term<F extends string = Figure> =
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
  | { readonly kind: 'figure'; readonly figure: F; readonly ranges: readonly NumberRange[] }

export type LabelValue = string | number | boolean

export interface Clause<F extends string = Figure> {
  readonly occurrence: 'must' | 'must-not' | 'should'
  /** What a room gains that matches; above 0. Only for `should`. */
  readonly boost: number
  readonly term: Term<F>
}

/** The fields that queries may name. `F` are the names of the figures. */
export interface QueryFields<F extends string> {
  /** Has values at `<document>.…`. A word without a field is looked for in all its strings. */
  readonly document: string
  /** Whether the document is also a text as a whole: `<document>:"Arena 1"`. */
  readonly isDocumentText: boolean
  /** Fields that are always a string. */
  readonly texts: readonly string[]
  /** Fields that are always a number. */
  readonly figures: readonly F[]
  isFigure(name: string): name is F
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

export const roomFields: QueryFields<Figure> = {
  document: 'label',
  isDocumentText: true,
  texts: ['module'],
  figures: Object.keys(figures).filter(isFigure),
  isFigure,
}

export function exactly(value: number): NumberRange {
  return { min: value, max: value, hasMin: true, hasMax: true }
}

export function isWithin({ min, max, hasMin, hasMax }: NumberRange, value: number): boolean {
  return (hasMin ? value >= min : value > min) && (hasMax ? value <= max : value < max)
}
