import { beforeAll, describe, expect, it } from 'vitest'
import { CloseCode } from '../core/close-code.ts'
import { generateServerKey } from '../crypto/server-key.ts'
import { ClientEndpoint } from '../endpoint/client-endpoint.ts'
import { DatagramBatch } from '../endpoint/datagram-batch.ts'
import type { RudpConnection } from '../endpoint/rudp-connection.ts'
import { ServerEndpoint } from '../endpoint/server-endpoint.ts'
import { protocolIdOf } from '../handshake/protocol-id.ts'
import { crypto, PROTOCOL, SERVER_ADDRESS } from './endpoint-world.ts'
import { settledMemoryBytes } from './heap.ts'

const CLIENTS = 1_000
const MAX_IDLE_BYTES = 16 * 1024
const MAX_ACTIVE_BYTES = 48 * 1024
const TICK_MS = 50

/** A server whose clients hang on it directly, so that nothing but the server is left when they are forgotten. */
class DirectlyServed {
  nowMs = 0
  readonly peers: RudpConnection[] = []
  readonly server: ServerEndpoint
  #clients = new Map<string, ClientEndpoint>()
  readonly #serverKey = generateServerKey(crypto)
  readonly #batch = new DatagramBatch(16)

  constructor() {
    this.server = new ServerEndpoint({
      crypto,
      clock: () => this.nowMs,
      wallClock: () => 0,
      protocol: PROTOCOL,
      limits: { connectsPerSecondPerPrefix: 0 },
      serverKey: this.#serverKey.privateKey,
      onConnection: (connection) => this.peers.push(connection),
      onCallbackError: () => {},
    })
  }

  connect(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const client = new ClientEndpoint({
        crypto,
        clock: () => this.nowMs,
        protocolId: protocolIdOf(crypto, PROTOCOL),
        credentials: { kind: 'pinned', serverPublicKey: this.#serverKey.publicKey },
        remote: SERVER_ADDRESS,
        timeoutMs: 10_000,
        onHandshakeEnded: () => {},
        onCallbackError: () => {},
      })
      const ip = `10.0.${index >> 8}.${index & 255}`
      this.#clients.set(ip, client)
      // Room in the budget of HELLOs, of which a tenth of a second's worth may come at once.
      this.nowMs += 1
      for (let trip = 0; trip < 3; trip += 1) this.#exchange([[ip, client]])
    }
  }

  /** Both sides send what they have; nothing is lost and nothing takes time. */
  turn(): void {
    this.nowMs += TICK_MS
    if (this.server.nextDeadlineMs() <= this.nowMs) this.server.handleTimeout(this.nowMs)
    for (const client of this.#clients.values()) {
      if (client.nextDeadlineMs() <= this.nowMs) client.handleTimeout(this.nowMs)
    }
    this.#exchange()
  }

  tick(): void {
    for (const client of this.#clients.values())
      client.connection?.send(0, 'reliable-ordered', new Uint8Array(200))
    for (const peer of this.peers) peer.send(0, 'unreliable-sequenced', new Uint8Array(400))
    this.turn()
  }

  forgetClients(): void {
    this.#clients = new Map()
    this.turn()
  }

  #exchange(speaking: Iterable<[string, ClientEndpoint]> = this.#clients): void {
    for (const [ip, client] of speaking) {
      client.pollDatagrams(this.#batch, this.nowMs)
      this.#deliver((buffer, offset, length) => {
        this.server.handleDatagram(buffer, offset, length, { ip, port: 1 }, this.nowMs)
      })
    }
    for (let hasMore = true; hasMore; ) {
      hasMore = this.server.pollDatagrams(this.#batch, this.nowMs)
      this.#deliver((buffer, offset, length, ip) => {
        this.#clients.get(ip)?.handleDatagram(buffer, offset, length, SERVER_ADDRESS, this.nowMs)
      })
    }
  }

  #deliver(receive: (buffer: Uint8Array, offset: number, length: number, ip: string) => void): void {
    const batch = this.#batch
    for (let slot = 0; slot < batch.count; slot += 1) {
      receive(batch.buffer, batch.offsetOf(slot), batch.lengthOf(slot), batch.ipOf(slot))
    }
    batch.clear()
  }
}

describe('scenario 19: connections that say nothing', () => {
  // Code that runs for the first time takes memory as well, which is no connection's.
  beforeAll(() => {
    const warm = new DirectlyServed()
    warm.connect(50)
    for (let ticks = 0; ticks < 40; ticks += 1) warm.tick()
  })

  it('take at most 16 KiB each, and give it back when their peers are gone', { timeout: 60_000 }, () => {
    const served = new DirectlyServed()
    const emptyBytes = settledMemoryBytes()
    served.connect(CLIENTS)
    served.forgetClients()
    const usedBytes = settledMemoryBytes() - emptyBytes
    expect(served.server.stats.connections).toBe(CLIENTS)
    expect(usedBytes / CLIENTS, 'bytes per idle connection').toBeLessThan(MAX_IDLE_BYTES)

    const forgottenMs = served.nowMs
    const ends: number[] = []
    for (const peer of served.peers.splice(0)) {
      peer.onClose = ({ code }) => {
        expect(code).toBe(CloseCode.Timeout)
        ends.push(served.nowMs - forgottenMs)
      }
    }
    while (served.nowMs < forgottenMs + 17_000) served.turn()
    expect(ends).toHaveLength(CLIENTS)
    expect(Math.max(...ends)).toBeLessThanOrEqual(16_000)
    expect(served.server.isDrained).toBe(true)
    // Little of what so many connections may take is left; what is belongs to the collector and the compiler, and
    // varies by some 5 % of it from run to run.
    expect(settledMemoryBytes() - emptyBytes).toBeLessThan(0.1 * MAX_IDLE_BYTES * CLIENTS)
  })

  it('take at most 48 KiB each after speaking at 20 Hz', { timeout: 60_000 }, () => {
    const served = new DirectlyServed()
    const emptyBytes = settledMemoryBytes()
    served.connect(CLIENTS)
    for (let ticks = 0; ticks < 40; ticks += 1) served.tick()
    served.forgetClients()
    const usedBytes = settledMemoryBytes() - emptyBytes
    expect(served.peers.every((peer) => peer.stats().messagesReceived === 40)).toBe(true)
    expect(usedBytes / CLIENTS).toBeLessThan(MAX_ACTIVE_BYTES)
  })
})
