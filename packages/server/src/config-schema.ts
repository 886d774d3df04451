import { createPublicKey } from 'node:crypto'
import { isIP } from 'node:net'
import { WireLimits } from '@kaosnet/protocol'
import * as z from 'zod'
import { isAddressRange } from './http/client-address.ts'

const port = z.int().min(0).max(65_535)
const milliseconds = z.int().min(1).max(86_400_000)
const count = z.int().min(1).max(10_000_000)

const authConfig = z.strictObject({
  anonymous: z.boolean().default(false).describe('Admit sessions without a token.'),
  hs256Secret: z
    .string()
    .min(32)
    .optional()
    .describe('Shared secret for tokens signed with HS256 (RFC 7518 §3.2: at least 32 characters).'),
  eddsaPublicKey: z
    .string()
    .refine(isEd25519PublicKey, 'must be an Ed25519 public key in PEM (SPKI)')
    .optional()
    .describe('Public key in PEM (SPKI) for tokens signed with EdDSA (RFC 8037).'),
  issuer: z.string().optional().describe('Required `iss` claim.'),
  audience: z.string().optional().describe('Required `aud` claim.'),
  requireExpiry: z.boolean().default(true).describe('Refuse tokens without an `exp` claim.'),
  clockToleranceSeconds: z
    .number()
    .min(0)
    .max(300)
    .default(5)
    .describe('Clock skew allowed for `exp` and `nbf`.'),
})

const key = z
  .string()
  .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64')

/** Looked at once a second, so that less would not be kept. */
const httpTime = z.int().min(1_000).max(3_600_000)

const httpConfig = z.strictObject({
  trustedProxies: z
    .array(z.string().refine(isAddressRange, 'must be an IP address or a range like 10.0.0.0/8'))
    .max(256)
    .default([])
    .describe('Addresses and ranges of proxies whose `X-Forwarded-For` is believed.'),
  headersTimeoutMs: httpTime
    .default(10_000)
    .describe('A TCP connection must send the head of a request, a WebSocket upgrade too, within this.'),
  requestTimeoutMs: httpTime.default(30_000).describe('The same for the whole request, with its body.'),
})

const udpFields = z.strictObject({
  enabled: z.boolean().default(true).describe('Listen for kaos-rudp (encrypted reliable UDP).'),
  port: port.optional().describe('UDP port; the TCP port when unset.'),
  driver: z
    .enum(['auto', 'native', 'node'])
    .default('auto')
    .describe(
      'What moves datagrams: `native` (Linux, built on install), `node` (node:dgram), or the first that is there.',
    ),
  publicPort: port.optional().describe('UDP port clients are told; the bound one when unset.'),
  publicAddress: z
    .string()
    .refine((text) => isIP(text) !== 0, 'must be an IP address')
    .optional()
    .describe('IP address clients are told to reach UDP at; the one their request came in at when unset.'),
  privateKey: key
    .optional()
    .describe(
      'X25519 key that clients may pin; a fresh one at each start when this and `udp.keyFile` are unset.',
    ),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File that keeps that key across restarts; made, readable by its owner only (0600), when missing.',
    ),
  tokenKeys: z
    .array(key)
    .min(1)
    .max(2)
    .optional()
    .describe('Keys that seal connect tokens, the newest first; a fresh one at each start when unset.'),
  connectionsPerAddress: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(64)
    .describe('Connections from one IP address; 0 = not limited.'),
})
const udpConfig = udpFields.refine(
  ({ keyFile, privateKey }) => keyFile === undefined || privateKey === undefined,
  { path: ['keyFile'], message: 'set either udp.keyFile or udp.privateKey, not both' },
)

/** What SessionStart can tell a client. */
const sessionTime = z.int().min(1).max(3_600_000)

const sessionConfig = z.strictObject({
  heartbeatMs: sessionTime.default(5_000).describe('How often clients are asked to send a heartbeat.'),
  timeoutMs: sessionTime.default(15_000).describe('A session that is silent this long has ended.'),
  startTimeoutMs: milliseconds.default(10_000).describe('A connection must start its session within this.'),
  resumeWindowMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(30_000)
    .describe(
      'A session whose connection is lost is kept so long for the client to resume it; 0 = it ends at once.',
    ),
  replayBytes: count
    .default(262_144)
    .describe('Bytes sent reliably that are kept until the client has acknowledged them, for one session.'),
  replayFrames: count.default(4_096).describe('Frames of the same.'),
})

