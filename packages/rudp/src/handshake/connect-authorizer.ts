import type { CryptoProvider } from '../crypto/crypto-provider.ts'
import type { Address } from '../endpoint/address.ts'
import type { ConnectView } from './connect-packet.ts'
import type { OpenedToken, ConnectTokenOpener } from './connect-token.ts'
import type { TokenLimits } from './connect-token-fields.ts'
import { type AuthSecret, isConnectProven, NO_SERVER_KEY } from './key-agreement.ts'
import type { SingleUseCache } from './single-use-cache.ts'
import { COOKIE_LIFE_MS, isTicket, TICKET_LIFE_MS } from './address-validation.ts'

/** Why a CONNECT from a validated address is refused. */
export type AuthorizationRefusal =
  | 'token-invalid'
  | 'token-expired'
  | 'token-reused'
  | 'token-required'
  | 'token-misdirected'
  | 'token-cache-full'
  | 'proof-wrong'
  | 'key-invalid'
  | 'connect-repeated'

/** A client that may have a connection. */
export interface AuthorizedClient {
  readonly authSecret: AuthSecret
  /** Goes into the transcript. */
  readonly serverPublicKey: Uint8Array
  /** To be used up in the cache when the client has proved to have the keys. */
  readonly claimId: string
  readonly userId: string | undefined
  readonly userData: Uint8Array | undefined
  readonly limits: TokenLimits | undefined
}

export type Authorization =
  | { readonly kind: 'authorized'; readonly client: AuthorizedClient }
  | { readonly kind: 'refused'; readonly reason: AuthorizationRefusal }

export interface ServerIdentity {
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
}

export interface ConnectAuthorizerOptions {
  readonly crypto: CryptoProvider
  readonly claims: SingleUseCache
  readonly worker: number
  /** Undefined: tokens are not accepted. */
  readonly tokens: ConnectTokenOpener | undefined
  /** Undefined: clients without a token are not accepted. */
  readonly identity: ServerIdentity | undefined
  /** Addresses by which clients reach this server; a token must name one of them. Undefined: only the worker counts. */
  readonly publicAddresses: readonly Address[] | undefined
  /** Accepts clients with neither token nor pinned key: insecure mode. */
  readonly acceptsAnybody: boolean
  /** Called before each X25519 operation. */
  readonly onPublicKeyOperation: () => void
}

/**
 * Decides whether a CONNECT with a valid cookie may have a connection: opens its token, or does the first half of
 * the key exchange with the pinned key, checks the proof, and claims the token or cookie so that it serves once.
 * With a token no public-key work is done here.
 */
export class ConnectAuthorizer {
  readonly #options: ConnectAuthorizerOptions

  constructor(options: ConnectAuthorizerOptions) {
    this.#options = options
  }

  /** @param holder the client's address and port, to which token or cookie will belong */
  authorize(connect: ConnectView, holder: string, wallMs: number): Authorization {
    return connect.token.length > 0
      ? this.#authorizeToken(connect, holder, wallMs)
      : this.#authorizeOpen(connect, holder, wallMs)
  }

  #authorizeToken(connect: ConnectView, holder: string, wallMs: number): Authorization {
    const { crypto, tokens, claims } = this.#options
    if (tokens === undefined) return refused('token-invalid')
    const verdict = tokens.open(connect.token, wallMs)
    if (verdict.kind === 'refused') return verdict
    const { token } = verdict
    if (!this.#isForUs(token)) return refused('token-misdirected')
    // Asked before the proof is checked, since it costs less, and claimed after, so that a thief of the sealed
    // token cannot use it up.
    if (claims.peek(token.id, holder, wallMs) === 'taken') return refused('token-reused')
    const authSecret = token.body.clientSecret
    if (!isConnectProven(crypto, authSecret, connect.signed, connect.proof)) return refused('proof-wrong')
    if (claims.claim(token.id, holder, token.body.expiresAtMs, wallMs) === 'full') {
      return refused('token-cache-full')
    }
    return {
      kind: 'authorized',
      client: {
        authSecret,
        serverPublicKey: NO_SERVER_KEY,
        claimId: token.id,
        userId: token.body.userId,
        userData: token.body.userData,
        limits: token.body.limits,
      },
    }
  }

  #authorizeOpen(connect: ConnectView, holder: string, wallMs: number): Authorization {
    const { crypto, identity, claims, acceptsAnybody } = this.#options
    if (identity === undefined && !acceptsAnybody) return refused('token-required')
    // A cookie or ticket that has led to a connection must not lead to a second one.
    const claimId = Buffer.from(connect.addressToken).toString('latin1')
    if (claims.peek(claimId, holder, wallMs) === 'taken') return refused('connect-repeated')
    let authSecret: AuthSecret | undefined = NO_SERVER_KEY
    if (identity !== undefined) {
      this.#options.onPublicKeyOperation()
      authSecret = crypto.x25519(identity.privateKey, connect.ephemeral)
    }
    if (authSecret === undefined) return refused('key-invalid')
    if (!isConnectProven(crypto, authSecret, connect.signed, connect.proof)) return refused('proof-wrong')
    const lifeMs = isTicket(connect.addressToken) ? TICKET_LIFE_MS : COOKIE_LIFE_MS
    if (claims.claim(claimId, holder, wallMs + lifeMs, wallMs) === 'full') return refused('token-cache-full')
    return {
      kind: 'authorized',
      client: {
        authSecret,
        serverPublicKey: identity?.publicKey ?? NO_SERVER_KEY,
        claimId,
        userId: undefined,
        userData: undefined,
        limits: undefined,
      },
    }
  }

  #isForUs(token: OpenedToken): boolean {
    const { worker, publicAddresses } = this.#options
    return token.body.addresses.some(
      (address) =>
        address.worker === worker &&
        (publicAddresses === undefined ||
          publicAddresses.some(({ ip, port }) => ip === address.ip && port === address.port)),
    )
  }
}

function refused(reason: AuthorizationRefusal): Authorization {
  return { kind: 'refused', reason }
}
