import { equalBytes } from '../crypto/constant-time.ts'
import { type CryptoProvider, type SecureRandom, X25519_BYTES } from '../crypto/crypto-provider.ts'
import {
  ACCEPT_HEADER_BYTES,
  ACCEPT_PACKET_BYTES,
  type AcceptBody,
  acceptEphemeral,
  openAccept,
} from './accept-packet.ts'
import { COOKIE_LIFE_MS } from './address-validation.ts'
import { CONNECT_PROOF_BYTES, writeConnect } from './connect-packet.ts'
import type { ConnectToken } from './connect-token-fields.ts'
import { ADDRESS_TOKEN_BYTES, parseCookie, writeHello } from './hello-packet.ts'
import {
  type AuthSecret,
  type ConnectionSecrets,
  connectProof,
  deriveConnectionSecrets,
  NO_SERVER_KEY,
} from './key-agreement.ts'
import { hasNonce, longPacketType, NONCE_BYTES, PADDED_BYTES, PacketType } from './long-header.ts'
import { parseDeny, parseVersions } from './refusal-packets.ts'

/** How the client knows its server, and perhaps the server its client. */
export type Credentials =
  /** A connect token, which says who the user is; both sides prove to know its secret. */
  | { readonly kind: 'token'; readonly token: ConnectToken }
  /** The server's X25519 public key, known beforehand; the user says inside who they are. */
  | { readonly kind: 'pinned'; readonly serverPublicKey: Uint8Array }
  /** Nobody is known to anybody: insecure mode. */
  | { readonly kind: 'none' }

export type HandshakeOutcome =
  | {
      readonly kind: 'accepted'
      readonly secrets: ConnectionSecrets
      readonly body: AcceptBody
      /** Undefined when a repeated packet made the measurement ambiguous. */
      readonly rttMs: number | undefined
    }
  | { readonly kind: 'denied'; readonly code: number; readonly retryAfterMs: number }
  | { readonly kind: 'version-unsupported'; readonly versions: readonly number[] }
  | { readonly kind: 'timed-out' }
  /** The server accepted on terms that no connection can have. */
  | { readonly kind: 'terms-unusable' }

export interface ClientHandshakeOptions {
  readonly crypto: CryptoProvider
  readonly random: SecureRandom
  readonly version: number
  readonly protocolId: Uint8Array
  readonly credentials: Credentials
  /** From an earlier connection: saves the round trip of the cookie. */
  readonly ticket?: Uint8Array
  readonly timeoutMs: number
  readonly nowMs: number
}

const FIRST_RETRY_MS = 250
const MAX_RETRY_MS = 2_000
/** A cookie is given up this long before it goes stale, to leave time for the way. */
const COOKIE_USE_MS = COOKIE_LIFE_MS - 2_000

interface Attempt {
  readonly nonce: Uint8Array
  readonly privateKey: Uint8Array
  readonly ephemeral: Uint8Array
  readonly authSecret: AuthSecret
}

/**
 * The client's half of the handshake: datagrams and the time in, datagrams, deadline and an outcome out.
 * It repeats HELLO and CONNECT with back-off, starts over when its cookie grows stale, and gives up in the end.
 */
export class ClientHandshake {
  outcome: HandshakeOutcome | undefined
  readonly #options: ClientHandshakeOptions
  readonly #deadlineMs: number
  #attempt: Attempt
  /** The cookie in use, or a ticket; undefined while HELLO is being sent. */
  #addressToken: Uint8Array | undefined
  #isTicket = false
  #packet: Uint8Array = new Uint8Array(PADDED_BYTES)
  #signedLength = 0
  #stageSinceMs = 0
  #timesSent = 0
  #sendAtMs = 0
  /** The first DENY to the present packet, and how often that had been sent then. */
  #firstDeny: { readonly outcome: HandshakeOutcome; readonly timesSent: number } | undefined

  constructor(options: ClientHandshakeOptions) {
    this.#options = options
    this.#deadlineMs = options.nowMs + options.timeoutMs
    this.#attempt = this.#newAttempt()
    this.#stageSinceMs = options.nowMs
    this.#sendAtMs = options.nowMs
    if (options.ticket === undefined) this.#startHello(options.nowMs)
    else this.#startConnect(options.ticket, true, options.nowMs)
  }

