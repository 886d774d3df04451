import { decodeMessagePack, encodeMessagePack } from './messagepack.ts'
import { encodeFrame } from './frame.ts'
import { KaosError } from './errors.ts'
import { WireLimits as limits } from './limits.ts'
import { Op, opName } from './opcodes.ts'
import {
  any,
  bin,
  bool,
  dict,
  type FieldType,
  float,
  type Infer,
  list,
  mapOf,
  oneOf,
  optional,
  record,
  str,
  strOrNumber,
  uint,
} from './schema.ts'

const UINT32 = 0xffff_ffff
/** Chosen by the client, repeated by the reply or the error; unique among its unanswered requests. */
const requestId = uint(UINT32, 1)
const sessionId = str(16, 16)
const roomId = str(36, 36)
const vars = mapOf(limits.varsEntries, limits.varKeyBytes, str(limits.varValueBytes))
const handle = uint(limits.roomHandle, 1)
const memberNumber = uint(limits.memberNumber, 1)

/** Why a member is no longer in a room. */
export const leaveReason = oneOf('left', 'dropped', 'kicked', 'replaced', 'room_closed', 'shutdown')

export const presence = record('Presence', {
  member: memberNumber,
  session: sessionId,
  user_id: str(limits.userIdBytes),
  username: str(limits.usernameBytes),
  metadata: optional(dict()),
  is_away: optional(bool()),
})

export const departure = record('Departure', {
  member: memberNumber,
  session: sessionId,
  reason: leaveReason,
})

export const roomSummary = record('RoomSummary', {
  room_id: roomId,
  module: str(limits.moduleBytes),
  label: str(limits.labelBytes),
  size: uint(limits.memberNumber),
  max_players: uint(limits.memberNumber),
  tick_hz: float(),
  created_ms: float(),
  is_locked: optional(bool()),
})

const resumeToken = str(limits.resumeTokenBytes)
const laneCounts = bin(limits.laneCountsBytes)
const resumeWindow = uint(3_600_000)

export const resume = record('Resume', {
  token: resumeToken,
  attempt: uint(UINT32, 1),
  received: laneCounts,
})

export const roomFind = record('RoomFind', {
  module: str(limits.moduleBytes, 1),
  query: optional(str(limits.queryBytes)),
  params: optional(dict()),
})

const reservation = str(limits.reservationBytes, 1)
const partyId = str(36, 36)
const ticketId = str(36, 36)
const players = uint(limits.matchPlayers, 1)
const properties = mapOf(
  limits.ticketProperties,
  limits.propertyNameBytes,
  strOrNumber(limits.propertyTextBytes),
)

export const ticketStage = record('TicketStage', {
  after_ms: uint(86_400_000),
  query: str(limits.queryBytes),
})

export const matchedPlayer = record('MatchedPlayer', {
  session: sessionId,
  user_id: str(limits.userIdBytes),
  username: str(limits.usernameBytes),
  party: optional(partyId),
  properties: optional(properties),
})

export const partyMember = record('PartyMember', {
  session: sessionId,
  user_id: str(limits.userIdBytes),
  username: str(limits.usernameBytes),
  is_away: optional(bool()),
})

