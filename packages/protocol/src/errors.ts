/**
 * What a client may sensibly do about an error:
 * `retry` – the same request may succeed later; `reauth` – get a new token and start a new session;
 * `fatal` – the same request will fail again, change it or give up.
 */
export type ErrorAction = 'retry' | 'reauth' | 'fatal'

interface ErrorEntry {
  readonly code: number
  readonly action: ErrorAction
  /** Counts towards the limit after which the server closes the connection. */
  readonly isViolation: boolean
  readonly text: string
}

const entry = (code: number, action: ErrorAction, text: string): ErrorEntry => ({
  code,
  action,
  isViolation: false,
  text,
})
const violation = (code: number, text: string): ErrorEntry => ({
  code,
  action: 'fatal',
  isViolation: true,
  text,
})

/**
 * The one table of errors (`docs/errors.md` is compared with it by a test). Codes are stable: a code is never
 * reused and its meaning never changes. Families: 1xx wire, 2xx session, 3xx room, 4xx script, 5xx limit,
 * 6xx party and matchmaker, 9xx server.
 */
export const ErrorTable = {
  UNKNOWN_OP: violation(100, 'The operation code is not assigned.'),
  TRUNCATED_FRAME: violation(101, 'A frame says it is longer than the message that carries it.'),
  MESSAGE_TOO_LARGE: violation(102, 'The transport message is larger than the server accepts.'),
  PAYLOAD_TOO_LARGE: violation(103, 'The payload is larger than this operation allows.'),
  INVALID_MESSAGEPACK: violation(104, 'The payload is not valid MessagePack.'),
  INVALID_PAYLOAD: violation(
    105,
    'A field of the payload is missing, has the wrong type or is out of bounds.',
  ),
  WRONG_STATE: violation(106, 'The operation is not allowed in the present state of the session.'),
  WRONG_DIRECTION: violation(107, 'Only the server sends this operation.'),
  UNSUPPORTED_VERSION: entry(108, 'fatal', 'None of the offered protocol versions is supported.'),
  PROTOCOL_VIOLATION: entry(109, 'fatal', 'Too many invalid messages; the connection is closed.'),

  AUTH_REQUIRED: entry(200, 'reauth', 'This server does not admit anonymous sessions; a token is needed.'),
  AUTH_INVALID: entry(201, 'reauth', 'The token is not valid.'),
  AUTH_EXPIRED: entry(202, 'reauth', 'The token has expired.'),
  SESSION_REFUSED: entry(203, 'fatal', 'The server refused the session.'),
  SESSION_TIMEOUT: entry(204, 'retry', 'Nothing was heard from the client for too long.'),
  SESSION_KICKED: entry(205, 'fatal', 'The session was ended by the server.'),
  SESSION_START_TIMEOUT: entry(206, 'retry', 'The connection did not start a session in time.'),
  RESUME_REFUSED: entry(207, 'reauth', 'The session cannot be resumed: start a new one.'),
  SESSION_REPLACED: entry(208, 'fatal', 'Another connection has resumed the session.'),

  ROOM_NOT_FOUND: entry(300, 'fatal', 'There is no such room.'),
  ROOM_FULL: entry(301, 'retry', 'Every seat of the room is taken.'),
  ROOM_CLOSED: entry(302, 'fatal', 'The room has ended or is ending.'),
  ROOM_JOIN_REJECTED: entry(303, 'fatal', 'The room did not admit the player.'),
  ROOM_NOT_JOINED: violation(304, 'The session is not in that room.'),
  ROOM_ALREADY_JOINED: entry(305, 'fatal', 'The session is already in that room.'),
  ROOM_MODULE_NOT_FOUND: entry(306, 'fatal', 'There is no such match module.'),
  ROOM_INIT_FAILED: entry(307, 'fatal', 'The match module failed to start the room.'),
  ROOM_CREATE_DENIED: entry(308, 'fatal', 'Clients may not create this room.'),
  ROOM_BUSY: entry(309, 'retry', 'The input queue of the room is full; the message was not delivered.'),
  ROOM_FAILED: entry(310, 'retry', 'An error in the room’s script ended the room.'),
  ROOM_KICKED: entry(311, 'fatal', 'The player was removed from the room.'),
  ROOM_LOCKED: entry(312, 'retry', 'The room is locked: only who has a reservation may join.'),
  RESERVATION_INVALID: entry(313, 'fatal', 'The reservation is unknown, was used, or has expired.'),

  RPC_NOT_FOUND: entry(400, 'fatal', 'No RPC of that name is registered.'),
  RPC_FAILED: entry(401, 'fatal', 'The RPC raised an error.'),
  HOOK_REJECTED: entry(402, 'fatal', 'A before-hook rejected the message.'),
  HOOK_FAILED: entry(403, 'fatal', 'A before-hook raised an error; the message was not processed.'),
  SCRIPT_BUDGET_EXCEEDED: entry(404, 'fatal', 'The script used more time or memory than it is allowed.'),
  SCRIPT_RESULT_INVALID: entry(405, 'fatal', 'The script returned a value that cannot be sent.'),

  RATE_LIMITED: entry(500, 'retry', 'Too many messages; this one was not processed.'),
  TOO_MANY_ROOMS: entry(501, 'retry', 'A limit on the number of rooms is reached.'),
  TOO_MANY_REQUESTS: entry(502, 'retry', 'Too many requests of this session are still being processed.'),
  SERVER_FULL: entry(503, 'retry', 'The server has no free session.'),
  SLOW_CONSUMER: entry(504, 'retry', 'The client read too slowly and too much had to be kept for it.'),
  REQUEST_TIMEOUT: entry(505, 'retry', 'The request was not answered in time.'),

  PARTY_NOT_FOUND: entry(600, 'fatal', 'There is no such party.'),
  PARTY_FULL: entry(601, 'retry', 'The party has as many members as it may have.'),
  PARTY_ALREADY_JOINED: entry(602, 'fatal', 'The session is in a party already.'),
  PARTY_NOT_JOINED: entry(603, 'fatal', 'The session is in no party.'),
  PARTY_LEADER_ONLY: entry(604, 'fatal', 'Only the leader of the party may do that.'),
  TICKET_NOT_FOUND: entry(610, 'fatal', 'The session has no such matchmaker ticket.'),
  TICKET_EXPIRED: entry(611, 'retry', 'No match was found in time.'),
  TICKET_PARTY_CHANGED: entry(612, 'retry', 'The party of the ticket has changed.'),
  MATCHMAKER_FULL: entry(613, 'retry', 'The matchmaker has as many tickets as it may have.'),

  SHUTTING_DOWN: entry(900, 'retry', 'The server is shutting down.'),
  INTERNAL: entry(901, 'retry', 'The server failed; the fault is logged.'),
} as const satisfies Record<string, ErrorEntry>

