import {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type CryptoProvider,
  type SecureRandom,
} from '../crypto/crypto-provider.ts'
import { createDefaultProvider } from '../crypto/default-provider.ts'
import { hkdfExpand, hkdfExpandLabel } from '../crypto/hkdf.ts'
import { concatBytes } from './bytes.ts'
import { MAX_CONNECT_TOKEN_BYTES } from './connect-packet.ts'
import { PROTOCOL_ID_BYTES } from './long-header.ts'
import { DEFAULT_PROTOCOL, protocolIdOf } from './protocol-id.ts'
import { decodeTokenBody, encodeTokenBody } from './connect-token-body.ts'
import {
  CLIENT_SECRET_BYTES,
  type ConnectToken,
  MASTER_KEY_BYTES,
  MAX_TOKEN_LIFE_MS,
  type TokenAddress,
  type TokenBody,
  type TokenLimits,
} from './connect-token-fields.ts'

const TOKEN_LABEL = new TextEncoder().encode('krp2 token')
const TOKEN_FORMAT = 1
const SALT_BYTES = 24
const TOKEN_HEADER_BYTES = 2 + SALT_BYTES
const TOKEN_ID_BYTES = 16
/** Clocks of issuer and server may differ by this much. */
const CLOCK_SKEW_MS = 5_000

export interface TokenRequest {
  readonly userId: string
  readonly userData?: Uint8Array
  readonly addresses: readonly TokenAddress[]
  readonly lifeMs?: number
  readonly limits?: TokenLimits
}

/**
 * Up to two 32-byte master keys, the newest first: tokens are sealed with the first and opened with either, so a
 * key can be replaced without refusing anybody.
 */
export type TokenKeys = readonly [Uint8Array] | readonly [Uint8Array, Uint8Array]

/** Seals connect tokens. Runs where users log in, which need not be the game server. */
export class ConnectTokenIssuer {
  readonly #crypto: CryptoProvider
  readonly #random: SecureRandom
  readonly #masterKey: Uint8Array
  readonly #protocolId: Uint8Array
  readonly #wallClock: () => number

  /** @param options.wallClock milliseconds since 1970. Default `Date.now` */
  constructor(options: {
    readonly keys: TokenKeys
    /** The server's application name. Default `kaosnet`. */
    readonly protocol?: string
    readonly wallClock?: () => number
    readonly crypto?: CryptoProvider
    readonly random?: SecureRandom
  }) {
    this.#crypto = options.crypto ?? createDefaultProvider()
    this.#random = options.random ?? this.#crypto.random
    this.#masterKey = checkedKey(options.keys[0])
    this.#protocolId = protocolIdOf(this.#crypto, options.protocol ?? DEFAULT_PROTOCOL)
    this.#wallClock = options.wallClock ?? Date.now
  }

