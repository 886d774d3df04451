import { SeededRandom } from '../../testing/index.ts'
import type { CloseInfo } from '../close-code.ts'
import { Connection } from '../connection.ts'
import type { ConnectionHandler } from '../connection-options.ts'
import type { ConnectionStats } from '../connection-stats.ts'
import type { ConnectionLimits } from '../limits.ts'
import { writePacketHeader } from '../packet-header.ts'
import { FakeProtection } from './fake-protection.ts'

const CONNECTION_ID = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])

/** A server's connection in the hands of a client that has the keys and sends whatever a test wants. */
export class ForgingPeer implements ConnectionHandler {
  closeInfo: CloseInfo | undefined
  readonly #connection: Connection
  readonly #protection = new FakeProtection(1)
  readonly #out = new Uint8Array(2000)
  #packetNumber = 0

  constructor(limits: Partial<ConnectionLimits> = {}, connectionId = CONNECTION_ID) {
    this.#connection = new Connection({
      role: 'server',
      protection: new FakeProtection(1),
      connectionId,
      random: new SeededRandom(1),
      handler: this,
      nowMs: 0,
      path: 0,
      limits: { receivePacketsPerSecond: 0, receiveBytesPerSecond: 0, ...limits },
    })
  }

  get drops(): ConnectionStats['drops'] {
    return this.#connection.stats().drops
  }

  get packetsReceived(): number {
    return this.#connection.stats().packetsReceived
  }

  get packetsSent(): number {
    return this.#connection.stats().packetsSent
  }

  /** Sends a packet with these bytes as its frames. */
  deliver(frames: readonly number[]): void {
    const buffer = new Uint8Array(2000)
    const number = this.#packetNumber++
    const headerBytes = writePacketHeader(buffer, 0, CONNECTION_ID, 0, number, 2)
    buffer.set(frames, headerBytes)
    const length = headerBytes + this.#protection.seal(0, number, buffer, 0, headerBytes, frames.length)
    this.#connection.handleDatagram(buffer, 0, length, 0, 0)
  }

  /** Sends a packet that looks well and does not authenticate. */
  deliverForged(): void {
    const buffer = new Uint8Array(60)
    const headerBytes = writePacketHeader(buffer, 0, CONNECTION_ID, 0, this.#packetNumber, 2)
    this.#connection.handleDatagram(buffer, 0, headerBytes + 30, 0, 0)
  }

  /** Lets the connection send a message. */
  sendMessage(): void {
    this.#connection.send(0, 'unreliable', new Uint8Array(10))
    this.#connection.flush(0)
  }

  /** @returns the length of what the connection sends next, 0 for nothing */
  poll(): number {
    return this.#connection.pollDatagram(this.#out, 0, 0)
  }

  onMessage(): void {}
  onWritable(): void {}
  onPathValidated(): void {}
  onUnstable(): void {}

  onStateChanged(_state: string, close?: CloseInfo): void {
    this.closeInfo ??= close
  }
}
