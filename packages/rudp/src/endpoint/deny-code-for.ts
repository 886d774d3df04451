import { DenyCode } from '../handshake/refusal-packets.ts'
import type { EndpointDropReason } from './endpoint-stats.ts'

/** What a client is told of the reason it was refused for; undefined when it is told nothing. */
export function denyCodeFor(reason: EndpointDropReason, hasToken: boolean): DenyCode | undefined {
  switch (reason) {
    case 'token-invalid':
    case 'token-misdirected':
      return DenyCode.tokenInvalid
    case 'token-expired':
      return DenyCode.tokenExpired
    case 'token-reused':
      return DenyCode.tokenReused
    case 'token-required':
      return DenyCode.tokenRequired
    case 'proof-wrong':
      return hasToken ? DenyCode.tokenInvalid : DenyCode.wrongServerKey
    case 'protocol-mismatch':
      return DenyCode.protocolMismatch
    case 'address-connections':
      return DenyCode.tooManyConnections
    case 'half-open-full':
    case 'server-full':
    case 'token-cache-full':
      return DenyCode.serverFull
    case 'refused-by-application':
      return DenyCode.refused
    case 'shutting-down':
      return DenyCode.shuttingDown
    default:
      return undefined
  }
}
