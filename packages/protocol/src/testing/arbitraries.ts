import fc from 'fast-check'
import { WireLimits as limits } from '../limits.ts'
import type {
  ClientPayload,
  ClientPayloadName,
  Departure,
  LeaveReason,
  MatchedPlayer,
  PartyMember,
  Presence,
  RoomSummary,
  ServerPayload,
  ServerPayloadName,
} from '../payloads.ts'
import { utf8Bytes } from '../schema.ts'

const UINT32 = 0xffff_ffff

export const uint16 = fc.nat({ max: 0xffff })
export const bytes = fc.uint8Array({ maxLength: 64 })

/** Text of any code points. */
function text(maxBytes: number, minBytes = 0): fc.Arbitrary<string> {
  return fc
    .string({ unit: 'binary', maxLength: Math.min(maxBytes, 40) })
    .filter((value) => utf8Bytes(value) <= maxBytes && utf8Bytes(value) >= minBytes)
}

const key = text(20).filter((value) => value !== '__proto__')

/** Any plain value that MessagePack carries without loss; -0 is sent as 0. */
export const plainValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    fc.oneof(
      fc.constantFrom<unknown>(null, true, false),
      fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: -200, max: 300 }),
      fc.double().map((value) => value + 0),
      text(400),
      fc.uint8Array({ maxLength: 300 }),
    ),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(key, tie('value'), { maxKeys: 20 }),
  ),
})).value

export const plainMap = fc.dictionary(key, plainValue, { maxKeys: 4 })

const requestId = fc.integer({ min: 1, max: UINT32 })
const handle = fc.integer({ min: 1, max: limits.roomHandle })
const member = fc.integer({ min: 1, max: limits.memberNumber })
const sessionId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((id) => id.toString(16).padStart(16, '0'))
const vars = fc.dictionary(
  text(limits.varKeyBytes, 1).filter((value) => value !== '__proto__'),
  text(limits.varValueBytes),
  { maxKeys: limits.varsEntries },
)
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const reason = fc.constantFrom<LeaveReason[]>(
  'left',
  'dropped',
  'kicked',
  'replaced',
  'room_closed',
  'shutdown',
)

const presence: fc.Arbitrary<Presence> = fc.record(
  {
    member,
    session: sessionId,
    user_id: text(limits.userIdBytes),
    username: text(limits.usernameBytes),
    metadata: plainMap,
  },
  { requiredKeys: ['member', 'session', 'user_id', 'username'] },
)
const departure: fc.Arbitrary<Departure> = fc.record({ member, session: sessionId, reason })
const roomSummary: fc.Arbitrary<RoomSummary> = fc.record({
  room_id: fc.uuid(),
  module: text(limits.moduleBytes),
  label: text(limits.labelBytes),
  size: uint16,
  max_players: uint16,
  tick_hz: finite,
  created_ms: finite,
  is_locked: fc.boolean(),
})
const players = fc.integer({ min: 1, max: limits.matchPlayers })
const properties = fc.dictionary(
  text(limits.propertyNameBytes, 1).filter((value) => value !== '__proto__'),
  fc.oneof(text(limits.propertyTextBytes), finite),
  { maxKeys: 4 },
)
const matchedPlayer: fc.Arbitrary<MatchedPlayer> = fc.record(
  {
    session: sessionId,
    user_id: text(limits.userIdBytes),
    username: text(limits.usernameBytes),
    party: fc.uuid(),
    properties,
  },
  { requiredKeys: ['session', 'user_id', 'username'] },
)
const partyMember: fc.Arbitrary<PartyMember> = fc.record(
  {
    session: sessionId,
    user_id: text(limits.userIdBytes),
    username: text(limits.usernameBytes),
    is_away: fc.boolean(),
  },
  { requiredKeys: ['session', 'user_id', 'username'] },
)

