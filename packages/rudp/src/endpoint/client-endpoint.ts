import { CloseCode } from '../core/close-code.ts'
import { CLIENT_LIMITS, type ConnectionLimits } from '../core/limits.ts'
import type { Random } from '../core/random.ts'
import { CREDIT_STEP } from '../core/send-credit.ts'
import { AeadPacketProtection } from '../crypto/aead-packet-protection.ts'
import type { CryptoProvider } from '../crypto/crypto-provider.ts'
import { PlainPacketProtection } from '../crypto/plain-packet-protection.ts'
import { randomOf } from '../crypto/secure-random.ts'
import type { AcceptBody } from '../handshake/accept-packet.ts'
import { ClientHandshake, type Credentials, type HandshakeOutcome } from '../handshake/client-handshake.ts'
import { INSECURE_VERSION, PROTOCOL_VERSION } from '../handshake/long-header.ts'
import type { Address } from './address.ts'
import {
  type ConnectionTuning,
  checkTuning,
  coreTuning,
  DEFAULT_IDLE_TIMEOUT_MS,
} from './connection-tuning.ts'
import type { DatagramBatch } from './datagram-batch.ts'
import type { Endpoint } from './endpoint.ts'
import { type ConnectionOwner, LiveConnection, type LiveConnectionOptions } from './live-connection.ts'
import { isReset } from './stateless-reset.ts'

/** The largest message a server may make a client ready for: what fragments can carry. */
const MAX_MESSAGE_BYTES = 1024 * 1024

type Accepted = Extract<HandshakeOutcome, { kind: 'accepted' }>

const MIN_IDLE_TIMEOUT_MS = 5_000
const LONG_HEADER_BIT = 0x80

export interface ClientEndpointOptions extends ConnectionTuning {
  readonly crypto: CryptoProvider
  /** Key material and everything that must not be guessed. Default: the crypto provider's. */
  readonly random?: Random
  /** Monotonic milliseconds. */
  readonly clock: () => number
  readonly protocolId: Uint8Array
  readonly credentials: Credentials
  readonly insecure?: boolean
  readonly remote: Address
  readonly ticket?: Uint8Array
  /** Time for the handshake, in milliseconds. */
  readonly timeoutMs: number
  /** The handshake has ended; called once. With `accepted` there is a connection. */
  readonly onHandshakeEnded: (outcome: HandshakeOutcome) => void
  readonly onCallbackError: (error: unknown) => void
  /** The server has not been heard for a while: perhaps the local network has changed. */
  readonly onSilence?: () => void
  /** Makes the connection object. Default: a plain {@link LiveConnection}. */
  readonly createConnection?: (options: LiveConnectionOptions) => LiveConnection
}

/** The client's side of the transport: one handshake, then one connection. No sockets and no clock inside. */
export class ClientEndpoint implements Endpoint, ConnectionOwner {
  onWake: (() => void) | undefined
  /** The connection, once the server has accepted it. */
  connection: LiveConnection | undefined
  /** What the server said with its acceptance. */
  accepted: AcceptBody | undefined
  /** The newest ticket for the next connect. */
  ticket: Uint8Array | undefined
  readonly #options: ClientEndpointOptions
  readonly #random: Random
  readonly #handshake: ClientHandshake
  #hasEnded = false

