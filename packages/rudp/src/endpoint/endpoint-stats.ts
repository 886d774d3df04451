/** Why an endpoint dropped or refused a datagram that belongs to no connection. */
export const ENDPOINT_DROP_REASONS = [
  /** Too short to be any packet, or without the fixed bit: not this protocol. */
  'foreign',
  /** A connection id nobody has, here or any more. */
  'unknown-connection',
  /** A long packet of a type that only clients receive, or none at all. */
  'unexpected-type',
  /** HELLO or CONNECT below 1200 bytes: an answer could amplify. */
  'undersized',
  /** CONNECT whose fields do not fit together. */
  'malformed-connect',
  'hello-rate',
  'connect-rate',
  /** Too many CONNECT from one /24 or /56. */
  'prefix-rate',
  'cookie-expired',
  'cookie-forged',
  /** A repeated CONNECT of a connection that exists already, or one of a used cookie. */
  'connect-repeated',
  'reset-rate',
  /** The queue of answers was full. */
  'reply-overflow',
  'token-invalid',
  'token-expired',
  'token-reused',
  'token-required',
  /** The token is for another server or worker. */
  'token-misdirected',
  'token-cache-full',
  /** The sender of a CONNECT does not know the token's secret, or another server key. */
  'proof-wrong',
  'key-invalid',
  'protocol-mismatch',
  'address-connections',
  'half-open-full',
  'server-full',
  'refused-by-application',
  'shutting-down',
  'half-open-expired',
] as const

/** Names why a datagram or attempt went no further; each has a counter. */
export type EndpointDropReason = (typeof ENDPOINT_DROP_REASONS)[number]

/** What an endpoint has done so far. Counts run from the start. */
export interface EndpointStats {
  datagramsIn: number
  bytesIn: number
  datagramsOut: number
  bytesOut: number
  hellos: number
  cookiesSent: number
  versionsSent: number
  connects: number
  /** ACCEPTs for new connections; a repeated one counts as repeated. */
  acceptsSent: number
  acceptsRepeated: number
  deniesSent: number
  resetsSent: number
  /** X25519 operations on behalf of clients. */
  publicKeyOperations: number
  /** Connections whose client proved to have the keys. */
  established: number
  connections: number
  halfOpen: number
  /** Application callbacks that threw. */
  callbackErrors: number
  readonly drops: Record<EndpointDropReason, number>
}

export function createEndpointStats(): EndpointStats {
  return {
    datagramsIn: 0,
    bytesIn: 0,
    datagramsOut: 0,
    bytesOut: 0,
    hellos: 0,
    cookiesSent: 0,
    versionsSent: 0,
    connects: 0,
    acceptsSent: 0,
    acceptsRepeated: 0,
    deniesSent: 0,
    resetsSent: 0,
    publicKeyOperations: 0,
    established: 0,
    connections: 0,
    halfOpen: 0,
    callbackErrors: 0,
    drops: Object.fromEntries(ENDPOINT_DROP_REASONS.map((reason) => [reason, 0])) as Record<
      EndpointDropReason,
      number
    >,
  }
}
