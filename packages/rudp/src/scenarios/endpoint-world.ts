import { createDefaultProvider } from '../crypto/default-provider.ts'
import { generateServerKey } from '../crypto/server-key.ts'
import type { Address } from '../endpoint/address.ts'
import { ClientEndpoint, type ClientEndpointOptions } from '../endpoint/client-endpoint.ts'
import { DatagramBatch, SLOT_BYTES } from '../endpoint/datagram-batch.ts'
import type { Endpoint } from '../endpoint/endpoint.ts'
import type { LiveConnection } from '../endpoint/live-connection.ts'
import type { RudpConnection } from '../endpoint/rudp-connection.ts'
import { ServerEndpoint } from '../endpoint/server-endpoint.ts'
import type { ServerEndpointOptions } from '../endpoint/server-options.ts'
import type { Credentials, HandshakeOutcome } from '../handshake/client-handshake.ts'
import { ConnectTokenIssuer } from '../handshake/connect-token.ts'
import type { ConnectToken, TokenLimits } from '../handshake/connect-token-fields.ts'
import { protocolIdOf } from '../handshake/protocol-id.ts'
import {
  type LinkConditions,
  type ManualTimer,
  NetworkSimulator,
  SeededRandom,
  type SimulatedSocket,
} from '../testing/index.ts'

export const SERVER_ADDRESS: Address = { ip: '192.0.2.1', port: 7350 }
export const PROTOCOL = 'scenario'
/** Virtual time 0 on the wall clock. */
export const WALL_START_MS = 1_800_000_000_000
const BATCH_SIZE = 16

export const crypto = createDefaultProvider()

/** An address as the simulator names it. */
export function nameOf({ ip, port }: Address): string {
  return `${ip}|${port}`
}

export function addressOf(name: string): Address {
  const bar = name.lastIndexOf('|')
  return { ip: name.slice(0, bar), port: Number(name.slice(bar + 1)) }
}

/** An endpoint on the simulated network: what the driver does, on virtual time. */
export class SimulatedHost {
  readonly socket: SimulatedSocket
  readonly #endpoint: Endpoint
  readonly #network: NetworkSimulator
  readonly #batch = new DatagramBatch(BATCH_SIZE)
  readonly #workspace = new Uint8Array(SLOT_BYTES)
  readonly #timer: ManualTimer
  readonly #turnTimer: ManualTimer

  constructor(network: NetworkSimulator, address: Address, endpoint: Endpoint) {
    this.#network = network
    this.#endpoint = endpoint
    this.socket = network.attach(nameOf(address), (buffer, length, from, nowMs) => {
      endpoint.handleDatagram(buffer, 0, length, addressOf(from), nowMs)
      this.#turnTimer.set(nowMs)
    })
    this.#timer = network.clock.timer(() => this.#turn())
    this.#turnTimer = network.clock.timer(() => this.#turn())
    endpoint.onWake = () => this.#turnTimer.set(network.clock.now())
    this.#turnTimer.set(network.clock.now())
  }

  /** Receives a datagram from any address without a way through the network. */
  inject(packet: Uint8Array, from: Address): void {
    const nowMs = this.#network.clock.now()
    this.#workspace.set(packet)
    this.#endpoint.handleDatagram(this.#workspace, 0, packet.length, from, nowMs)
    this.#turnTimer.set(nowMs)
  }

  /** Disappears without a word. */
  kill(): void {
    this.socket.detach()
    this.#timer.cancel()
    this.#turnTimer.cancel()
    this.#endpoint.onWake = undefined
  }

