import { type ConnectionLimits, SERVER_LIMITS } from '../core/limits.ts'
import { PacketScratch } from '../core/packet-scratch.ts'
import type { Random } from '../core/random.ts'
import { AeadPacketProtection } from '../crypto/aead-packet-protection.ts'
import type { CountingProtection } from '../crypto/counting-protection.ts'
import { X25519_BYTES } from '../crypto/crypto-provider.ts'
import { PacketCipher } from '../crypto/packet-cipher.ts'
import { PlainPacketProtection } from '../crypto/plain-packet-protection.ts'
import { type AcceptBody, acceptHeader, sealAccept } from '../handshake/accept-packet.ts'
import { cookieAgeMs } from '../handshake/address-validation.ts'
import type { AuthorizedClient } from '../handshake/connect-authorizer.ts'
import type { ConnectView } from '../handshake/connect-packet.ts'
import { type ConnectionSecrets, deriveConnectionSecrets } from '../handshake/key-agreement.ts'
import { NONCE_BYTES, NONCE_OFFSET } from '../handshake/long-header.ts'
import type { Address } from './address.ts'
import type { Admission } from './admission.ts'
import type { ConnectionSlots } from './connection-slots.ts'
import { coreTuning, DEFAULT_IDLE_TIMEOUT_MS, withTokenLimits } from './connection-tuning.ts'
import type { EndpointStats } from './endpoint-stats.ts'
import { type HalfOpen, holderOf } from './half-open-pool.ts'
import { type ConnectionOwner, LiveConnection } from './live-connection.ts'
import type { ServerEndpointOptions } from './server-options.ts'
import { resetToken } from './stateless-reset.ts'

/** A CONNECT that was repeated makes its cookie's age say too much about the way. */
const MAX_INITIAL_RTT_MS = 500

/** The parts of the endpoint a new connection is made of. */
export interface AcceptorParts {
  readonly options: ServerEndpointOptions
  readonly random: Random
  readonly resetKey: Uint8Array
  readonly owner: ConnectionOwner
  readonly stats: EndpointStats
  readonly admission: Admission
  readonly slots: ConnectionSlots<LiveConnection>
}

/** Makes the connection of a client that may have one: the key exchange, a slot, and the ACCEPT that tells of it. */
export class ClientAcceptor {
  readonly #parts: AcceptorParts
  readonly #version: number
  readonly #halfOpenLifeMs: number
  readonly #limits: ConnectionLimits
  readonly #cipher: PacketCipher
  readonly #scratch = new PacketScratch()

  constructor(parts: AcceptorParts, version: number, halfOpenLifeMs: number) {
    this.#parts = parts
    this.#version = version
    this.#halfOpenLifeMs = halfOpenLifeMs
    this.#cipher = new PacketCipher(parts.options.crypto)
    this.#limits = { ...SERVER_LIMITS, ...parts.options.connectionLimits }
  }

  /** There must be a free slot. @returns undefined when the client's public key is of low order */
  accept(
    connect: ConnectView,
    client: AuthorizedClient,
    remote: Address,
    nowMs: number,
  ): HalfOpen | undefined {
    const { options, random, stats, slots, admission, resetKey } = this.#parts
    const { crypto } = options
    // A fresh key for each ACCEPT: even a CONNECT that is answered a second time leads to other keys.
    const privateKey = new Uint8Array(X25519_BYTES)
    random.fill(privateKey)
    stats.publicKeyOperations += 2
    const shared = crypto.x25519(privateKey, connect.ephemeral)
    if (shared === undefined) return undefined
    const nonce = connect.signed.slice(NONCE_OFFSET, NONCE_OFFSET + NONCE_BYTES)
    const header = acceptHeader(this.#version, nonce, crypto.x25519PublicKey(privateKey))
    const transcript = {
      connectSigned: connect.signed,
      connectProof: connect.proof,
      serverPublicKey: client.serverPublicKey,
      acceptHeader: header,
    }
    const secrets = deriveConnectionSecrets(crypto, transcript, client.authSecret, shared)
    const limits = withTokenLimits(this.#limits, client.limits)
    const { slot, connectionId } = slots.allocate()
    const connection = this.#createConnection(
      slot,
      connectionId,
      connect,
      client,
      remote,
      secrets,
      limits,
      nowMs,
    )
    slots.set(slot, connection)
    admission.addConnection(remote.ip)
    const body = this.#acceptBody(connectionId, resetToken(crypto, resetKey, connectionId), limits)
    return {
      connection,
      holder: holderOf(remote),
      proof: connect.proof.slice(),
      accept: sealAccept(header, body, secrets.handshakeKeys),
      claimId: client.claimId,
      expiresAtMs: nowMs + this.#halfOpenLifeMs,
    }
  }

  #createConnection(
    slot: number,
    connectionId: Uint8Array,
    connect: ConnectView,
    client: AuthorizedClient,
    remote: Address,
    secrets: ConnectionSecrets,
    limits: ConnectionLimits,
    nowMs: number,
  ): LiveConnection {
    const { options, random, owner } = this.#parts
    const ageMs = cookieAgeMs(connect.addressToken, nowMs)
    return new LiveConnection({
      owner,
      slot,
      remote,
      protection: this.#createProtection(secrets),
      userId: client.userId,
      userData: client.userData,
      autoFlush: options.autoFlush ?? true,
      core: {
        role: 'server',
        connectionId,
        random,
        nowMs,
        limits,
        scratch: this.#scratch,
        ...(ageMs === undefined ? {} : { initialRttMs: Math.min(Math.max(ageMs, 1), MAX_INITIAL_RTT_MS) }),
        ...coreTuning(options),
      },
    })
  }

  #createProtection({ serverToClient, clientToServer }: ConnectionSecrets): CountingProtection {
    const { crypto, insecure } = this.#parts.options
    if (insecure === true) return new PlainPacketProtection()
    return new AeadPacketProtection(crypto, serverToClient, clientToServer, this.#cipher)
  }

  #acceptBody(connectionId: Uint8Array, reset: Uint8Array, limits: ConnectionLimits): AcceptBody {
    const { liveness, tickHz = 0 } = this.#parts.options
    return {
      connectionId,
      resetToken: reset,
      idleTimeoutMs: liveness?.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
      maxDatagramBytes: limits.maxDatagramBytes,
      tickCentiHz: Math.round(tickHz * 100),
      packetsPerSecondIn: limits.receivePacketsPerSecond,
      bytesPerSecondIn: limits.receiveBytesPerSecond,
      maxMessageBytes: limits.maxMessageBytes,
      maxPartialMessages: limits.maxPartialMessages,
    }
  }
}