export type ErrorName = keyof typeof ErrorTable

const byCode: ReadonlyMap<number, ErrorName> = new Map(
  Object.entries(ErrorTable).map(([name, { code }]) => [code, name as ErrorName] as const),
)

/** The name behind an error code, or undefined for a code this version does not know. */
export function errorName(code: number): ErrorName | undefined {
  return byCode.get(code)
}

/** Extra facts of an error, e.g. `{ supported: [1] }` for UNSUPPORTED_VERSION. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/**
 * Every failure that crosses the wire or the public API. Match on `name`-like {@link KaosError.error} or
 * {@link KaosError.code}, never on the text.
 */
export class KaosError extends Error {
  override readonly name = 'KaosError'
  /** Name in the {@link ErrorTable}, e.g. `ROOM_FULL`. */
  readonly error: ErrorName
  readonly details: ErrorDetails | undefined

  /** @param message Says what happened in this case; the table's text when omitted. */
  constructor(error: ErrorName, message?: string, options?: { cause?: unknown; details?: ErrorDetails }) {
    super(
      message ?? ErrorTable[error].text,
      options?.cause === undefined ? undefined : { cause: options.cause },
    )
    this.error = error
    this.details = options?.details
  }

  /** Stable numeric code. */
  get code(): number {
    return ErrorTable[this.error].code
  }

  get action(): ErrorAction {
    return ErrorTable[this.error].action
  }

  get isViolation(): boolean {
    return ErrorTable[this.error].isViolation
  }
}
