import { CloseCode } from '../core/close-code.ts'
import { SERVER_LIMITS } from '../core/limits.ts'
import type { Random } from '../core/random.ts'
import { SHA256_BYTES } from '../crypto/crypto-provider.ts'
import { hkdfExpandLabel } from '../crypto/hkdf.ts'
import { randomOf } from '../crypto/secure-random.ts'
import { CONNECTION_ID_BYTES } from '../handshake/accept-packet.ts'
import type { Address } from './address.ts'
import { Admission } from './admission.ts'
import { checkTuning } from './connection-tuning.ts'
import { ConnectionSlots } from './connection-slots.ts'
import type { DatagramBatch } from './datagram-batch.ts'
import type { Endpoint } from './endpoint.ts'
import { type EndpointLimits, resolveEndpointLimits } from './endpoint-limits.ts'
import { createEndpointStats, type EndpointStats } from './endpoint-stats.ts'
import { type HalfOpen, HalfOpenPool, holderOf } from './half-open-pool.ts'
import type { ConnectionOwner, LiveConnection } from './live-connection.ts'
import { ReplyQueue } from './reply-queue.ts'
import { ServerHandshake } from './server-handshake.ts'
import type { ServerEndpointOptions } from './server-options.ts'
import { resetToken, writeReset } from './stateless-reset.ts'
import { TimingWheel } from './timing-wheel.ts'

const LONG_HEADER_BIT = 0x80
const FIXED_BIT = 0x40
/** Flags, connection id, two bytes of packet number and a tag. */
const MIN_SHORT_BYTES = 1 + CONNECTION_ID_BYTES + 2 + 16
const REPLY_QUEUE_CAPACITY = 1024

/**
 * The server's side of the transport on one socket: finds the connection a datagram belongs to, shakes hands with
 * new clients, keeps the deadlines of all, and hands out what is to be sent. No sockets and no clock inside.
 */
export class ServerEndpoint implements Endpoint, ConnectionOwner {
  onWake: (() => void) | undefined
  readonly #options: ServerEndpointOptions
  readonly #limits: EndpointLimits
  readonly #random: Random
  readonly #resetKey: Uint8Array
  readonly #stats = createEndpointStats()
  readonly #admission: Admission
  readonly #replies = new ReplyQueue(REPLY_QUEUE_CAPACITY)
  readonly #slots: ConnectionSlots<LiveConnection>
  readonly #halfOpen: HalfOpenPool
  readonly #handshake: ServerHandshake
  readonly #wheel: TimingWheel
  readonly #reset = new Uint8Array(64)
  #awake: LiveConnection[] = []
  #woken = 0
  #served = 0
  #nextAwake = 0