  /**
   * @throws RangeError when a field is longer than it may be, the life exceeds {@link MAX_TOKEN_LIFE_MS}, or an
   * address is not numeric
   */
  issue(request: TokenRequest): ConnectToken {
    const lifeMs = request.lifeMs ?? MAX_TOKEN_LIFE_MS
    if (!(lifeMs > 0 && lifeMs <= MAX_TOKEN_LIFE_MS)) {
      throw new RangeError(`A connect token lives at most ${MAX_TOKEN_LIFE_MS} ms`)
    }
    const issuedAtMs = Math.trunc(this.#wallClock())
    const body: TokenBody = {
      issuedAtMs,
      expiresAtMs: issuedAtMs + Math.trunc(lifeMs),
      clientSecret: this.#randomBytes(CLIENT_SECRET_BYTES),
      userId: request.userId,
      userData: request.userData ?? new Uint8Array(0),
      addresses: request.addresses,
      limits: request.limits ?? { packetsPerSecondIn: 0, bytesPerSecondIn: 0 },
    }
    return {
      protocolId: this.#protocolId,
      expiresAtMs: body.expiresAtMs,
      addresses: request.addresses.map(({ ip, port }) => ({ ip, port })),
      clientSecret: body.clientSecret,
      sealed: this.#seal(encodeTokenBody(body)),
    }
  }

  #seal(plain: Uint8Array): Uint8Array {
    const salt = this.#randomBytes(SALT_BYTES)
    const header = concatBytes(Uint8Array.of(TOKEN_FORMAT, keyId(this.#crypto, this.#masterKey)), salt)
    const buffer = concatBytes(header, this.#protocolId, plain, new Uint8Array(AEAD_TAG_BYTES))
    const associatedLength = header.length + PROTOCOL_ID_BYTES
    const key = sealingKey(this.#crypto, this.#masterKey, salt)
    key.aead.seal(key.nonce, buffer, 0, associatedLength, plain.length)
    return concatBytes(header, buffer.subarray(associatedLength))
  }

  #randomBytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    this.#random.fill(bytes)
    return bytes
  }
}

/** A token that was opened and may be used. */
export interface OpenedToken {
  /** Unique per token; the key of the single-use cache. */
  readonly id: string
  readonly body: TokenBody
}

export type TokenVerdict =
  | { readonly kind: 'opened'; readonly token: OpenedToken }
  | { readonly kind: 'refused'; readonly reason: 'token-invalid' | 'token-expired' }

/** Opens connect tokens. Runs in the game server, and does no public-key work. */
export class ConnectTokenOpener {
  readonly #crypto: CryptoProvider
  readonly #keys: readonly { readonly id: number; readonly master: Uint8Array }[]
  readonly #protocolId: Uint8Array

  constructor(crypto: CryptoProvider, keys: TokenKeys, protocolId: Uint8Array) {
    this.#crypto = crypto
    this.#keys = keys.map((master) => ({ id: keyId(crypto, checkedKey(master)), master }))
    this.#protocolId = protocolId
  }

  /** @param wallMs milliseconds since 1970 */
  open(sealed: Uint8Array, wallMs: number): TokenVerdict {
    const invalid: TokenVerdict = { kind: 'refused', reason: 'token-invalid' }
    if (sealed.length < TOKEN_HEADER_BYTES + AEAD_TAG_BYTES || sealed.length > MAX_CONNECT_TOKEN_BYTES) {
      return invalid
    }
    if (sealed[0] !== TOKEN_FORMAT) return invalid
    const header = sealed.subarray(0, TOKEN_HEADER_BYTES)
    const salt = sealed.subarray(2, TOKEN_HEADER_BYTES)
    for (const { id, master } of this.#keys) {
      if (id !== sealed[1]) continue
      const buffer = concatBytes(header, this.#protocolId, sealed.subarray(TOKEN_HEADER_BYTES))
      const associatedLength = TOKEN_HEADER_BYTES + PROTOCOL_ID_BYTES
      const sealedLength = buffer.length - associatedLength
      const key = sealingKey(this.#crypto, master, salt)
      if (!key.aead.open(key.nonce, buffer, 0, associatedLength, sealedLength)) continue
      const body = decodeTokenBody(buffer.subarray(associatedLength, buffer.length - AEAD_TAG_BYTES))
      if (body === undefined) return invalid
      const isAlive = wallMs < body.expiresAtMs && body.issuedAtMs <= wallMs + CLOCK_SKEW_MS
      const isShortLived = body.expiresAtMs - body.issuedAtMs <= MAX_TOKEN_LIFE_MS
      if (!isAlive || !isShortLived) return { kind: 'refused', reason: 'token-expired' }
      const tokenId = Buffer.from(salt.subarray(0, TOKEN_ID_BYTES)).toString('latin1')
      return { kind: 'opened', token: { id: tokenId, body } }
    }
    return invalid
  }
}

/** One key per token, Expand(master, "krp2 token" | salt): a 12-byte nonce is too short to be random itself. */
function sealingKey(crypto: CryptoProvider, master: Uint8Array, salt: Uint8Array) {
  return {
    aead: crypto.createAead(hkdfExpand(crypto, master, concatBytes(TOKEN_LABEL, salt), AEAD_KEY_BYTES)),
    nonce: new Uint8Array(AEAD_NONCE_BYTES),
  }
}

/** Tells the server which of two keys to try first; says nothing about the key. */
function keyId(crypto: CryptoProvider, master: Uint8Array): number {
  return hkdfExpandLabel(crypto, master, 'krp2 token key id', 1)[0] ?? 0
}

function checkedKey(key: Uint8Array): Uint8Array {
  if (key.length !== MASTER_KEY_BYTES) throw new RangeError(`A token key has ${MASTER_KEY_BYTES} bytes`)
  return key
}
