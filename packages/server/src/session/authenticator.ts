import { type KeyObject, createPublicKey } from 'node:crypto'
import { KaosError, utf8Bytes, WireLimits } from '@kaosnet/protocol'
import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import type { AuthConfig } from '../config.ts'
import type { Random } from '../random.ts'
import type { Identity } from './session.ts'

/** What a client says of itself when it starts a session. */
export interface Credentials {
  readonly token?: string | undefined
  readonly username?: string | undefined
  readonly vars?: Readonly<Record<string, string>> | undefined
}

/**
 * Turns credentials into an identity: a signed JWT (RFC 7519; HS256 or EdDSA) whose `sub` is the user id, or an
 * anonymous identity where the configuration allows it. A token's claims win over what the client says.
 */
export class Authenticator {
  readonly #config: AuthConfig
  readonly #clock: Clock
  readonly #random: Random
  readonly #hs256Key: Uint8Array | undefined
  readonly #eddsaKey: KeyObject | undefined

  /** @throws {Error} when the configured EdDSA key cannot be read. */
  constructor(config: AuthConfig, clock: Clock, random: Random) {
    this.#config = config
    this.#clock = clock
    this.#random = random
    if (config.hs256Secret !== undefined) this.#hs256Key = new TextEncoder().encode(config.hs256Secret)
    if (config.eddsaPublicKey !== undefined) this.#eddsaKey = createPublicKey(config.eddsaPublicKey)
  }

  /** @throws {KaosError} AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED */
  async authenticate(credentials: Credentials): Promise<Identity> {
    if (credentials.token !== undefined) return this.#verify(credentials.token, credentials)
    if (!this.#config.anonymous) throw new KaosError('AUTH_REQUIRED')
    const userId = this.#random.uuid()
    return {
      userId,
      username: credentials.username || `guest-${userId.slice(0, 8)}`,
      vars: credentials.vars ?? {},
      isAuthenticated: false,
    }
  }

  async #verify(token: string, credentials: Credentials): Promise<Identity> {
    if (this.#hs256Key === undefined && this.#eddsaKey === undefined) {
      throw new KaosError('AUTH_INVALID', 'this server has no key to check tokens with')
    }
    let claims: JWTPayload
    try {
      const verified = await jwtVerify(token, (header) => this.#keyFor(header.alg), {
        algorithms: ['HS256', 'EdDSA', 'Ed25519'],
        currentDate: new Date(this.#clock.unixMs()),
        clockTolerance: this.#config.clockToleranceSeconds,
        requiredClaims: this.#config.requireExpiry ? ['exp'] : [],
        ...(this.#config.issuer === undefined ? {} : { issuer: this.#config.issuer }),
        ...(this.#config.audience === undefined ? {} : { audience: this.#config.audience }),
      })
      claims = verified.payload
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) throw new KaosError('AUTH_EXPIRED', undefined, { cause })
      const why = cause instanceof Error ? cause.message : 'unreadable'
      throw new KaosError('AUTH_INVALID', `the token is not valid: ${why}`, { cause })
    }
    return {
      userId: text(claims, 'sub', WireLimits.userIdBytes) ?? refuse('has no "sub" claim (the user id)'),
      username: text(claims, 'username', WireLimits.usernameBytes) ?? credentials.username ?? '',
      vars: claims.vars === undefined ? (credentials.vars ?? {}) : varsOf(claims.vars),
      isAuthenticated: true,
    }
  }

  #keyFor(algorithm: string | undefined): Uint8Array | KeyObject {
    const key = algorithm === 'HS256' ? this.#hs256Key : this.#eddsaKey
    if (key === undefined) throw new Error(`no key is configured for ${algorithm}`)
    return key
  }
}

function refuse(why: string): never {
  throw new KaosError('AUTH_INVALID', `the token ${why}`)
}

function text(claims: JWTPayload, name: string, maxBytes: number): string | undefined {
  const value = claims[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '' || utf8Bytes(value) > maxBytes) {
    refuse(`has a "${name}" claim that is not a string of 1 to ${maxBytes} bytes`)
  }
  return value
}

function varsOf(claim: unknown): Record<string, string> {
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim))
    refuse('has "vars" that are no object')
  const entries = Object.entries(claim)
  if (entries.length > WireLimits.varsEntries) refuse(`has more than ${WireLimits.varsEntries} vars`)
  const vars: Record<string, string> = {}
  for (const [key, value] of entries) {
    if (key === '' || utf8Bytes(key) > WireLimits.varKeyBytes) {
      refuse(`has a var whose name is not of 1 to ${WireLimits.varKeyBytes} bytes`)
    }
    if (typeof value !== 'string' || utf8Bytes(value) > WireLimits.varValueBytes) {
      refuse(`has a var "${key}" that is not a string of at most ${WireLimits.varValueBytes} bytes`)
    }
    vars[key] = value
  }
  return vars
}
