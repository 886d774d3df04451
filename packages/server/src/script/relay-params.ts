import { utf8Bytes, WireLimits } from '@kaosnet/protocol'
import type { MatchInit } from '../room/match-handler.ts'

/** An empty room that any client may create does not stay for ever. */
const EMPTY_TIMEOUT_MAX_SECONDS = 3_600
/** Nothing waits for a tick; it only ends a room that has become empty. */
const TICK_HZ = 1
const FIELDS = ['max_players', 'label', 'empty_timeout', 'private', 'password']

/** What a relayed room is made of. */
export interface RelayInit extends MatchInit {
  /** Who joins must say it. */
  readonly password: string | undefined
}

/**
 * What a relayed room is to be like (docs/relay.md): clients write these params, so they are bounded.
 * @throws {Error} that names the field and what it may be
 */
export function readRelayParams(params: unknown, maxPlayersBound: number): RelayInit {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new Error('params must be a map')
  }
  const unknown = Object.keys(params).find((name) => !FIELDS.includes(name))
  if (unknown !== undefined) {
    throw new Error(`params have no field "${unknown.slice(0, 64)}", only ${FIELDS.join(', ')}`)
  }
  const { max_players, label = '', empty_timeout, password } = params as Readonly<Record<string, unknown>>
  if (typeof label !== 'string') throw new Error(`label must be a string, got ${typeof label}`)
  const isPrivate = (params as { readonly private?: unknown }).private
  if (isPrivate !== undefined && typeof isPrivate !== 'boolean') {
    throw new Error(`private must be a boolean, got ${typeof isPrivate}`)
  }
  if (
    password !== undefined &&
    (typeof password !== 'string' || utf8Bytes(password) > WireLimits.passwordBytes)
  ) {
    throw new Error(`password must be a string of at most ${WireLimits.passwordBytes} bytes`)
  }
  const maxPlayers = optionalNumber('max_players', max_players, 1, maxPlayersBound)
  if (maxPlayers !== undefined && !Number.isInteger(maxPlayers)) {
    throw new Error(`max_players must be an integer, got ${maxPlayers}`)
  }
  const emptyTimeout = optionalNumber('empty_timeout (seconds)', empty_timeout, 1, EMPTY_TIMEOUT_MAX_SECONDS)
  return {
    tickHz: TICK_HZ,
    label,
    maxPlayers,
    emptyTimeoutMs: emptyTimeout === undefined ? undefined : emptyTimeout * 1000,
    isPrivate,
    password,
  }
}

function optionalNumber(name: string, value: unknown, min: number, max: number): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') throw new Error(`${name} must be a number, got ${typeof value}`)
  if (value >= min && value <= max) return value
  throw new Error(`${name} must be from ${min} to ${max}, got ${value}`)
}