/** Control payloads a client sends, by name of the operation. */
export const ClientPayloads = {
  SessionStart: record('SessionStart', {
    id: requestId,
    versions: list(uint(65_535, 1), limits.versionsOffered),
    token: optional(str(limits.tokenBytes)),
    username: optional(str(limits.usernameBytes)),
    vars: optional(vars),
    client: optional(str(128)),
    resume: optional(resume),
  }),
  SessionEnd: record('SessionEnd', {
    code: uint(65_535),
    reason: optional(str(limits.reasonBytes)),
  }),
  RoomCreate: record('RoomCreate', {
    id: requestId,
    module: str(limits.moduleBytes, 1),
    params: optional(dict()),
  }),
  RoomJoin: record('RoomJoin', {
    id: requestId,
    room_id: optional(roomId),
    find: optional(roomFind),
    metadata: optional(dict(limits.metadataBytes)),
    password: optional(str(limits.passwordBytes)),
    reservation: optional(reservation),
  }),
  RoomLeave: record('RoomLeave', {
    id: requestId,
    room: handle,
  }),
  RoomList: record('RoomList', {
    id: requestId,
    module: optional(str(limits.moduleBytes)),
    label: optional(str(limits.labelBytes)),
    has_seat: optional(bool()),
    limit: optional(uint(limits.roomsListed, 1)),
    query: optional(str(limits.queryBytes)),
    cursor: optional(str(limits.cursorBytes)),
  }),
  Rpc: record('Rpc', {
    id: requestId,
    name: str(limits.rpcNameBytes, 1),
    payload: optional(any()),
  }),
  MatchmakerAdd: record('MatchmakerAdd', {
    id: requestId,
    module: str(limits.moduleBytes, 1),
    min: players,
    max: players,
    multiple: optional(players),
    properties: optional(properties),
    query: optional(str(limits.queryBytes)),
    widen: optional(list(ticketStage, limits.ticketQueries - 1)),
    params: optional(dict()),
    party: optional(bool()),
  }),
  MatchmakerRemove: record('MatchmakerRemove', {
    id: requestId,
    ticket: ticketId,
  }),
  Party: record('Party', {
    id: requestId,
    action: oneOf('create', 'join', 'leave', 'kick', 'promote'),
    party: optional(partyId),
    session: optional(sessionId),
    max: optional(players),
  }),
} as const

/** Control payloads the server sends, by name of the operation. */
export const ServerPayloads = {
  SessionStart: record('SessionStart', {
    id: requestId,
    version: uint(65_535, 1),
    session: sessionId,
    user_id: str(limits.userIdBytes),
    username: str(limits.usernameBytes),
    is_authenticated: bool(),
    vars,
    heartbeat_ms: uint(3_600_000),
    timeout_ms: uint(3_600_000),
    server_time_us: float(),
    resume_token: optional(resumeToken),
    resume_window_ms: optional(resumeWindow),
    is_resumed: optional(bool()),
    received: optional(laneCounts),
  }),
  SessionEnd: record('SessionEnd', {
    code: uint(65_535),
    reason: optional(str(limits.reasonBytes)),
    retry_after_ms: optional(uint(UINT32)),
  }),
  Error: record('Error', {
    id: uint(UINT32),
    op: uint(255),
    code: uint(65_535),
    name: str(64),
    message: str(limits.errorMessageBytes),
    details: optional(dict()),
  }),
  RoomCreate: record('RoomCreate', {
    id: requestId,
    room_id: roomId,
  }),
  RoomJoin: record('RoomJoin', {
    id: requestId,
    room_id: roomId,
    room: handle,
    module: str(limits.moduleBytes),
    label: str(limits.labelBytes),
    tick_hz: float(),
    max_players: uint(limits.memberNumber),
    member: memberNumber,
    members: list(presence, limits.memberNumber),
    resume_window_ms: optional(resumeWindow),
  }),
  RoomLeave: record('RoomLeave', {
    id: uint(UINT32),
    room: handle,
    reason: leaveReason,
    code: optional(uint(65_535)),
    message: optional(str(limits.reasonBytes)),
  }),
  RoomPresence: record('RoomPresence', {
    room: handle,
    joins: list(presence, limits.memberNumber),
    leaves: list(departure, limits.memberNumber),
    away: optional(list(memberNumber, limits.memberNumber)),
    back: optional(list(memberNumber, limits.memberNumber)),
  }),
  RoomList: record('RoomList', {
    id: requestId,
    rooms: list(roomSummary, limits.roomsListed),
    cursor: optional(str(limits.cursorBytes)),
  }),
  RpcResponse: record('RpcResponse', {
    id: requestId,
    payload: optional(any()),
  }),
  MatchmakerAdd: record('MatchmakerAdd', {
    id: requestId,
    ticket: ticketId,
  }),
  MatchmakerRemove: record('MatchmakerRemove', {
    id: requestId,
  }),
  MatchmakerTicket: record('MatchmakerTicket', {
    ticket: ticketId,
    state: oneOf('waiting', 'matched', 'ended'),
    room_id: optional(roomId),
    reservation: optional(reservation),
    expires_ms: optional(uint(UINT32)),
    players: optional(list(matchedPlayer, limits.matchPlayers)),
    code: optional(uint(65_535)),
    message: optional(str(limits.reasonBytes)),
  }),
  Party: record('Party', {
    id: uint(UINT32),
    party: optional(partyId),
    leader: optional(sessionId),
    max: optional(players),
    members: optional(list(partyMember, limits.matchPlayers)),
    reason: optional(leaveReason),
  }),
} as const

