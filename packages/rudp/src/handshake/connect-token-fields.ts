import type { Address } from '../endpoint/address.ts'

/** A token lives at most this long. */
export const MAX_TOKEN_LIFE_MS = 60_000
export const MAX_USER_ID_BYTES = 128
export const MAX_USER_DATA_BYTES = 512
export const MAX_TOKEN_ADDRESSES = 8
export const CLIENT_SECRET_BYTES = 32
export const MASTER_KEY_BYTES = 32

/** A server the token is good for. */
export interface TokenAddress extends Address {
  /** The worker that must answer: first byte of its connection ids. */
  readonly worker: number
}

/** What the holder may do to the transport; 0 leaves the server's own limit. A token never raises a limit. */
export interface TokenLimits {
  readonly packetsPerSecondIn: number
  readonly bytesPerSecondIn: number
}

/** What is sealed inside a token, for the server's eyes only. */
export interface TokenBody {
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  readonly clientSecret: Uint8Array
  readonly userId: string
  /** Opaque to the transport: session id, name, whatever the application needs. */
  readonly userData: Uint8Array
  readonly addresses: readonly TokenAddress[]
  readonly limits: TokenLimits
}

/** What a client is given over TLS. It holds the token's secret, so treat it as a password for a minute. */
export interface ConnectToken {
  readonly protocolId: Uint8Array
  readonly expiresAtMs: number
  readonly addresses: readonly Address[]
  readonly clientSecret: Uint8Array
  readonly sealed: Uint8Array
}
