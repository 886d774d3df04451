import { BatchPool, LaneBatches } from '@kaosnet/protocol'
import { WireLimits } from '@kaosnet/protocol'
import { RudpServer } from '@kaosnet/rudp'
import type { Clock } from '../clock.ts'
import { PortInUseError } from '../errors.ts'
import type { Logger } from '../observe/logger.ts'
import { RudpPeerConnection } from './rudp-peer-connection.ts'
import type { Connection, ConnectionHandler, Transport } from './transport.ts'
import type { UdpKeys } from './udp-keys.ts'

export interface RudpTransportOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly host: string
  /** Asked when the transport starts: the TCP port is known by then. */
  readonly port: () => number
  readonly describeAddress: (port: number) => string
  /** Any other free port will do when that one is taken. */
  readonly mayUseOtherPort: boolean
  readonly keys: UdpKeys
  readonly driver: 'auto' | 'native' | 'node'
  /** The system has been given something: see {@link RudpTransport.served}. */
  readonly onWritten: () => void
  readonly limits: {
    readonly connections: number
    readonly connectionsPerAddress: number
    readonly controlQueueBytes: number
    readonly reliableQueueBytes: number
    readonly unreliableQueueBytes: number
    readonly messageBytes: number
  }
}

/**
 * The send queue of kaos-rudp itself must not fill: the bounds that are documented act first. Beside what they allow it
 * holds the frames that passed them, and a SessionEnd.
 */
const SPARE_BYTES = WireLimits.messageBytes
const SPARE_MESSAGES = 65_536

/** Encrypted reliable UDP: each lane on a channel of its own, so that a lost packet delays no other room. */
export class RudpTransport implements Transport {
  readonly name = 'rudp'
  readonly #options: RudpTransportOptions
  readonly #open = new Set<RudpPeerConnection>()
  readonly #batches = new BatchPool(() => new LaneBatches())
  #server: RudpServer | undefined
  #port = 0

  constructor(options: RudpTransportOptions) {
    this.#options = options
  }

  /** The UDP port that was bound; 0 before {@link start}. */
  get port(): number {
    return this.#port
  }

  /** How often a connection came to have something to send; they are served in that order. */
  get woken(): number {
    return this.#server?.woken ?? 0
  }

  /** How many of {@link woken} have been served: the system has what they had to send. */
  get served(): number {
    return this.#server?.served ?? 0
  }

  /** Datagrams and attempts to connect that went no further, by reason. */
  get drops(): Readonly<Record<string, number>> {
    return this.#server?.stats.drops ?? {}
  }

  /** What moves datagrams, for people; undefined before {@link start}. */
  get driverName(): string | undefined {
    return this.#server?.driverName
  }

  get address(): string {
    return this.#options.describeAddress(this.#port)
  }

  /** @throws {PortInUseError} */
  async start(accept: (connection: Connection) => ConnectionHandler): Promise<void> {
    const port = this.#options.port()
    try {
      this.#server = await this.#listen(port, accept)
    } catch (error) {
      if (!isPortInUse(error)) throw error
      if (!this.#options.mayUseOtherPort) throw new PortInUseError(port, 'UDP', error)
      this.#server = await this.#listen(0, accept)
    }
    this.#port = this.#server.address.port
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#open].map((connection) => connection.closed))
    await this.#server?.close()
  }

  async #listen(port: number, accept: (connection: Connection) => ConnectionHandler): Promise<RudpServer> {
    const { clock, driver, host, keys, limits, logger } = this.#options
    const { controlQueueBytes, reliableQueueBytes, unreliableQueueBytes } = limits
    const server = new RudpServer({
      host,
      port,
      driver,
      crypto: keys.crypto,
      serverKey: keys.privateKey,
      tokenKeys: keys.tokenKeys,
      limits: { maxConnections: limits.connections, maxConnectionsPerAddress: limits.connectionsPerAddress },
      connectionLimits: {
        sendQueueBytes: controlQueueBytes + reliableQueueBytes + unreliableQueueBytes + SPARE_BYTES,
        sendQueueMessages: SPARE_MESSAGES,
      },
      // A ring of events of each connection is for who debugs the transport.
      eventCapacity: 0,
      clock: () => clock.nowMs(),
      wallClock: () => clock.unixMs(),
      logger,
    })
    server.onWritten = this.#options.onWritten
    const readAtMs = (): number => server.lastReadMs
    server.onConnection = (rudp) => {
      const connection = new RudpPeerConnection(rudp, {
        clock,
        batches: this.#batches,
        unreliableQueueBytes,
        onGone: () => this.#open.delete(connection),
        readAtMs,
      })
      this.#open.add(connection)
      connection.attach(accept(connection), limits.messageBytes)
    }
    await server.listen()
    return server
  }
}

/** The system's error is the cause of rudp's. */
function isPortInUse(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') return true
  }
  return false
}
