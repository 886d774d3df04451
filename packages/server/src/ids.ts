declare const brand: unique symbol

/** 64 bits as 16 lower-case hex digits. */
export type SessionId = string & { readonly [brand]: 'SessionId' }

/** A UUID. */
export type RoomId = string & { readonly [brand]: 'RoomId' }

/** A member's number inside one room, 1–65,535; 0 stands for the room itself. */
export type MemberNumber = number

/** A session's short name for a room it is in, 1–65,535. */
export type RoomHandle = number

export function isRoomId(value: string): value is RoomId {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value)
}

export function isSessionId(value: string): value is SessionId {
  return /^[0-9a-f]{16}$/.test(value)
}
