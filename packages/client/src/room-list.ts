import type { RoomSummary } from '@kaosnet/protocol'

/** Which rooms to list; what is omitted does not matter. */
export interface RoomQuery {
  readonly module?: string | undefined
  /** The exact label. */
  readonly label?: string | undefined
  readonly hasSeat?: boolean | undefined
  /** 1–100. */
  readonly limit?: number | undefined
}

/** A room as a list shows it. */
export interface RoomInfo {
  readonly roomId: string
  readonly module: string
  readonly label: string
  /** Members at present. */
  readonly size: number
  readonly maxPlayers: number
  readonly tickHz: number
  /** Unix time in milliseconds. */
  readonly createdMs: number
}

export function roomInfoFromWire(wire: RoomSummary): RoomInfo {
  return {
    roomId: wire.room_id,
    module: wire.module,
    label: wire.label,
    size: wire.size,
    maxPlayers: wire.max_players,
    tickHz: wire.tick_hz,
    createdMs: wire.created_ms,
  }
}