  #turn(): void {
    const nowMs = this.#network.clock.now()
    if (this.#endpoint.nextDeadlineMs() <= nowMs) this.#endpoint.handleTimeout(nowMs)
    for (let hasMore = true; hasMore; ) {
      hasMore = this.#endpoint.pollDatagrams(this.#batch, nowMs)
      for (let slot = 0; slot < this.#batch.count; slot += 1) {
        const to = nameOf({ ip: this.#batch.ipOf(slot), port: this.#batch.portOf(slot) })
        this.socket.send(to, this.#batch.buffer, this.#batch.offsetOf(slot), this.#batch.lengthOf(slot))
      }
      this.#batch.clear()
    }
    this.#timer.set(this.#endpoint.nextDeadlineMs())
  }
}

/** A client in the world, and what has become of it. */
export interface WorldClient {
  readonly endpoint: ClientEndpoint
  readonly host: SimulatedHost
  readonly address: Address
  outcome: HandshakeOutcome | undefined
  /** The connection; throws when the handshake has not succeeded. */
  readonly connection: LiveConnection
}

export interface WorldOptions {
  readonly seed?: number
  readonly link?: Partial<LinkConditions>
  readonly server?: Partial<ServerEndpointOptions>
}

/** What a token of this world may differ in. */
export interface TokenChanges {
  readonly lifeMs?: number
  readonly worker?: number
  readonly userData?: Uint8Array
  readonly limits?: TokenLimits
}

/** A server and its clients on a simulated network, with real cryptography and everything seeded. */
export class EndpointWorld {
  readonly network: NetworkSimulator
  readonly random: SeededRandom
  readonly serverKey
  readonly tokenKey: Uint8Array
  readonly server: ServerEndpoint
  readonly serverHost: SimulatedHost
  /** The server's connections in the order of their making. */
  readonly accepted: RudpConnection[] = []
  readonly callbackErrors: unknown[] = []
  /** Called for each new connection of the server. */
  onConnection: (connection: RudpConnection) => void = () => {}
  readonly #link: Partial<LinkConditions>
  #clients = 0

  constructor(options: WorldOptions = {}) {
    const seed = options.seed ?? 1
    this.network = new NetworkSimulator({ seed })
    this.random = new SeededRandom(seed, 77)
    this.#link = options.link ?? {}
    this.serverKey = generateServerKey({ ...crypto, random: this.random })
    this.tokenKey = new Uint8Array(32)
    this.random.fill(this.tokenKey)
    this.server = this.createServer(options.server)
    this.serverHost = new SimulatedHost(this.network, SERVER_ADDRESS, this.server)
  }

  get clock() {
    return this.network.clock
  }

  readonly wallClock = (): number => WALL_START_MS + this.clock.now()

  /** A server endpoint with this world's keys, for instance one that has forgotten everything. */
  createServer(options: Partial<ServerEndpointOptions> = {}): ServerEndpoint {
    return new ServerEndpoint({
      crypto,
      random: this.random,
      clock: () => this.clock.now(),
      wallClock: this.wallClock,
      protocol: PROTOCOL,
      serverKey: this.serverKey.privateKey,
      tokenKeys: [this.tokenKey],
      onConnection: (connection) => {
        this.accepted.push(connection)
        this.onConnection(connection)
      },
      onCallbackError: (error) => this.callbackErrors.push(error),
      ...options,
    })
  }

  issueToken(userId = 'user', changes: TokenChanges = {}): ConnectToken {
    const { worker = 0, ...rest } = changes
    const issuer = new ConnectTokenIssuer({
      crypto,
      random: this.random,
      keys: [this.tokenKey],
      protocol: PROTOCOL,
      wallClock: this.wallClock,
    })
    return issuer.issue({ userId, addresses: [{ ...SERVER_ADDRESS, worker }], ...rest })
  }

  /** Starts a client on a new address, with the pinned server key unless told otherwise. */
  startClient(
    options: Partial<ClientEndpointOptions> & { address?: Address; link?: Partial<LinkConditions> } = {},
  ): WorldClient {
    this.#clients += 1
    const address = options.address ?? {
      ip: `198.51.${100 + (this.#clients >> 8)}.${this.#clients & 255}`,
      port: 40_000,
    }
    this.network.connect(nameOf(address), nameOf(SERVER_ADDRESS), options.link ?? this.#link)
    const credentials: Credentials = { kind: 'pinned', serverPublicKey: this.serverKey.publicKey }
    const endpoint = new ClientEndpoint({
      crypto,
      random: this.random,
      clock: () => this.clock.now(),
      protocolId: protocolIdOf(crypto, PROTOCOL),
      credentials,
      remote: SERVER_ADDRESS,
      timeoutMs: 10_000,
      onHandshakeEnded: (outcome) => {
        client.outcome = outcome
      },
      onCallbackError: (error) => this.callbackErrors.push(error),
      ...options,
    })
    const client: WorldClient = {
      endpoint,
      host: new SimulatedHost(this.network, address, endpoint),
      address,
      outcome: undefined,
      get connection() {
        if (endpoint.connection === undefined) throw new Error('The client has no connection')
        return endpoint.connection
      },
    }
    return client
  }

  /** Starts a client and waits until the server knows it. */
  connectClient(options: Parameters<EndpointWorld['startClient']>[0] = {}): {
    readonly client: WorldClient
    readonly peer: RudpConnection
  } {
    const before = this.accepted.length
    const client = this.startClient(options)
    const isDone = () => this.accepted.length > before
    if (!this.clock.runUntil(isDone, this.clock.now() + 15_000)) {
      throw new Error(`No connection; the handshake ended with ${client.outcome?.kind ?? 'nothing'}`)
    }
    const peer = this.accepted[before]
    if (peer === undefined) throw new Error('unreachable')
    return { client, peer }
  }
}
