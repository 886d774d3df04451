import { serverPublicKey } from '../crypto/server-key.ts'
import { type AddressClaim, AddressValidator, isTicket } from '../handshake/address-validation.ts'
import { type AuthorizedClient, ConnectAuthorizer } from '../handshake/connect-authorizer.ts'
import { CONNECT_PROTOCOL_ID_OFFSET, type ConnectView, parseConnect } from '../handshake/connect-packet.ts'
import { ConnectTokenOpener } from '../handshake/connect-token.ts'
import {
  COOKIE_TOKEN_OFFSET,
  HELLO_PROTOCOL_ID_OFFSET,
  helloTimeMs,
  writeCookie,
} from '../handshake/hello-packet.ts'
import {
  INSECURE_VERSION,
  longPacketType,
  NONCE_OFFSET,
  PADDED_BYTES,
  PacketType,
  PROTOCOL_VERSION,
  packetVersion,
} from '../handshake/long-header.ts'
import { protocolIdOf } from '../handshake/protocol-id.ts'
import { writeDeny, writeVersions } from '../handshake/refusal-packets.ts'
import { SingleUseCache } from '../handshake/single-use-cache.ts'
import type { Address } from './address.ts'
import { type AcceptorParts, ClientAcceptor } from './client-acceptor.ts'
import { denyCodeFor } from './deny-code-for.ts'
import type { EndpointLimits } from './endpoint-limits.ts'
import type { EndpointDropReason } from './endpoint-stats.ts'
import { type HalfOpen, type HalfOpenPool, holderOf, isRepetition } from './half-open-pool.ts'
import type { ReplyQueue } from './reply-queue.ts'

/** The parts of the endpoint the handshake works on. */
export interface ServerHandshakeParts extends AcceptorParts {
  readonly limits: EndpointLimits
  readonly ticketKey: Uint8Array
  readonly replies: ReplyQueue
  readonly halfOpen: HalfOpenPool
  /** Ends a half-open connection and frees its place at once. */
  discard(halfOpen: HalfOpen): void
}

/**
 * The server's half of the handshake. Until a CONNECT has shown a valid cookie nothing is remembered, and no answer
 * is longer than a small part of the question. The order of checks is that of their cost.
 */
export class ServerHandshake {
  readonly version: number
  readonly protocolId: Uint8Array
  readonly #parts: ServerHandshakeParts
  readonly #validator: AddressValidator
  readonly #authorizer: ConnectAuthorizer
  readonly #claims: SingleUseCache
  readonly #acceptor: ClientAcceptor
  readonly #reply = new Uint8Array(128)
  #isShuttingDown = false

