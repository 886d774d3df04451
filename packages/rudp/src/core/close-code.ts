/** Why a connection ended, as carried by the CLOSE frame. Codes from 256 up belong to the application. */
export const CloseCode = {
  Normal: 0,
  GoingAway: 1,
  Kicked: 2,
  Banned: 3,
  ProtocolViolation: 4,
  Timeout: 5,
  SlowConsumer: 6,
  ServerFull: 7,
  Replaced: 8,
  AuthenticationFailed: 9,
  Internal: 10,
  FirstApplicationCode: 256,
} as const

/** How and why a connection ended. */
export interface CloseInfo {
  readonly code: number
  readonly reason: string
  /** The peer said so; false when this side closed, timed out or was reset. */
  readonly byPeer: boolean
}

/** Longest close reason, in UTF-8 bytes; longer ones are cut at a character boundary. */
export const MAX_CLOSE_REASON_BYTES = 128