  /** @throws RangeError when keys or limits are out of range, or there is no way in at all */
  constructor(options: ServerEndpointOptions) {
    const { crypto, serverKey, tokenKeys } = options
    const masterKey = serverKey ?? tokenKeys?.[0]
    if (masterKey === undefined && options.insecure !== true) {
      throw new RangeError('A server needs serverKey, tokenKeys or insecure')
    }
    const nowMs = options.clock()
    this.#options = options
    this.#limits = resolveEndpointLimits(options.limits)
    this.#random = options.random ?? randomOf(crypto.random)
    this.#admission = new Admission(this.#limits, nowMs)
    this.#slots = new ConnectionSlots(options.worker ?? 0, this.#limits.maxConnections, this.#random)
    this.#halfOpen = new HalfOpenPool(this.#limits.maxHalfOpen)
    this.#wheel = new TimingWheel(nowMs)
    checkTuning(options, this.#random, { ...SERVER_LIMITS, ...options.connectionLimits })
    const base = masterKey ?? this.#randomKey()
    this.#resetKey = hkdfExpandLabel(crypto, base, 'krp2 reset', SHA256_BYTES)
    this.#handshake = new ServerHandshake({
      options,
      limits: this.#limits,
      random: this.#random,
      resetKey: this.#resetKey,
      ticketKey: hkdfExpandLabel(crypto, base, 'krp2 ticket', SHA256_BYTES),
      owner: this,
      stats: this.#stats,
      admission: this.#admission,
      replies: this.#replies,
      slots: this.#slots,
      halfOpen: this.#halfOpen,
      discard: (halfOpen) => this.#discard(halfOpen, 'replaced by a newer attempt'),
    })
  }
  /** How often a connection came to have something to send; they are served in that order. */
  get woken(): number {
    return this.#woken
  }

  /** How many of {@link woken} have been served: all they had to send was handed out. */
  get served(): number {
    return this.#served
  }

  /** Live counters; do not change them. */
  get stats(): Readonly<EndpointStats> {
    this.#stats.halfOpen = this.#halfOpen.size
    this.#stats.connections = this.#slots.size - this.#halfOpen.size
    return this.#stats
  }

  /** Whether no connection is left, not even a closing one. */
  get isDrained(): boolean {
    return this.#slots.size === 0 && this.#replies.isEmpty
  }

  /** Closes every connection and denies new ones. The endpoint is drained when the peers have answered. */
  shutDown(code: number, reason: string): void {
    this.#handshake.shutDown()
    for (const connection of this.#slots) {
      if (connection.state === 'handshaking') connection.terminate(code, reason, this.nowMs())
      else connection.close(code, reason)
    }
  }

  /** Forgets every connection without a word: their sockets are gone. */
  abandon(reason: string): void {
    for (const connection of this.#slots) connection.terminate(CloseCode.GoingAway, reason, this.nowMs())
  }

  handleDatagram(buffer: Uint8Array, offset: number, length: number, remote: Address, nowMs: number): void {
    this.#stats.datagramsIn += 1
    this.#stats.bytesIn += length
    const flags = buffer[offset] ?? 0
    if (length < MIN_SHORT_BYTES || (flags & FIXED_BIT) === 0) {
      this.#stats.drops.foreign += 1
    } else if ((flags & LONG_HEADER_BIT) !== 0) {
      this.#handshake.handleDatagram(buffer, offset, length, remote, nowMs)
    } else {
      const connection = this.#slots.find(buffer, offset + 1)
      if (connection === undefined) this.#answerUnknown(buffer, offset, length, remote, nowMs)
      else connection.handleDatagram(buffer, offset, length, remote, nowMs)
    }
  }

  pollDatagrams(batch: DatagramBatch, nowMs: number): boolean {
    while (!this.#replies.isEmpty) {
      if (batch.isFull) return true
      const { length, remote } = this.#replies.shift(batch.buffer, 0)
      this.#commit(batch, length, remote)
    }
    for (let connection = this.#awake[this.#nextAwake]; connection !== undefined; ) {
      if (!this.#pollConnection(connection, batch, nowMs)) return true
      this.#nextAwake += 1
      this.#served += 1
      connection = this.#awake[this.#nextAwake]
    }
    this.#awake.length = 0
    this.#nextAwake = 0
    return false
  }

  nextDeadlineMs(): number {
    return Math.min(this.#wheel.nextDeadlineMs(), this.#halfOpen.nextExpiryMs())
  }

  handleTimeout(nowMs: number): void {
    for (
      let expired = this.#halfOpen.takeExpired(nowMs);
      expired !== undefined;
      expired = this.#halfOpen.takeExpired(nowMs)
    ) {
      this.#stats.drops['half-open-expired'] += 1
      this.#discard(expired, 'the client never confirmed')
    }
    this.#wheel.expire(nowMs, (slot) => this.#slots.get(slot)?.handleTimeout(nowMs))
  }

  nowMs(): number {
    return this.#options.clock()
  }

  wake(connection: LiveConnection): void {
    if (connection.isAwake) return
    connection.isAwake = true
    this.#woken += 1
    this.#awake.push(connection)
    this.onWake?.()
  }

  opened(connection: LiveConnection): void {
    const halfOpen = this.#halfOpen.get(holderOf(connection.remote))
    if (halfOpen?.connection !== connection) return
    this.#halfOpen.remove(halfOpen.holder)
    this.#handshake.confirm(halfOpen)
    this.#stats.established += 1
    connection.sendResumeTicket(this.#handshake.issueTicket(connection.remote))
    try {
      this.#options.onConnection(connection)
    } catch (error) {
      this.callbackFailed(error)
      connection.close(CloseCode.Internal, 'a handler failed')
    }
  }

  callbackFailed(error: unknown): void {
    this.#stats.callbackErrors += 1
    this.#options.onCallbackError(error)
  }

  /** Only clients are given tickets, and only they can do something about silence. */
  ticketReceived(): void {}
  fellSilent(): void {}

  /** Ends a half-open connection, which has nothing to say to anybody, and frees its slot. */
  #discard({ connection, holder }: HalfOpen, reason: string): void {
    this.#halfOpen.remove(holder)
    connection.terminate(CloseCode.Timeout, reason, this.nowMs())
    this.#settle(connection)
  }

  /** @returns false when the batch is full and the connection may have more */
  #pollConnection(connection: LiveConnection, batch: DatagramBatch, nowMs: number): boolean {
    while (!batch.isFull) {
      const length = connection.poll(batch.buffer, 0, nowMs)
      if (length === 0) {
        connection.isAwake = false
        this.#settle(connection)
        return true
      }
      const destination = connection.destination
      if (destination !== undefined) this.#commit(batch, length, destination)
    }
    return false
  }

  /** Files the deadline of a connection that has nothing more to send, or lets go of one that is over. */
  #settle(connection: LiveConnection): void {
    if (connection.state !== 'closed') {
      this.#wheel.set(connection.slot, connection.nextDeadlineMs())
    } else if (this.#slots.get(connection.slot) === connection) {
      const halfOpen = this.#halfOpen.get(holderOf(connection.remote))
      if (halfOpen?.connection === connection) this.#halfOpen.remove(halfOpen.holder)
      this.#wheel.set(connection.slot, Number.POSITIVE_INFINITY)
      this.#slots.release(connection.slot)
      this.#admission.removeConnection(connection.admittedIp)
    }
  }

  #commit(batch: DatagramBatch, length: number, remote: Address): void {
    batch.commit(length, remote)
    this.#stats.datagramsOut += 1
    this.#stats.bytesOut += length
  }

  #answerUnknown(buffer: Uint8Array, offset: number, length: number, remote: Address, nowMs: number): void {
    this.#stats.drops['unknown-connection'] += 1
    if (!this.#admission.takeReset(nowMs)) {
      this.#stats.drops['reset-rate'] += 1
      return
    }
    const connectionId = buffer.subarray(offset + 1, offset + 1 + CONNECTION_ID_BYTES)
    const token = resetToken(this.#options.crypto, this.#resetKey, connectionId)
    const resetLength = writeReset(this.#reset, token, length, this.#random)
    if (resetLength > 0 && this.#replies.push(this.#reset, resetLength, remote)) this.#stats.resetsSent += 1
  }

  #randomKey(): Uint8Array {
    const key = new Uint8Array(SHA256_BYTES)
    this.#random.fill(key)
    return key
  }
}