const roomsConfig = z.strictObject({
  tickHz: z.number().min(1).max(128).default(10).describe('Tick rate when the match module names none.'),
  maxPlayers: z
    .int()
    .min(1)
    .max(WireLimits.memberNumber)
    .default(64)
    .describe('Seats of a room when the match module names none.'),
  emptyTimeoutMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(30_000)
    .describe('An empty room ends after this; 0 = never. A match module may name its own.'),
  allowClientCreate: z
    .boolean()
    .default(true)
    .describe('Clients may create rooms themselves; otherwise only scripts do.'),
  relay: z
    .boolean()
    .default(true)
    .describe('There is a built-in module kaos/relay, whose rooms forward among their members.'),
  onScriptError: z
    .enum(['end', 'continue'])
    .default('end')
    .describe('What an error in match_loop, match_join or match_leave does to its room.'),
  onBudgetExceeded: z
    .enum(['end', 'continue'])
    .default('end')
    .describe('The same for a callback that used more time or memory than it may.'),
  reservationMs: z
    .int()
    .min(1_000)
    .max(600_000)
    .default(15_000)
    .describe(
      'A seat that the matchmaker or a script reserves is kept so long, unless the script says otherwise.',
    ),
  workers: z
    .int()
    .min(0)
    .max(64)
    .optional()
    .describe(
      'Threads that run rooms and scripts; 0 = the thread that does the network too; cores − 1, at least 1, when unset.',
    ),
  hostTimeoutMs: z
    .int()
    .min(500)
    .max(600_000)
    .default(5_000)
    .describe('A thread of rooms that does not answer for so long is ended, and its rooms with it.'),
  hostHeapMb: z
    .int()
    .min(64)
    .max(65_536)
    .default(1_024)
    .describe('JavaScript heap of one thread of rooms, in MiB; beyond it the thread ends, and its rooms.'),
})

const matchmakerConfig = z.strictObject({
  intervalMs: z
    .int()
    .min(50)
    .max(60_000)
    .default(1_000)
    .describe('Matches are looked for so often, where something has changed.'),
  fullWaitMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(10_000)
    .describe('A ticket waits so long for a match with as many players as may be; then fewer will do.'),
  ticketMaxMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(600_000)
    .describe('A ticket that has waited so long ends (TICKET_EXPIRED).'),
  isMutual: z
    .boolean()
    .default(true)
    .describe(
      'Everybody in a match must accept everybody else; otherwise the ticket that has waited longest accepts.',
    ),
  stepsPerTurn: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(4_000)
    .describe('Pairs of tickets that are looked at before the network has its turn.'),
})

/** A largest frame, and what a socket has in hand besides, must fit. */
const queueBytes = z.int().min(98_304).max(1_073_741_824)

