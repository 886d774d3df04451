/** Versions of the protocol this package speaks, newest first (`docs/protocol.md#versions`). */
export const PROTOCOL_VERSIONS: readonly number[] = [1]

/** Bounds that belong to the wire itself; a server may configure tighter ones, never wider ones. */
export const WireLimits = {
  /** op u8 + len u16 */
  frameHeaderBytes: 3,
  /** The most that `len: u16` can say. */
  payloadBytes: 65_535,
  /** One transport message: several whole frames. */
  messageBytes: 262_144,
  /** Payload bound of SessionStart, SessionEnd, Error, RoomCreate and RoomLeave; the others may fill a frame. */
  controlBytes: 16_384,
  moduleBytes: 128,
  rpcNameBytes: 128,
  tokenBytes: 8_192,
  resumeTokenBytes: 128,
  laneCountsBytes: 8_192,
  usernameBytes: 64,
  userIdBytes: 128,
  varsEntries: 16,
  varKeyBytes: 64,
  varValueBytes: 256,
  metadataBytes: 2_048,
  labelBytes: 2_048,
  reasonBytes: 512,
  errorMessageBytes: 1_024,
  roomsListed: 100,
  queryBytes: 1_024,
  cursorBytes: 128,
  versionsOffered: 16,
  passwordBytes: 256,
  reservationBytes: 64,
  /** Players of one match, and members of one party. */
  matchPlayers: 128,
  ticketProperties: 16,
  propertyNameBytes: 64,
  propertyTextBytes: 128,
  /** Queries of one ticket, each wider than the one before. */
  ticketQueries: 8,
  /** Nesting of maps and arrays inside a control payload. */
  payloadDepth: 32,
  roomOp: 65_535,
  roomHandle: 65_535,
  memberNumber: 65_535,
} as const
