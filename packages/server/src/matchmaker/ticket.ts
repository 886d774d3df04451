export type PropertyValue = string | number

/** Who waits for a match, and for whom: one player, or a party that stays together. */
export interface TicketSpec {
  /** Of this ticket alone among all that wait. */
  readonly id: string
  /** The match module. Only tickets of one module meet. */
  readonly module: string
  /** Players of a match, those of this ticket included: from `min` to `max`, and a multiple of `multiple`. */
  readonly min: number
  readonly max: number
  readonly multiple: number
  /** Players of this ticket: 1, or a whole party. Never split. */
  readonly size: number
  readonly properties: Readonly<Record<string, PropertyValue>>
  /** What the others must be like, by how long the ticket has waited. The first is there from the beginning. */
  readonly stages: readonly TicketStage[]
}

export interface TicketStage {
  /** 0 for the first, more for each next. */
  readonly afterMs: number
  /** Over the others' properties (docs/matchmaker.md#queries). */
  readonly query: string
}

/** Bounds of what one ticket may say. */
export const TicketLimits = {
  /** Players of one match. */
  players: 128,
  stages: 8,
  properties: 32,
  /** Names and strings of all properties together, in UTF-8. */
  propertyBytes: 2_048,
} as const