const limitsConfig = z.strictObject({
  connections: count.default(20_000).describe('Open connections, with and without a session (SERVER_FULL).'),
  sessions: count.default(10_000).describe('Sessions of this node (SERVER_FULL).'),
  sessionsPerAddress: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(256)
    .describe('Sessions that one address, or IPv6 /64, has started (SERVER_FULL); 0 = not limited.'),
  connectionsPerSecondPerAddress: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(50)
    .describe(
      'Connections that one address, or IPv6 /64, opens, two seconds’ worth at once (RATE_LIMITED); 0 = not limited.',
    ),
  rooms: count.default(4_096).describe('Rooms of this node (TOO_MANY_ROOMS).'),
  roomsPerSession: z
    .int()
    .min(1)
    .max(1_024)
    .default(16)
    .describe('Rooms one session may be in or be joining (TOO_MANY_ROOMS).'),
  roomsCreatedPerSession: count
    .default(16)
    .describe('Rooms that one session created and that still run (TOO_MANY_ROOMS).'),
  joinsInFlight: count
    .default(16)
    .describe('Joins of one session that wait for their answer (TOO_MANY_REQUESTS).'),
  joinTimeoutMs: milliseconds
    .default(10_000)
    .describe('A join, also one that looks for a room, is answered within this (REQUEST_TIMEOUT).'),
  matchmakerTickets: count.default(10_000).describe('Matchmaker tickets that wait (MATCHMAKER_FULL).'),
  ticketsPerSession: count
    .default(4)
    .describe('Of them for one session, those of its party included (TOO_MANY_REQUESTS).'),
  partyMembers: z
    .int()
    .min(1)
    .max(WireLimits.matchPlayers)
    .default(16)
    .describe('The most members that a party may be made for (INVALID_PAYLOAD).'),
  rpcInFlight: count.default(16).describe('Unanswered RPCs of one session (TOO_MANY_REQUESTS).'),
  requestsQueued: count
    .default(256)
    .describe('Messages of one session that wait while a before-hook runs (TOO_MANY_REQUESTS).'),
  requestTimeoutMs: milliseconds
    .default(10_000)
    .describe('An RPC or hook must answer within this (REQUEST_TIMEOUT), and an async match_init end.'),
  messagesPerSecond: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(200)
    .describe('Messages of one session, two seconds’ worth at once (RATE_LIMITED); 0 = not limited.'),
  bytesPerSecond: z
    .int()
    .min(0)
    .max(1_073_741_824)
    .default(262_144)
    .describe('Bytes of the same (RATE_LIMITED); 0 = not limited.'),
  roomInputQueue: count
    .default(1_024)
    .describe('Messages that wait for the next tick of a room (ROOM_BUSY).'),
  messageBytes: z
    .int()
    .min(1_024)
    .max(WireLimits.messageBytes)
    .default(WireLimits.messageBytes)
    .describe('One transport message (MESSAGE_TOO_LARGE).'),
  roomDataBytes: z
    .int()
    .min(64)
    .max(60_000)
    .default(16_384)
    .describe('Data of one message from a client to a room (PAYLOAD_TOO_LARGE).'),
  roomParamsBytes: z
    .int()
    .min(64)
    .max(16_777_216)
    .default(65_536)
    .describe('Params of one room, in the form of v8.serialize (INVALID_PAYLOAD).'),
  labelBytes: z
    .int()
    .min(64)
    .max(WireLimits.labelBytes)
    .default(WireLimits.labelBytes)
    .describe('Label of one room (INVALID_PAYLOAD, raised in the script).'),
  metadataBytes: z
    .int()
    .min(64)
    .max(WireLimits.metadataBytes)
    .default(WireLimits.metadataBytes)
    .describe('Metadata of one presence, as MessagePack (INVALID_PAYLOAD).'),
  controlQueueBytes: queueBytes
    .default(1_048_576)
    .describe(
      'Bytes of answers, presence and errors that wait for a slow reader (SLOW_CONSUMER ends the session).',
    ),
  reliableQueueBytes: queueBytes
    .default(1_048_576)
    .describe(
      'Bytes that rooms sent reliably and that wait for a slow reader (SLOW_CONSUMER ends the session).',
    ),
  unreliableQueueBytes: queueBytes
    .default(131_072)
    .describe('Unreliable bytes that wait for a slow reader; what is newer takes the place of the oldest.'),
  violations: count.default(20).describe('Invalid messages within `violationWindowMs` (PROTOCOL_VIOLATION).'),
  violationWindowMs: milliseconds.default(10_000).describe('See `violations`.'),
})

const instructions = (value: number) => z.int().min(1).max(10_000_000_000).default(value)
const vms = z.int().min(1).max(256)

