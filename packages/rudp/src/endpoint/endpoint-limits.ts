import { MAX_SLOTS } from './connection-id.ts'

/** Every bound of an endpoint (`docs/transport.md`, limits). Each has a counter that says how often it acted. */
export interface EndpointLimits {
  /** Connections at once, half-open ones included. */
  readonly maxConnections: number
  /** Connections at once from one IP address; 0 = not limited. */
  readonly maxConnectionsPerAddress: number
  /** Clients that have been accepted and have not yet sent a packet of their own. */
  readonly maxHalfOpen: number
  readonly halfOpenLifeMs: number
  /** HELLOs answered per second; 0 = not limited. */
  readonly hellosPerSecond: number
  /** CONNECTs looked at per second; 0 = not limited. */
  readonly connectsPerSecond: number
  /** CONNECTs with a valid cookie per second from one /24 (IPv4) or /56 (IPv6); 0 = not limited. */
  readonly connectsPerSecondPerPrefix: number
  readonly connectBurstPerPrefix: number
  /** Prefixes remembered at once; the least recently seen is forgotten. */
  readonly maxPrefixes: number
  /** Stateless resets per second; 0 = none are sent. */
  readonly resetsPerSecond: number
  /** Tokens and cookies remembered so that none is used twice. */
  readonly maxClaims: number
}

export const DEFAULT_ENDPOINT_LIMITS: EndpointLimits = {
  maxConnections: 16_384,
  maxConnectionsPerAddress: 64,
  maxHalfOpen: 1_024,
  halfOpenLifeMs: 5_000,
  hellosPerSecond: 20_000,
  connectsPerSecond: 20_000,
  connectsPerSecondPerPrefix: 100,
  connectBurstPerPrefix: 200,
  maxPrefixes: 4_096,
  resetsPerSecond: 5_000,
  maxClaims: 65_536,
}

/** Fills in the defaults. @throws RangeError when a bound is negative, not a number, or beyond what ids can name */
export function resolveEndpointLimits(limits: Partial<EndpointLimits> = {}): EndpointLimits {
  const resolved = { ...DEFAULT_ENDPOINT_LIMITS, ...limits }
  for (const [name, value] of Object.entries(resolved)) {
    if (!(value >= 0)) throw new RangeError(`The limit ${name} must not be negative`)
  }
  if (resolved.maxConnections > MAX_SLOTS) {
    throw new RangeError(`maxConnections is at most ${MAX_SLOTS}`)
  }
  return resolved
}
