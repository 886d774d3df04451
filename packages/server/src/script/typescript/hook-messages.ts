import type { HookName } from '../../room/room-host.ts'

/** The messages that hooks see, by hook. Fields marked readonly are only to look at: changing them changes nothing. */
export interface HookMessages {
  sessionStart: {
    userId: string
    username: string
    vars: Readonly<Record<string, string>>
    readonly isAuthenticated: boolean
  }
  sessionEnd: { readonly code: number; readonly reason: string }
  heartbeat: { readonly latencyMs: number | undefined }
  roomCreate: { module: string; params?: unknown }
  /** Names a room, or what is to be found or made. After it `roomId` is the room in any case. */
  roomJoin: {
    roomId?: string | undefined
    find?: { module: string; query?: string | undefined; params?: unknown } | undefined
    metadata?: Readonly<Record<string, unknown>> | undefined
    password?: string | undefined
    reservation?: string | undefined
  }
  roomLeave: { readonly room?: number; readonly roomId: string | undefined }
  roomData: { readonly roomId: string | undefined; op: number; data: unknown; isReliable: boolean }
  roomList: {
    query?: string | undefined
    module?: string | undefined
    label?: string | undefined
    hasSeat?: boolean | undefined
    limit?: number | undefined
    cursor?: string | undefined
  }
  rpc: { name: string; payload?: unknown }
}

/** What after-hooks see besides the message. */
export interface HookResults {
  sessionStart: unknown
  sessionEnd: unknown
  heartbeat: unknown
  roomCreate: { readonly roomId: string }
  roomJoin: unknown
  roomLeave: unknown
  roomData: unknown
  roomList: unknown
  rpc: { readonly result: unknown }
}

/** The hook's name in TypeScript → its name elsewhere. */
export const hookNameOf: { readonly [Name in keyof HookMessages]: HookName } = {
  sessionStart: 'session_start',
  sessionEnd: 'session_end',
  heartbeat: 'heartbeat',
  roomCreate: 'room_create',
  roomJoin: 'room_join',
  roomLeave: 'room_leave',
  roomData: 'room_data',
  roomList: 'room_list',
  rpc: 'rpc',
}
