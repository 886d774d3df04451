import { KaosError } from './errors.ts'
import { WireLimits } from './limits.ts'

const LONE_SURROGATE = /\p{Surrogate}/u
const LONE_SURROGATES = /\p{Surrogate}/gu
/** The decoder refuses this key, since assigning it would set the prototype of the decoded object. */
const REFUSED_KEY = '__proto__'

/**
 * Checks that `value` is made of what MessagePack can carry and the other side would take; the library alone would
 * send a Date or a Map as an empty map. Returns false when some text holds a lone surrogate ({@link repairText}).
 *
 * @throws {KaosError} INVALID_PAYLOAD
 */
export function isWellFormed(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case 'string':
      return !LONE_SURROGATE.test(value)
    case 'number':
    case 'boolean':
    case 'undefined':
      return true
    case 'object':
      if (value === null || value instanceof Uint8Array) return true
      if (depth >= WireLimits.payloadDepth) refuse(`nests deeper than ${WireLimits.payloadDepth}`)
      return Array.isArray(value)
        ? isArrayWellFormed(value, depth + 1)
        : isMapWellFormed(value as Record<string, unknown>, depth + 1)
    default:
      return refuse(`a ${typeof value} cannot be sent`)
  }
}

function isArrayWellFormed(items: readonly unknown[], depth: number): boolean {
  let isFine = true
  for (const item of items) if (!isWellFormed(item, depth)) isFine = false
  return isFine
}

function isMapWellFormed(map: Readonly<Record<string, unknown>>, depth: number): boolean {
  // '[object Map]', '[object Date]', …; instances of the application's own classes are '[object Object]'.
  const tag = Object.prototype.toString.call(map)
  if (tag !== '[object Object]') refuse(`a ${tag.slice('[object '.length, -1)} cannot be sent`)
  let isFine = true
  for (const key of Object.keys(map)) {
    if (key === REFUSED_KEY) refuse(`the key ${REFUSED_KEY} is not allowed`)
    if (LONE_SURROGATE.test(key) || !isWellFormed(map[key], depth)) isFine = false
  }
  return isFine
}

/** A copy whose lone surrogates are U+FFFD, as web interfaces that take text do it (Infra §4.7, scalar values). */
export function repairText(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(LONE_SURROGATES, '\ufffd')
  if (Array.isArray(value)) return value.map(repairText)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [repairText(key), repairText(entry)] as const),
  )
}

function refuse(what: string): never {
  throw new KaosError('INVALID_PAYLOAD', `cannot be encoded as MessagePack: ${what}`)
}
