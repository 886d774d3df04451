import type { RoomSummary } from '@kaosnet/protocol'

/** Which rooms to list; what is omitted does not matter. */
export interface RoomQuery {
  /** What rooms must (`+`), must not (`-`) or should be like: `+label.mode:duel label.region:eu^2`; see the README. */
  readonly query?: string | undefined
  readonly module?: string | undefined
  /** The exact label. */
  readonly label?: string | undefined
  readonly hasSeat?: boolean | undefined
  /** 1–100. */
  readonly limit?: number | undefined
  /** Of a page: goes on behind it. */
  readonly cursor?: string | undefined
}

/** Which room to join, and how to create it when there is none. */
export interface RoomSearch {
  readonly module: string
  /** What the room must be like; any of the module when omitted. Have the module set a label that matches. */
  readonly query?: string | undefined
  /** For the module, when a room is created. */
  readonly params?: Record<string, unknown> | undefined
}

/** A part of a list of rooms. */
export interface RoomPage {
  readonly rooms: RoomInfo[]
  /** Asks for the next page, with the same query; undefined when there are no more rooms. */
  readonly cursor: string | undefined
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
  /** Only those who have a reservation may join. */
  readonly isLocked: boolean
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
    isLocked: wire.is_locked ?? false,
  }
}