  constructor(options: ClientEndpointOptions) {
    this.#options = options
    this.#random = options.random ?? randomOf(options.crypto.random)
    checkTuning(options, this.#random, { ...CLIENT_LIMITS, ...options.connectionLimits })
    this.#handshake = new ClientHandshake({
      crypto: options.crypto,
      random: this.#random,
      version: options.insecure === true ? INSECURE_VERSION : PROTOCOL_VERSION,
      protocolId: options.protocolId,
      credentials: options.credentials,
      ...(options.ticket && { ticket: options.ticket }),
      timeoutMs: options.timeoutMs,
      nowMs: options.clock(),
    })
  }

  /** Whether nothing more will be sent or expected. */
  get isDrained(): boolean {
    return this.connection === undefined ? this.#hasEnded : this.connection.state === 'closed'
  }

  handleDatagram(buffer: Uint8Array, offset: number, length: number, _remote: Address, nowMs: number): void {
    const { connection, accepted } = this
    if (connection === undefined || accepted === undefined) {
      this.#handshake.handleDatagram(buffer, offset, length, nowMs)
      this.#checkHandshake(nowMs)
    } else if (((buffer[offset] ?? 0) & LONG_HEADER_BIT) === 0) {
      if (isReset(buffer, offset, length, accepted.resetToken)) {
        connection.terminate(CloseCode.Timeout, 'the server does not know this connection any more', nowMs)
      } else {
        connection.handleDatagram(buffer, offset, length, this.#options.remote, nowMs)
      }
    }
  }

  pollDatagrams(batch: DatagramBatch, nowMs: number): boolean {
    const { connection } = this
    while (!batch.isFull) {
      const length =
        connection === undefined
          ? this.#handshake.pollDatagram(batch.buffer, 0, nowMs)
          : connection.poll(batch.buffer, 0, nowMs)
      if (length === 0) {
        if (connection !== undefined) connection.isAwake = false
        return false
      }
      batch.commit(length, this.#options.remote)
    }
    return true
  }

  nextDeadlineMs(): number {
    return (this.connection ?? this.#handshake).nextDeadlineMs()
  }

  handleTimeout(nowMs: number): void {
    if (this.connection !== undefined) {
      if (this.connection.nextDeadlineMs() <= nowMs) this.connection.handleTimeout(nowMs)
      return
    }
    this.#handshake.handleTimeout(nowMs)
    this.#checkHandshake(nowMs)
  }

  nowMs(): number {
    return this.#options.clock()
  }

  wake(connection: LiveConnection): void {
    if (connection.isAwake) return
    connection.isAwake = true
    this.onWake?.()
  }

  /** A client's connection is open from the start. */
  opened(): void {}

  callbackFailed(error: unknown): void {
    this.#options.onCallbackError(error)
  }

  fellSilent(): void {
    this.#options.onSilence?.()
  }

  ticketReceived(ticket: Uint8Array): void {
    this.ticket = ticket
  }

  #checkHandshake(nowMs: number): void {
    const { outcome } = this.#handshake
    if (outcome === undefined || this.#hasEnded) return
    this.#hasEnded = true
    this.#options.onHandshakeEnded(outcome.kind === 'accepted' ? this.#open(outcome, nowMs) : outcome)
  }

  #open(outcome: Accepted, nowMs: number): HandshakeOutcome {
    try {
      this.#createConnection(outcome, nowMs)
      return outcome
    } catch {
      // Our own options have been checked, so the server's numbers make no connection.
      return { kind: 'terms-unusable' }
    }
  }

  #createConnection(outcome: Accepted, nowMs: number): void {
    const { crypto, insecure, liveness, connectionLimits } = this.#options
    const { secrets, body, rttMs } = outcome
    const ownIdleMs = liveness?.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS
    const idleTimeoutMs = Math.max(Math.min(ownIdleMs, body.idleTimeoutMs), MIN_IDLE_TIMEOUT_MS)
    const maxMessageBytes = Math.min(body.maxMessageBytes, MAX_MESSAGE_BYTES)
    this.accepted = body
    const connectionOptions: LiveConnectionOptions = {
      owner: this,
      slot: 0,
      remote: this.#options.remote,
      protection:
        insecure === true
          ? new PlainPacketProtection()
          : new AeadPacketProtection(crypto, secrets.clientToServer, secrets.serverToClient),
      autoFlush: this.#options.autoFlush ?? true,
      core: {
        role: 'client',
        connectionId: body.connectionId,
        random: this.#random,
        nowMs,
        ...coreTuning({ ...this.#options, liveness: { ...liveness, idleTimeoutMs } }),
        ...(rttMs !== undefined && { initialRttMs: Math.max(rttMs, 1) }),
        limits: {
          ...CLIENT_LIMITS,
          ...connectionLimits,
          ...windowsFor(maxMessageBytes, connectionLimits),
          // Bounds that work only when both sides have the same are the server's to set.
          maxMessageBytes,
          maxPartialMessages: body.maxPartialMessages,
        },
      },
    }
    const create = this.#options.createConnection ?? ((plain) => new LiveConnection(plain))
    this.connection = create(connectionOptions)
    this.wake(this.connection)
  }
}

/** Receive windows in which the server's largest message has room. */
function windowsFor(maxMessageBytes: number, own: Partial<ConnectionLimits> = {}): Partial<ConnectionLimits> {
  const { channelWindowBytes, connectionWindowBytes } = { ...CLIENT_LIMITS, ...own }
  return {
    channelWindowBytes: Math.max(channelWindowBytes, maxMessageBytes + CREDIT_STEP),
    connectionWindowBytes: Math.max(connectionWindowBytes, maxMessageBytes + CREDIT_STEP),
  }
}