  /** Writes what is due. @returns its length, 0 when nothing is */
  pollDatagram(out: Uint8Array, offset: number, nowMs: number): number {
    if (this.outcome !== undefined || nowMs < this.#sendAtMs) return 0
    out.set(this.#packet, offset)
    this.#sendAtMs = nowMs + Math.min(FIRST_RETRY_MS * 2 ** this.#timesSent, MAX_RETRY_MS)
    this.#timesSent += 1
    return this.#packet.length
  }

  nextDeadlineMs(): number {
    return this.outcome === undefined ? Math.min(this.#sendAtMs, this.#deadlineMs) : Number.POSITIVE_INFINITY
  }

  handleTimeout(nowMs: number): void {
    if (this.outcome !== undefined) return
    if (nowMs >= this.#deadlineMs) {
      this.outcome = this.#firstDeny?.outcome ?? { kind: 'timed-out' }
    } else if (this.#isStale(nowMs)) {
      this.#attempt = this.#newAttempt()
      this.#startHello(nowMs)
    }
  }

  /** Takes a datagram from the server's address; anything that is no answer to this handshake is ignored. */
  handleDatagram(buffer: Uint8Array, offset: number, length: number, nowMs: number): void {
    const type = longPacketType(buffer, offset, length)
    if (this.outcome !== undefined || type < 0 || !hasNonce(buffer, offset, this.#attempt.nonce)) return
    switch (type) {
      case PacketType.cookie:
        this.#handleCookie(buffer, offset, length, nowMs)
        break
      case PacketType.accept:
        this.#handleAccept(buffer, offset, length, nowMs)
        break
      case PacketType.deny:
        this.#handleDeny(buffer, offset, length, nowMs)
        break
      case PacketType.versions: {
        const versions = parseVersions(buffer, offset, length)
        // A list that names our version is no refusal of it: somebody made it up.
        if (versions !== undefined && !versions.includes(this.#options.version)) {
          this.outcome = { kind: 'version-unsupported', versions }
        }
        break
      }
    }
  }

  #handleCookie(buffer: Uint8Array, offset: number, length: number, nowMs: number): void {
    const cookie = parseCookie(buffer, offset, length)
    if (cookie === undefined) return
    // While a CONNECT is under way only a new cookie in answer to it counts, not a late copy of an earlier COOKIE.
    const current = this.#addressToken
    const isAnswerToConnect = cookie.clientTimeMs === 0
    if (current !== undefined) {
      if (!isAnswerToConnect || equalBytes(cookie.addressToken, 0, current, 0, ADDRESS_TOKEN_BYTES)) return
    }
    this.#startConnect(cookie.addressToken, false, nowMs)
  }

  #handleAccept(buffer: Uint8Array, offset: number, length: number, nowMs: number): void {
    if (this.#addressToken === undefined || length !== ACCEPT_PACKET_BYTES) return
    const { crypto, credentials } = this.#options
    const packet = buffer.subarray(offset, offset + length)
    const acceptHeader = packet.slice(0, ACCEPT_HEADER_BYTES)
    const shared = crypto.x25519(this.#attempt.privateKey, acceptEphemeral(acceptHeader))
    if (shared === undefined) return
    const signedEnd = this.#signedLength
    const secrets = deriveConnectionSecrets(
      crypto,
      {
        connectSigned: this.#packet.subarray(0, signedEnd),
        connectProof: this.#packet.subarray(signedEnd, signedEnd + CONNECT_PROOF_BYTES),
        serverPublicKey: credentials.kind === 'pinned' ? credentials.serverPublicKey : NO_SERVER_KEY,
        acceptHeader,
      },
      this.#attempt.authSecret,
      shared,
    )
    const body = openAccept(packet, secrets.handshakeKeys)
    if (body === undefined) return
    const rttMs = this.#timesSent === 1 ? nowMs - this.#stageSinceMs : undefined
    this.outcome = { kind: 'accepted', secrets, body, rttMs }
  }

  /**
   * One DENY may answer a CONNECT that was damaged on the way, or be made up by somebody who saw it pass. So it is
   * asked again at once, and the second refusal counts.
   */
  #handleDeny(buffer: Uint8Array, offset: number, length: number, nowMs: number): void {
    const deny = parseDeny(buffer, offset, length)
    if (deny === undefined) return
    const outcome: HandshakeOutcome = { kind: 'denied', ...deny }
    if (this.#firstDeny === undefined) {
      this.#firstDeny = { outcome, timesSent: this.#timesSent }
      this.#sendAtMs = nowMs
    } else if (this.#timesSent > this.#firstDeny.timesSent) {
      this.outcome = outcome
    }
  }

  #startHello(nowMs: number): void {
    this.#addressToken = undefined
    this.#isTicket = false
    writeHello(this.#packet, 0, {
      version: this.#options.version,
      nonce: this.#attempt.nonce,
      protocolId: this.#options.protocolId,
      // Zero marks a COOKIE that answers a CONNECT.
      clientTimeMs: nowMs | 1,
    })
    this.#enterStage(nowMs)
  }

  #startConnect(addressToken: Uint8Array, isTicket: boolean, nowMs: number): void {
    const { crypto, version, protocolId, credentials } = this.#options
    const { nonce, ephemeral, authSecret } = this.#attempt
    this.#addressToken = addressToken
    this.#isTicket = isTicket
    this.#signedLength = writeConnect(this.#packet, 0, {
      version,
      nonce,
      protocolId,
      addressToken,
      ephemeral,
      token: credentials.kind === 'token' ? credentials.token.sealed : new Uint8Array(0),
    })
    const signed = this.#packet.subarray(0, this.#signedLength)
    this.#packet.set(connectProof(crypto, authSecret, signed), this.#signedLength)
    this.#enterStage(nowMs)
  }

  #enterStage(nowMs: number): void {
    this.#stageSinceMs = nowMs
    this.#timesSent = 0
    this.#firstDeny = undefined
    this.#sendAtMs = nowMs
  }

  /** An unanswered ticket is given up after two tries, a cookie before it expires. */
  #isStale(nowMs: number): boolean {
    if (this.#addressToken === undefined) return false
    if (this.#isTicket) return this.#timesSent >= 2 && nowMs >= this.#sendAtMs
    return nowMs - this.#stageSinceMs >= COOKIE_USE_MS
  }

  #newAttempt(): Attempt {
    const { crypto, random, credentials } = this.#options
    const nonce = new Uint8Array(NONCE_BYTES)
    const privateKey = new Uint8Array(X25519_BYTES)
    random.fill(nonce)
    random.fill(privateKey)
    return {
      nonce,
      privateKey,
      ephemeral: crypto.x25519PublicKey(privateKey),
      authSecret: authSecretOf(crypto, credentials, privateKey),
    }
  }
}

function authSecretOf(crypto: CryptoProvider, credentials: Credentials, privateKey: Uint8Array): AuthSecret {
  switch (credentials.kind) {
    case 'token':
      return credentials.token.clientSecret
    case 'pinned': {
      const shared = crypto.x25519(privateKey, credentials.serverPublicKey)
      if (shared === undefined) throw new RangeError('The server key is not a usable X25519 public key')
      return shared
    }
    case 'none':
      return NO_SERVER_KEY
  }
}