const scriptsConfig = z.strictObject({
  dir: z
    .string()
    .optional()
    .describe('Folder of the Lua scripts; without it the server only relays requests it can answer itself.'),
  modulesDir: z
    .string()
    .optional()
    .describe('Folder of TypeScript and JavaScript modules, which are trusted: see typescript.md.'),
  cacheDir: z
    .string()
    .optional()
    .describe(
      'Folder that keeps translated TypeScript, for the next start; only who may write the modules may write it.',
    ),
  entry: z.string().default('main').describe('Module that registers RPCs and hooks; may be absent.'),
  env: z.record(z.string(), z.string()).default({}).describe('Strings that scripts read as `ctx.env`.'),
  memoryBytes: z
    .int()
    .min(262_144)
    .max(1_073_741_824)
    .default(16_777_216)
    .describe('Memory of one Lua state.'),
  loadBudgetMs: milliseconds.default(2_000).describe('Time of loading the entry script or a match module.'),
  loadInstructions: instructions(100_000_000).describe('Lua instructions of the same.'),
  initBudgetMs: milliseconds.default(2_000).describe('Time of one match_init.'),
  initInstructions: instructions(100_000_000).describe('Lua instructions of one match_init.'),
  tickBudgetMs: milliseconds.default(1_000).describe('Time of one match_loop.'),
  tickInstructions: instructions(10_000_000).describe('Lua instructions of one match_loop.'),
  joinBudgetMs: milliseconds
    .default(1_000)
    .describe('Time of one call of any other match function (match_join, match_leave …).'),
  joinInstructions: instructions(10_000_000).describe('Lua instructions of the same.'),
  hookBudgetMs: milliseconds.default(1_000).describe('Time that one hook may run.'),
  hookInstructions: instructions(50_000_000).describe('Lua instructions of one hook.'),
  rpcBudgetMs: milliseconds.default(2_000).describe('Time that one RPC may run.'),
  rpcInstructions: instructions(100_000_000).describe('Lua instructions of one RPC.'),
  callVmsMin: vms.default(1).describe('Lua states for RPCs and hooks that each host keeps ready.'),
  callVmsMax: vms.default(16).describe('RPCs and hooks that each host runs side by side.'),
  callQueue: count
    .default(1_024)
    .describe('RPCs and hooks of one host that wait for a Lua state (TOO_MANY_REQUESTS).'),
  callSliceMs: z
    .int()
    .min(1)
    .max(1_000)
    .default(2)
    .describe('An RPC or hook runs so long before rooms and other calls have their turn.'),
  logLinesPerSecond: count.default(50).describe('Log lines of one Lua state; more are dropped and counted.'),
})

const adminConfig = z.strictObject({
  token: z
    .string()
    .min(32)
    .optional()
    .describe('Bearer token of `/v1/admin/…`, at least 32 characters; without one there is no such thing.'),
})

const logConfig = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least level that is logged.'),
})

/** Every field, with what it may be, its default and its meaning. */
export const serverConfig = z.strictObject({
  host: z.string().default('0.0.0.0').describe('Address to listen on.'),
  port: port.default(7350).describe('TCP port of HTTP, the page and WebSocket; 0 picks a free one.'),
  publicDir: z.string().optional().describe('Folder served at `/`.'),
  shutdownGraceSeconds: z
    .int()
    .min(0)
    .max(3_600)
    .default(5)
    .describe('Given to match_terminate when the server stops.'),
  http: httpConfig.prefault({}),
  udp: udpConfig.prefault({}),
  auth: authConfig.prefault({}),
  session: sessionConfig.prefault({}),
  rooms: roomsConfig.prefault({}),
  matchmaker: matchmakerConfig.prefault({}),
  limits: limitsConfig.prefault({}),
  scripts: scriptsConfig.prefault({}),
  admin: adminConfig.prefault({}),
  log: logConfig.prefault({}),
})

/** What a caller may leave out or set; see {@link resolveConfig} for where values come from. */
export type ServerConfigInput = z.input<typeof serverConfig>
/** A whole, valid configuration. */
export type ServerConfig = z.output<typeof serverConfig>
export type AuthConfig = ServerConfig['auth']
/** What room hosts need of it, and no secrets. */
export type HostConfig = Pick<ServerConfig, 'limits' | 'rooms' | 'scripts'>

function isEd25519PublicKey(pem: string): boolean {
  try {
    return createPublicKey(pem).asymmetricKeyType === 'ed25519'
  } catch {
    return false
  }
}
