export interface RoomParams {
  readonly hz: number
  /** Its place among the rooms: each begins its rounds of broadcasts at another tick, as rooms of players would. */
  readonly index: number
}

export function parseParams(params: unknown): RoomParams {
  const { hz, index } = params as { readonly hz?: unknown; readonly index?: unknown }
  if (typeof hz !== 'number' || typeof index !== 'number') throw new Error('params: hz and index are numbers')
  return { hz, index }
}
