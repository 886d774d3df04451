import { WireLimits } from '@kaosnet/protocol'
import type { MatchInit } from '../../room/match-handler.ts'

/** What `init` returned, checked: a module may be JavaScript. */
export interface CheckedSetup extends MatchInit {
  readonly state: unknown
}

/** @throws when a field is not what it must be; the tick rate's range is the room's to check */
export function checkSetup(setup: unknown): CheckedSetup {
  if (typeof setup !== 'object' || setup === null || !('state' in setup)) {
    throw new Error('init must return an object { state, … }')
  }
  const {
    state,
    label = '',
    tickHz,
    maxPlayers,
    emptyTimeoutMs,
    resumeWindowMs,
    isLocked,
    isPrivate,
  } = setup as Readonly<Record<string, unknown>>
  if (typeof label !== 'string') throw new Error(`label must be a string, got ${typeof label}`)
  const seats = optionalNumber('maxPlayers', maxPlayers)
  if (seats !== undefined && !(Number.isInteger(seats) && seats >= 1 && seats <= WireLimits.memberNumber)) {
    throw new Error(`maxPlayers must be an integer from 1 to ${WireLimits.memberNumber}, got ${seats}`)
  }
  const timeoutMs = optionalNumber('emptyTimeoutMs', emptyTimeoutMs)
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
    throw new Error(`emptyTimeoutMs must be milliseconds, 0 for never, got ${timeoutMs}`)
  }
  const windowMs = optionalNumber('resumeWindowMs', resumeWindowMs)
  if (windowMs !== undefined && !(windowMs >= 0)) {
    throw new Error(`resumeWindowMs must be milliseconds, got ${windowMs}`)
  }
  return {
    state,
    label,
    tickHz: optionalNumber('tickHz', tickHz),
    maxPlayers: seats,
    emptyTimeoutMs: timeoutMs,
    resumeWindowMs: windowMs,
    isLocked: optionalBoolean('isLocked', isLocked),
    isPrivate: optionalBoolean('isPrivate', isPrivate),
  }
}

function optionalBoolean(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw new Error(`${name} must be a boolean, got ${typeof value}`)
}

function optionalNumber(name: string, value: unknown): number | undefined {
  if (value === undefined || typeof value === 'number') return value
  throw new Error(`${name} must be a number, got ${typeof value}`)
}