export const clientPayloads: { [N in ClientPayloadName]: fc.Arbitrary<ClientPayload<N>> } = {
  SessionStart: fc.record(
    {
      id: requestId,
      versions: fc.array(fc.integer({ min: 1, max: 65_535 }), { maxLength: limits.versionsOffered }),
      token: text(limits.tokenBytes),
      username: text(limits.usernameBytes),
      vars,
      client: text(128),
      resume: fc.record({
        token: text(limits.resumeTokenBytes),
        attempt: requestId,
        received: fc.uint8Array({ maxLength: 64 }),
      }),
    },
    { requiredKeys: ['id', 'versions'] },
  ),
  SessionEnd: fc.record({ code: uint16, reason: text(limits.reasonBytes) }, { requiredKeys: ['code'] }),
  RoomCreate: fc.record(
    { id: requestId, module: text(limits.moduleBytes, 1), params: plainMap },
    { requiredKeys: ['id', 'module'] },
  ),
  RoomJoin: fc.record(
    {
      id: requestId,
      room_id: fc.uuid(),
      find: fc.record(
        { module: text(limits.moduleBytes, 1), query: text(limits.queryBytes), params: plainMap },
        { requiredKeys: ['module'] },
      ),
      metadata: fc.dictionary(key, text(64), { maxKeys: 4 }) as fc.Arbitrary<Record<string, unknown>>,
      password: text(limits.passwordBytes),
      reservation: text(limits.reservationBytes, 1),
    },
    { requiredKeys: ['id'] },
  ),
  RoomLeave: fc.record({ id: requestId, room: handle }),
  RoomList: fc.record(
    {
      id: requestId,
      module: text(limits.moduleBytes),
      label: text(limits.labelBytes),
      has_seat: fc.boolean(),
      limit: fc.integer({ min: 1, max: limits.roomsListed }),
      query: text(limits.queryBytes),
      cursor: text(limits.cursorBytes),
    },
    { requiredKeys: ['id'] },
  ),
  Rpc: fc.record(
    { id: requestId, name: text(limits.rpcNameBytes, 1), payload: plainValue },
    { requiredKeys: ['id', 'name'] },
  ),
  MatchmakerAdd: fc.record(
    {
      id: requestId,
      module: text(limits.moduleBytes, 1),
      min: players,
      max: players,
      multiple: players,
      properties,
      query: text(limits.queryBytes),
      widen: fc.array(fc.record({ after_ms: fc.nat({ max: 86_400_000 }), query: text(limits.queryBytes) }), {
        maxLength: limits.ticketQueries - 1,
      }),
      params: plainMap,
      party: fc.boolean(),
    },
    { requiredKeys: ['id', 'module', 'min', 'max'] },
  ),
  MatchmakerRemove: fc.record({ id: requestId, ticket: fc.uuid() }),
  Party: fc.record(
    {
      id: requestId,
      action: fc.constantFrom('create', 'join', 'leave', 'kick', 'promote'),
      party: fc.uuid(),
      session: sessionId,
      max: players,
    },
    { requiredKeys: ['id', 'action'] },
  ),
}

export const serverPayloads: { [N in ServerPayloadName]: fc.Arbitrary<ServerPayload<N>> } = {
  SessionStart: fc.record({
    id: requestId,
    version: fc.integer({ min: 1, max: 65_535 }),
    session: sessionId,
    user_id: text(limits.userIdBytes),
    username: text(limits.usernameBytes),
    is_authenticated: fc.boolean(),
    vars,
    heartbeat_ms: fc.nat({ max: 3_600_000 }),
    timeout_ms: fc.nat({ max: 3_600_000 }),
    server_time_us: finite,
  }),
  SessionEnd: fc.record(
    { code: uint16, reason: text(limits.reasonBytes), retry_after_ms: fc.nat({ max: UINT32 }) },
    { requiredKeys: ['code'] },
  ),
  Error: fc.record(
    {
      id: fc.nat({ max: UINT32 }),
      op: fc.nat({ max: 255 }),
      code: uint16,
      name: text(64),
      message: text(limits.errorMessageBytes),
      details: plainMap,
    },
    { requiredKeys: ['id', 'op', 'code', 'name', 'message'] },
  ),
  RoomCreate: fc.record({ id: requestId, room_id: fc.uuid() }),
  RoomJoin: fc.record({
    id: requestId,
    room_id: fc.uuid(),
    room: handle,
    module: text(limits.moduleBytes),
    label: text(limits.labelBytes),
    tick_hz: finite,
    max_players: uint16,
    member,
    members: fc.array(presence, { maxLength: 5 }),
  }),
  RoomLeave: fc.record(
    { id: fc.nat({ max: UINT32 }), room: handle, reason, code: uint16, message: text(limits.reasonBytes) },
    { requiredKeys: ['id', 'room', 'reason'] },
  ),
  RoomPresence: fc.record({
    room: handle,
    joins: fc.array(presence, { maxLength: 3 }),
    leaves: fc.array(departure, { maxLength: 3 }),
  }),
  RoomList: fc.record(
    { id: requestId, rooms: fc.array(roomSummary, { maxLength: 3 }), cursor: text(limits.cursorBytes) },
    { requiredKeys: ['id', 'rooms'] },
  ),
  RpcResponse: fc.record({ id: requestId, payload: plainValue }, { requiredKeys: ['id'] }),
  MatchmakerAdd: fc.record({ id: requestId, ticket: fc.uuid() }),
  MatchmakerRemove: fc.record({ id: requestId }),
  MatchmakerTicket: fc.record(
    {
      ticket: fc.uuid(),
      state: fc.constantFrom('waiting', 'matched', 'ended'),
      room_id: fc.uuid(),
      reservation: text(limits.reservationBytes, 1),
      expires_ms: fc.nat({ max: UINT32 }),
      players: fc.array(matchedPlayer, { maxLength: 3 }),
      code: uint16,
      message: text(limits.reasonBytes),
    },
    { requiredKeys: ['ticket', 'state'] },
  ),
  Party: fc.record(
    {
      id: fc.nat({ max: UINT32 }),
      party: fc.uuid(),
      leader: sessionId,
      max: players,
      members: fc.array(partyMember, { maxLength: 3 }),
      reason,
    },
    { requiredKeys: ['id'] },
  ),
}