export type ClientPayloadName = keyof typeof ClientPayloads
export type ServerPayloadName = keyof typeof ServerPayloads
export type ClientPayload<N extends ClientPayloadName> = Infer<(typeof ClientPayloads)[N]>
export type ServerPayload<N extends ServerPayloadName> = Infer<(typeof ServerPayloads)[N]>
export type Presence = Infer<typeof presence>
export type Departure = Infer<typeof departure>
export type LeaveReason = Infer<typeof leaveReason>
export type RoomSummary = Infer<typeof roomSummary>
export type MatchedPlayer = Infer<typeof matchedPlayer>
export type PartyMember = Infer<typeof partyMember>

/** Operations whose payload may fill a whole frame; the others are bounded by {@link WireLimits.controlBytes}. */
const largePayloads: ReadonlySet<number> = new Set([
  Op.RoomData,
  Op.RoomState,
  Op.Rpc,
  Op.RpcResponse,
  Op.RoomJoin,
  Op.RoomList,
  Op.RoomPresence,
  Op.MatchmakerTicket,
  Op.Party,
])

/**
 * The size rule of an operation.
 * @throws {KaosError} PAYLOAD_TOO_LARGE
 */
export function checkPayloadSize(op: number, payloadLength: number): void {
  const bound = largePayloads.has(op) ? limits.payloadBytes : limits.controlBytes
  if (payloadLength > bound) {
    throw new KaosError(
      'PAYLOAD_TOO_LARGE',
      `${opName(op) ?? `op 0x${op.toString(16)}`} carries at most ${bound} payload bytes, got ${payloadLength}`,
    )
  }
}

/** @throws {KaosError} INVALID_MESSAGEPACK or INVALID_PAYLOAD */
export function decodeClientPayload<N extends ClientPayloadName>(
  name: N,
  payload: Uint8Array,
): ClientPayload<N> {
  const type = ClientPayloads[name] as unknown as FieldType<ClientPayload<N>>
  return type.check(decodeMessagePack(payload), '')
}

/** @throws {KaosError} INVALID_MESSAGEPACK or INVALID_PAYLOAD */
export function decodeServerPayload<N extends ServerPayloadName>(
  name: N,
  payload: Uint8Array,
): ServerPayload<N> {
  const type = ServerPayloads[name] as unknown as FieldType<ServerPayload<N>>
  return type.check(decodeMessagePack(payload), '')
}

/**
 * A whole frame with a control payload of the client. The payload is checked as the server would check it; fields
 * travel in the order of the schema, unknown ones are left out.
 * @throws {KaosError} INVALID_PAYLOAD or PAYLOAD_TOO_LARGE
 */
export function encodeClientFrame<N extends ClientPayloadName>(
  name: N,
  payload: ClientPayload<N>,
): Uint8Array {
  return encodeControl(Op[name], ClientPayloads[name].check(payload, ''))
}

/**
 * A whole frame with a control payload of the server.
 * @throws {KaosError} PAYLOAD_TOO_LARGE
 */
export function encodeServerFrame<N extends ServerPayloadName>(
  name: N,
  payload: ServerPayload<N>,
): Uint8Array {
  return encodeControl(Op[name], payload)
}

function encodeControl(op: number, payload: unknown): Uint8Array {
  const bytes = encodeMessagePack(payload)
  checkPayloadSize(op, bytes.length)
  return encodeFrame(op, bytes)
}

/**
 * The request id of a control payload that failed its schema, so that the error can still name the request; 0 when
 * there is none to be found.
 */
export function salvageRequestId(payload: Uint8Array): number {
  try {
    const value = decodeMessagePack(payload)
    const id = typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : undefined
    return typeof id === 'number' && Number.isInteger(id) && id > 0 && id <= UINT32 ? id : 0
  } catch {
    return 0
  }
}