  constructor(parts: ServerHandshakeParts) {
    const { options, limits, stats } = parts
    const { crypto, serverKey, tokenKeys } = options
    this.#parts = parts
    this.version = options.insecure === true ? INSECURE_VERSION : PROTOCOL_VERSION
    this.protocolId = protocolIdOf(crypto, options.protocol)
    this.#validator = new AddressValidator(crypto, parts.random, parts.ticketKey, options.clock())
    this.#claims = new SingleUseCache(limits.maxClaims)
    this.#acceptor = new ClientAcceptor(parts, this.version, limits.halfOpenLifeMs)
    this.#authorizer = new ConnectAuthorizer({
      crypto,
      claims: this.#claims,
      worker: options.worker ?? 0,
      tokens: tokenKeys && new ConnectTokenOpener(crypto, tokenKeys, this.protocolId),
      identity:
        options.insecure === true
          ? undefined
          : serverKey && { privateKey: serverKey, publicKey: serverPublicKey(serverKey, crypto) },
      publicAddresses: options.publicAddresses,
      acceptsAnybody: options.insecure === true,
      onPublicKeyOperation: () => {
        stats.publicKeyOperations += 1
      },
    })
  }

  /** From now on every CONNECT is denied. */
  shutDown(): void {
    this.#isShuttingDown = true
  }

  /** The client of a half-open connection has proved to have the keys: its token or cookie has served. */
  confirm(halfOpen: HalfOpen): void {
    this.#claims.useUp(halfOpen.claimId)
  }

  issueTicket(remote: Address): Uint8Array {
    const { wallClock } = this.#parts.options
    return this.#validator.issueTicket(remote.ip, this.version, this.protocolId, wallClock())
  }

  /** Takes a datagram with a long header. */
  handleDatagram(buffer: Uint8Array, offset: number, length: number, remote: Address, nowMs: number): void {
    const type = longPacketType(buffer, offset, length)
    if (type !== PacketType.hello && type !== PacketType.connect) return this.#drop('unexpected-type')
    if (length < PADDED_BYTES) return this.#drop('undersized')
    if (type === PacketType.hello) this.#handleHello(buffer, offset, remote, nowMs)
    else this.#handleConnect(buffer, offset, length, remote, nowMs)
  }

  #handleHello(buffer: Uint8Array, offset: number, remote: Address, nowMs: number): void {
    const { stats, admission } = this.#parts
    stats.hellos += 1
    if (!admission.takeHello(nowMs)) return this.#drop('hello-rate')
    if (packetVersion(buffer, offset) !== this.version) return this.#sendVersions(buffer, offset, remote)
    const claim = this.#claim(buffer, offset, offset + HELLO_PROTOCOL_ID_OFFSET, remote)
    this.#sendCookie(claim, offset, helloTimeMs(buffer, offset), nowMs)
  }

  #handleConnect(buffer: Uint8Array, offset: number, length: number, remote: Address, nowMs: number): void {
    const { stats, admission, halfOpen, options } = this.#parts
    stats.connects += 1
    if (!admission.takeConnect(nowMs)) return this.#drop('connect-rate')
    if (packetVersion(buffer, offset) !== this.version) return this.#sendVersions(buffer, offset, remote)
    const connect = parseConnect(buffer, offset, length)
    if (connect === undefined) return this.#drop('malformed-connect')
    const claim = this.#claim(buffer, offset, offset + CONNECT_PROTOCOL_ID_OFFSET, remote)
    const verdict = this.#validator.check(connect.addressToken, claim, nowMs, options.wallClock())
    if (verdict !== 'valid') {
      // A stale cookie, or one from before a restart: a fresh one costs less than the client's time-out.
      this.#drop(verdict === 'expired' ? 'cookie-expired' : 'cookie-forged')
      if (admission.takeHello(nowMs)) this.#sendCookie(claim, offset, 0, nowMs)
      return
    }
    const holder = holderOf(remote)
    const pending = halfOpen.get(holder)
    if (pending !== undefined && isRepetition(pending, connect.proof)) {
      stats.acceptsRepeated += 1
      this.#send(pending.accept, pending.accept.length, remote)
      return
    }
    const refusal = this.#admit(connect, remote, pending !== undefined, nowMs)
    if (refusal !== undefined) return this.#refuse(refusal, connect, remote)
    const authorization = this.#authorizer.authorize(connect, holder, options.wallClock())
    if (authorization.kind === 'refused') {
      this.#refuse(authorization.reason, connect, remote)
      const isUsedTicket = authorization.reason === 'connect-repeated' && isTicket(connect.addressToken)
      if (isUsedTicket && admission.takeHello(nowMs)) this.#sendCookie(claim, offset, 0, nowMs)
      return
    }
    const { client } = authorization
    if (!this.#isWelcome(client, remote)) return this.#refuse('refused-by-application', connect, remote)
    if (pending !== undefined) this.#parts.discard(pending)
    const accepted = this.#acceptor.accept(connect, client, remote, nowMs)
    if (accepted === undefined) return this.#drop('key-invalid')
    halfOpen.add(accepted)
    stats.acceptsSent += 1
    this.#send(accepted.accept, accepted.accept.length, remote)
  }

  /** What can be decided without cryptography. */
  #admit(
    connect: ConnectView,
    remote: Address,
    isReplacing: boolean,
    nowMs: number,
  ): EndpointDropReason | undefined {
    const { admission, halfOpen, slots } = this.#parts
    if (!admission.takeFromPrefix(remote.ip, nowMs)) return 'prefix-rate'
    if (this.#isShuttingDown) return 'shutting-down'
    if (this.protocolId.some((byte, index) => byte !== connect.protocolId[index])) return 'protocol-mismatch'
    if (isReplacing) return undefined
    if (!admission.hasRoomFor(remote.ip)) return 'address-connections'
    if (halfOpen.isFull) return 'half-open-full'
    if (slots.isFull) return 'server-full'
    return undefined
  }

  #isWelcome(client: AuthorizedClient, remote: Address): boolean {
    const { authorize, onCallbackError } = this.#parts.options
    if (authorize === undefined) return true
    try {
      const { ip, port } = remote
      return authorize({
        remote: { ip, port },
        userId: client.userId,
        userData: client.userData ?? new Uint8Array(0),
      })
    } catch (error) {
      onCallbackError(error)
      return false
    }
  }

  #claim(buffer: Uint8Array, offset: number, protocolIdOffset: number, remote: Address): AddressClaim {
    return {
      remote,
      version: this.version,
      nonce: buffer,
      nonceOffset: offset + NONCE_OFFSET,
      protocolId: buffer,
      protocolIdOffset,
    }
  }

  #sendCookie(claim: AddressClaim, offset: number, clientTimeMs: number, nowMs: number): void {
    const length = writeCookie(this.#reply, 0, this.version, claim.nonce, offset, clientTimeMs)
    this.#validator.writeCookieToken(this.#reply, COOKIE_TOKEN_OFFSET, claim, nowMs)
    if (this.#send(this.#reply, length, claim.remote)) this.#parts.stats.cookiesSent += 1
  }

  #sendVersions(buffer: Uint8Array, offset: number, remote: Address): void {
    const length = writeVersions(this.#reply, 0, buffer, offset, [this.version])
    if (this.#send(this.#reply, length, remote)) this.#parts.stats.versionsSent += 1
  }

  #refuse(reason: EndpointDropReason, connect: ConnectView, remote: Address): void {
    this.#drop(reason)
    const code = denyCodeFor(reason, connect.token.length > 0)
    if (code === undefined) return
    const length = writeDeny(this.#reply, 0, connect.signed, 0, code, 0)
    if (this.#send(this.#reply, length, remote)) this.#parts.stats.deniesSent += 1
  }

  #send(packet: Uint8Array, length: number, remote: Address): boolean {
    const isQueued = this.#parts.replies.push(packet, length, remote)
    if (!isQueued) this.#drop('reply-overflow')
    return isQueued
  }

  #drop(reason: EndpointDropReason): void {
    this.#parts.stats.drops[reason] += 1
  }
}
