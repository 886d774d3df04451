import { utf8Bytes, WireLimits } from '@kaosnet/protocol'
import { hookNameOf } from './hook-messages.ts'
import type { RoomDefinition } from './room-definition.ts'
import type { ScriptsDefinition } from './scripts-definition.ts'

const ROOM_CALLBACKS = ['joinAttempt', 'join', 'leave', 'signal', 'terminate', 'upgrade', 'params'] as const

type Fields = Readonly<Record<string, unknown>>

/** @throws when a module's exports hold no room definition, or one that cannot run */
export function checkRoomDefinition(exports: unknown): RoomDefinition {
  const room = definitionOf(exports)
  if (room?.kaosnet !== 'room') throw new Error(`${problemOf(exports)}; it must be defineRoom({ … })`)
  for (const name of ['init', 'loop']) requireFunction(room, name)
  for (const name of ROOM_CALLBACKS) if (room[name] !== undefined) requireFunction(room, name)
  for (const [op, parse] of entriesOf(room, 'receives')) {
    if (!/^\d{1,5}$/.test(op) || Number(op) > WireLimits.roomOp) {
      throw new Error(`receives: op is an integer from 0 to ${WireLimits.roomOp}, got ${op}`)
    }
    if (typeof parse !== 'function') throw new Error(`receives: the parser of op ${op} must be a function`)
  }
  return room as unknown as RoomDefinition
}

/** @throws when a module's exports hold no definition of scripts, or one with an unknown hook or a bad name */
export function checkScriptsDefinition(exports: unknown): ScriptsDefinition {
  const scripts = definitionOf(exports)
  if (scripts?.kaosnet !== 'scripts')
    throw new Error(`${problemOf(exports)}; it must be defineScripts({ … })`)
  for (const [name, handler] of entriesOf(scripts, 'rpcs')) {
    const size = utf8Bytes(name)
    if (size === 0 || size > WireLimits.rpcNameBytes) {
      throw new Error(`rpcs: an RPC name has 1 to ${WireLimits.rpcNameBytes} bytes, got ${size}`)
    }
    if (typeof handler !== 'function') throw new Error(`rpcs: ${name} must be a function`)
  }
  for (const kind of ['before', 'after']) {
    for (const [name, handler] of entriesOf(scripts, kind)) {
      if (!Object.hasOwn(hookNameOf, name)) {
        throw new Error(
          `${kind}: there is no message "${name}"; there are ${Object.keys(hookNameOf).join(', ')}`,
        )
      }
      if (typeof handler !== 'function') throw new Error(`${kind}: ${name} must be a function`)
    }
  }
  return scripts as unknown as ScriptsDefinition
}

function definitionOf(exports: unknown): Fields | undefined {
  const value = isObject(exports) ? exports.default : undefined
  return isObject(value) ? value : undefined
}

function problemOf(exports: unknown): string {
  if (!isObject(exports) || exports.default === undefined) return 'there is no default export'
  const { kaosnet } = definitionOf(exports) ?? {}
  if (kaosnet === 'room') return 'the default export is a room'
  if (kaosnet === 'scripts') return 'the default export is the definition of RPCs and hooks'
  return 'the default export is no definition'
}

function requireFunction(fields: Fields, name: string): void {
  if (typeof fields[name] !== 'function') throw new Error(`${name} must be a function`)
}

function entriesOf(fields: Fields, name: string): [string, unknown][] {
  const value = fields[name]
  if (value === undefined) return []
  if (!isObject(value)) throw new Error(`${name} must be an object`)
  return Object.entries(value)
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
