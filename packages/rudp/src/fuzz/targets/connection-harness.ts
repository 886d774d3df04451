import { Connection } from '../../core/connection.ts'
import type { ConnectionHandler } from '../../core/connection-options.ts'
import { SERVER_LIMITS } from '../../core/limits.ts'
import { writePacketHeader } from '../../core/packet-header.ts'
import { FakeProtection } from '../../core/testing/fake-protection.ts'
import type { SeededRandom } from '../../testing/random.ts'

const CONNECTION_ID = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
const ROOM_BYTES = 1500
/** Several things may be due at once, and each may make another due; more than this is a loop. */
const MAX_ROUNDS = 4

/** A handler that only counts. */
class CountingHandler implements ConnectionHandler {
  messages = 0
  onMessage(): void {
    this.messages++
  }
  onWritable(): void {}
  onPathValidated(): void {}
  onUnstable(): void {}
  onStateChanged(): void {}
  onResumeTicket(): void {}
  onTick(): void {}
}

/** A server connection that is fed by a peer which has the keys and follows no rule. */
export class ConnectionHarness {
  readonly datagram = new Uint8Array(ROOM_BYTES)
  readonly #random: SeededRandom
  readonly #out = new Uint8Array(ROOM_BYTES)
  #connection: Connection
  #sealing: FakeProtection
  #packetNumber = 0
  #nowMs = 0

  constructor(random: SeededRandom) {
    this.#random = random
    this.#sealing = new FakeProtection(1)
    this.#connection = this.#createConnection()
  }

  /** Packets the connection has sent so far. */
  get packetsSent(): number {
    return this.#connection.stats().packetsSent
  }

  /** Where the frames of the next packet go in `datagram`. */
  beginPacket(): number {
    return writePacketHeader(this.datagram, 0, CONNECTION_ID, 0, this.#packetNumber, 2)
  }

  /** Seals what was written up to `end` and lets the connection handle it. */
  deliver(end: number): void {
    const headerBytes = 11
    const length =
      headerBytes +
      this.#sealing.seal(0, this.#packetNumber, this.datagram, 0, headerBytes, end - headerBytes)
    this.#packetNumber++
    this.deliverRaw(length)
  }

  /** Lets the connection handle the first bytes of `datagram` as they are, some time later. */
  deliverRaw(length: number): void {
    this.#nowMs += this.#random.integer(30)
    this.#connection.handleDatagram(this.datagram, 0, length, this.#random.integer(3), this.#nowMs)
    this.#drive()
    this.#check()
    if (this.#connection.state !== 'open' && this.#connection.state !== 'handshaking') this.#restart()
  }

  /** Lets the connection have something in flight, for the peer to lie about. */
  #drive(): void {
    if (this.#random.chance(0.2)) {
      const mode = this.#random.chance(0.5) ? 'reliable-ordered' : 'unreliable'
      this.#connection.send(this.#random.integer(3), mode, this.#out.subarray(0, this.#random.integer(1400)))
      this.#connection.flush(this.#nowMs)
    }
    this.#pollAll()
    for (let round = 0; this.#connection.nextDeadlineMs() <= this.#nowMs; round++) {
      if (round === MAX_ROUNDS) throw new Error(`something is due again and again at ${this.#nowMs}`)
      this.#connection.handleTimeout(this.#nowMs)
      this.#pollAll()
    }
  }

  #pollAll(): void {
    for (let count = 0; ; count++) {
      if (this.#connection.pollDatagram(this.#out, 0, this.#nowMs) === 0) return
      if (count > 1000) throw new Error('sends without end')
    }
  }

  #check(): void {
    const { receiveBufferBytes } = this.#connection.stats()
    if (receiveBufferBytes > SERVER_LIMITS.connectionWindowBytes)
      throw new Error(`${receiveBufferBytes} bytes buffered`)
  }

  #restart(): void {
    this.#sealing = new FakeProtection(1)
    this.#packetNumber = 0
    this.#connection = this.#createConnection()
  }

  #createConnection(): Connection {
    return new Connection({
      role: 'server',
      protection: new FakeProtection(1),
      connectionId: CONNECTION_ID,
      random: this.#random,
      handler: new CountingHandler(),
      nowMs: this.#nowMs,
      path: 0,
      limits: { receivePacketsPerSecond: 0, receiveBytesPerSecond: 0 },
    })
  }
}
