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
  matchmakerAdd: {
    module: string
    min: number
    max: number
    multiple?: number | undefined
    properties?: Readonly<Record<string, string | number>> | undefined
    query?: string | undefined
    widen?: readonly { readonly after_ms: number; readonly query: string }[] | undefined
    params?: Readonly<Record<string, unknown>> | undefined
    party?: boolean | undefined
  }
  matchmakerRemove: { readonly ticket: string }
  /** The players of a match, before they have a room. With a `roomId` they get that; otherwise one of `module` is made. */
  matchmakerMatched: {
    module: string
    params: Readonly<Record<string, unknown>>
    roomId?: string | undefined
    readonly players: readonly {
      readonly session: string
      readonly user_id: string
      readonly username: string
      readonly party?: string | undefined
      readonly properties?: Readonly<Record<string, string | number>> | undefined
    }[]
  }
  party: {
    readonly action: 'create' | 'join' | 'leave' | 'kick' | 'promote'
    readonly party?: string | undefined
    readonly session?: string | undefined
    max?: number | undefined
  }
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
  matchmakerAdd: unknown
  matchmakerRemove: unknown
  matchmakerMatched: { readonly roomId: string }
  party: unknown
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
  matchmakerAdd: 'matchmaker_add',
  matchmakerRemove: 'matchmaker_remove',
  matchmakerMatched: 'matchmaker_matched',
  party: 'party',
}
