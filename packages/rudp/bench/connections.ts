/**
 * What a message costs the server's core by the number of connections: no sockets, one thread, a virtual clock. Each client sends
 * 42 bytes ten times a second and is sent 282 bytes twenty times a second, unreliably, with real cryptography, in an order that
 * has nothing to do with when it connected; only the server's part is timed.
 *
 *     npx tsc -b packages/rudp/bench && node packages/rudp/bench/dist/connections.js [--seconds 5]
 */
import {
  type Address,
  ClientEndpoint,
  createDefaultProvider,
  DatagramBatch,
  DEFAULT_PROTOCOL,
  generateServerKey,
  protocolIdOf,
  type RudpConnection,
  ServerEndpoint,
} from '@kaosnet/rudp'
import { SeededRandom } from '@kaosnet/rudp/testing'
import { numberOption, quantile } from './measure.ts'

const SIZES = [100, 800, 5_000]
const SERVER: Address = { ip: '127.0.0.1', port: 7_350 }
/** Times have fractions, as those of real clocks: V8 keeps whole numbers in cheaper ways. */
const STEP_MS = 1.001
const SEED = 1
const INPUTS_PER_MS = 1 / 100
const STATES_PER_MS = 1 / 50
const BATCH = 64
const CONNECT_STEPS = 20
const CONNECT_STEP_MS = 0.5
const WARM_UP_SHARE = 0.5
/** Messages of one reading, roughly. */
const READING = 100_000

interface Client {
  readonly endpoint: ClientEndpoint
  readonly address: Address
}

class World {
  readonly #crypto = createDefaultProvider()
  readonly #key = generateServerKey(this.#crypto)
  readonly #clients: Client[] = []
  readonly #byIp = new Map<string, Client>()
  readonly #peers: RudpConnection[] = []
  readonly #server: ServerEndpoint
  readonly #toServer = new DatagramBatch(BATCH)
  readonly #ofServer = new DatagramBatch(BATCH)
  readonly #ofClient = new DatagramBatch(BATCH)
  readonly #remote = { ip: '', port: 0 }
  readonly #input = new Uint8Array(42).fill(7)
  readonly #state = new Uint8Array(282).fill(9)
  #nowMs = 1_000
  #serverMs = 0
  #messages = 0
  #nextInput = 0
  #nextState = 0

  constructor(size: number) {
    this.#server = new ServerEndpoint({
      crypto: this.#crypto,
      clock: () => this.#nowMs,
      wallClock: () => 1.8e12 + this.#nowMs,
      protocol: DEFAULT_PROTOCOL,
      serverKey: this.#key.privateKey,
      eventCapacity: 0,
      limits: { maxConnections: size, maxConnectionsPerAddress: 0, connectsPerSecondPerPrefix: 0 },
      onConnection: (peer) => {
        peer.onMessage = () => {
          this.#messages += 1
        }
        this.#peers.push(peer)
      },
      onCallbackError: (error) => {
        throw error
      },
    })
    for (let index = 0; index < size; index += 1) this.#connect(index)
    const random = new SeededRandom(SEED)
    shuffle(this.#clients, random)
    shuffle(this.#peers, random)
  }

  /** @returns one line: the fastest and the middle reading */
  measure(seconds: number): string {
    const readings: number[] = []
    const beganMs = performance.now()
    for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - beganMs) / 1_000) {
      this.#serverMs = 0
      this.#messages = 0
      while (this.#messages < READING) this.#step()
      if (elapsed >= seconds * WARM_UP_SHARE) readings.push((this.#serverMs * 1_000) / this.#messages)
    }
    const { connections } = this.#server.stats
    if (connections < this.#clients.length) throw new Error(`only ${connections} connections are left`)
    const sorted = Float64Array.from(readings).sort()
    const text = (share: number) => quantile(sorted, share).toFixed(2)
    return `${String(this.#clients.length).padStart(6)} connections: ${text(0)} µs a message at best, ${text(0.5)} in the middle`
  }

  #connect(index: number): void {
    const address = { ip: `127.${16 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`, port: 40_000 }
    const endpoint = new ClientEndpoint({
      crypto: this.#crypto,
      clock: () => this.#nowMs,
      protocolId: protocolIdOf(this.#crypto, DEFAULT_PROTOCOL),
      credentials: { kind: 'pinned', serverPublicKey: this.#key.publicKey },
      remote: SERVER,
      timeoutMs: 10_000,
      eventCapacity: 0,
      onHandshakeEnded: () => {},
      onCallbackError: (error) => {
        throw error
      },
    })
    const client = { endpoint, address }
    this.#clients.push(client)
    this.#byIp.set(address.ip, client)
    for (let step = 0; this.#peers.length <= index; step += 1) {
      if (step === CONNECT_STEPS) throw new Error(`client ${index} could not connect`)
      this.#pollClient(client)
      this.#handOver()
      this.#pollServer()
      this.#nowMs += CONNECT_STEP_MS
    }
  }

  /** About a millisecond of everybody's time. */
  #step(): void {
    this.#nowMs += STEP_MS
    const { length } = this.#clients
    for (const end = this.#nextInput + length * INPUTS_PER_MS; this.#nextInput < end; this.#nextInput += 1) {
      const client = this.#clients[Math.floor(this.#nextInput) % length] as Client
      client.endpoint.connection?.send(1, 'unreliable-sequenced', this.#input)
      this.#pollClient(client)
    }
    this.#handOver()
    const beganMs = performance.now()
    for (const end = this.#nextState + length * STATES_PER_MS; this.#nextState < end; this.#nextState += 1) {
      this.#peers[Math.floor(this.#nextState) % length]?.send(1, 'unreliable-sequenced', this.#state)
      this.#messages += 1
    }
    this.#serverMs += performance.now() - beganMs
    this.#pollServer()
  }

  /** What a client has to send goes into the batch for the server. */
  #pollClient({ endpoint, address }: Client): void {
    if (endpoint.nextDeadlineMs() <= this.#nowMs) endpoint.handleTimeout(this.#nowMs)
    endpoint.pollDatagrams(this.#ofClient, this.#nowMs)
    for (let slot = 0; slot < this.#ofClient.count; slot += 1) {
      if (this.#toServer.isFull) this.#handOver()
      const at = this.#ofClient.offsetOf(slot)
      const datagram = this.#ofClient.buffer.subarray(at, at + this.#ofClient.lengthOf(slot))
      this.#toServer.push(datagram, address.ip, address.port)
    }
    this.#ofClient.clear()
  }

  #handOver(): void {
    const batch = this.#toServer
    const beganMs = performance.now()
    for (let slot = 0; slot < batch.count; slot += 1) {
      const length = batch.take(slot)
      this.#remote.ip = batch.ipOf(slot)
      this.#remote.port = batch.portOf(slot)
      this.#server.handleDatagram(batch.buffer, 0, length, this.#remote, this.#nowMs)
    }
    this.#serverMs += performance.now() - beganMs
    batch.clear()
  }

  #pollServer(): void {
    for (let hasMore = true; hasMore; ) {
      const beganMs = performance.now()
      if (this.#server.nextDeadlineMs() <= this.#nowMs) this.#server.handleTimeout(this.#nowMs)
      hasMore = this.#server.pollDatagrams(this.#ofServer, this.#nowMs)
      this.#serverMs += performance.now() - beganMs
      for (let slot = 0; slot < this.#ofServer.count; slot += 1) {
        const client = this.#byIp.get(this.#ofServer.ipOf(slot)) as Client
        const length = this.#ofServer.take(slot)
        client.endpoint.handleDatagram(this.#ofServer.buffer, 0, length, SERVER, this.#nowMs)
      }
      this.#ofServer.clear()
    }
  }
}

function shuffle<T>(items: T[], random: SeededRandom): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1)
    const item = items[last] as T
    items[last] = items[other] as T
    items[other] = item
  }
}

for (const size of SIZES) console.log(new World(size).measure(numberOption('seconds', 5)))
