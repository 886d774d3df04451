import { performance } from 'node:perf_hooks'
import { CloseCode } from '../core/close-code.ts'
import type { CryptoProvider } from '../crypto/crypto-provider.ts'
import { createDefaultProvider } from '../crypto/default-provider.ts'
import type { Address } from '../endpoint/address.ts'
import type { EndpointStats } from '../endpoint/endpoint-stats.ts'
import type { RudpConnection } from '../endpoint/rudp-connection.ts'
import { ServerEndpoint } from '../endpoint/server-endpoint.ts'
import type { ServerEndpointOptions } from '../endpoint/server-options.ts'
import { RudpError } from '../rudp-error.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { EndpointDriver } from './endpoint-driver.ts'
import { DEFAULT_PROTOCOL } from '../handshake/protocol-id.ts'
import { consoleLogger, type Logger } from './logger.ts'
import { isLoopback } from './loopback.ts'
import { type DriverChoice, openDatagramSocket } from './open-datagram-socket.ts'
import type { SocketOptions } from './socket-options.ts'
import type { SocketStats } from './socket-stats.ts'

const DEFAULT_BUFFER_BYTES = 4 * 1024 * 1024
/** As many as Node reads of one socket before it looks at others, so that receiving and sending take turns. */
const BATCH_SIZE = 32
/** Peers that do not acknowledge a CLOSE are not waited for longer than this. */
const DEFAULT_DRAIN_MS = 1_000

type EndpointPart = 'crypto' | 'clock' | 'wallClock' | 'onConnection' | 'onCallbackError'

/** Options of {@link RudpServer}; those of the endpoint, and where it listens. At least one way in must be given. */
export interface RudpServerOptions extends Omit<ServerEndpointOptions, EndpointPart | 'protocol'> {
  /** Numeric local address. Default 0.0.0.0, and 127.0.0.1 in insecure mode. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly port?: number
  /** Names the application; clients must give the same. Default `kaosnet`. */
  readonly protocol?: string
  readonly receiveBufferBytes?: number
  readonly sendBufferBytes?: number
  readonly crypto?: CryptoProvider
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly clock?: () => number
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: () => number
  readonly logger?: Logger
  /** What moves the datagrams. Default `auto`: native code where it was built on install, otherwise `node:dgram`. */
  readonly driver?: DriverChoice
  /** Opens the socket, instead of a driver of ours. */
  readonly openSocket?: (options: Omit<SocketOptions, 'peer'>) => Promise<DatagramSocket>
}

/**
 * A server on one UDP port.
 *
 * @example
 * const server = new RudpServer({ port: 7350, serverKey })
 * server.onConnection = (connection) => {
 *   connection.onMessage = (channel, mode, data) => connection.send(channel, mode, data)
 * }
 * await server.listen()
 */
export class RudpServer {
  /** A client has connected. Assign its handlers in the call: its first message may follow at once. */
  onConnection: ((connection: RudpConnection) => void) | undefined
  /** Some datagrams have been handed to the system: see {@link served}. */
  onWritten: (() => void) | undefined
  readonly #options: RudpServerOptions
  readonly #crypto: CryptoProvider
  readonly #endpoint: ServerEndpoint
  readonly #clock: () => number
  #socket: DatagramSocket | undefined
  #driver: EndpointDriver | undefined
  #closing: Promise<void> | undefined
  #onDrained: (() => void) | undefined

  /** @throws RudpError `OPTIONS_INVALID` */
  constructor(options: RudpServerOptions) {
    const logger = options.logger ?? consoleLogger
    this.#options = options
    this.#crypto = options.crypto ?? createDefaultProvider()
    this.#clock = options.clock ?? (() => performance.now())
    try {
      this.#endpoint = new ServerEndpoint({
        ...options,
        crypto: this.#crypto,
        protocol: options.protocol ?? DEFAULT_PROTOCOL,
        clock: this.#clock,
        wallClock: options.wallClock ?? Date.now,
        onConnection: (connection) => this.onConnection?.(connection),
        onCallbackError: (error) => logger.error({ err: error }, 'a transport callback failed'),
      })
    } catch (error) {
      throw new RudpError('OPTIONS_INVALID', String(error), { cause: error })
    }
  }

  /** Which cryptography is in use. */
  get cryptoName(): CryptoProvider['name'] {
    return this.#crypto.name
  }

  /** What moves the datagrams, `native` or `node:dgram`; undefined before `listen`. */
  get driverName(): string | undefined {
    return this.#socket?.driverName
  }

  /** By the clock of the server: when the datagrams were read whose messages are being delivered. */
  get lastReadMs(): number {
    return this.#driver?.lastReadMs ?? 0
  }

  /** How often a connection came to have something to send; they are served in that order. */
  get woken(): number {
    return this.#endpoint.woken
  }

  /** How many of {@link woken} have been served: the system has been given what they had to send. */
  get served(): number {
    return this.#endpoint.served
  }

  /** Live counters; do not change them. */
  get stats(): Readonly<EndpointStats> {
    return this.#endpoint.stats
  }

  get socketStats(): Readonly<SocketStats> | undefined {
    return this.#socket?.stats
  }

  /** Where the server listens. @throws RudpError before `listen` */
  get address(): Address {
    if (this.#socket === undefined) throw new RudpError('SOCKET_FAILED', 'The server is not listening')
    return this.#socket.local
  }

  /**
   * Binds the socket and begins to serve.
   * @throws RudpError `INSECURE_NOT_LOOPBACK`, or `SOCKET_FAILED` with the system's error (`EADDRINUSE`) as cause
   */
  async listen(): Promise<Address> {
    const { insecure, port = 0 } = this.#options
    const host = this.#options.host ?? (insecure === true ? '127.0.0.1' : '0.0.0.0')
    if (insecure === true && !isLoopback(host)) {
      throw new RudpError('INSECURE_NOT_LOOPBACK', `Insecure mode listens on loopback only, not on ${host}`)
    }
    if (this.#socket !== undefined || this.#closing !== undefined) {
      throw new RudpError('OPTIONS_INVALID', 'listen can be called once')
    }
    const { driver, openSocket } = this.#options
    const open = openSocket ?? ((options: SocketOptions) => openDatagramSocket(options, driver))
    let socket: DatagramSocket
    try {
      socket = await open({
        host,
        port,
        receiveBufferBytes: this.#options.receiveBufferBytes ?? DEFAULT_BUFFER_BYTES,
        sendBufferBytes: this.#options.sendBufferBytes ?? DEFAULT_BUFFER_BYTES,
        batchSize: BATCH_SIZE,
      })
    } catch (error) {
      throw new RudpError('SOCKET_FAILED', `Cannot listen on ${host}:${port}: ${String(error)}`, {
        cause: error,
      })
    }
    this.#socket = socket
    this.#driver = new EndpointDriver(this.#endpoint, socket, this.#clock, () => {
      this.onWritten?.()
      if (this.#endpoint.isDrained) this.#onDrained?.()
    })
    return socket.local
  }

  /**
   * Ends every connection with a code and reason, waits until the peers have heard it (at most `drainMs`), and
   * releases the socket. Idempotent.
   */
  close(
    code: number = CloseCode.GoingAway,
    reason = 'server shutting down',
    drainMs = DEFAULT_DRAIN_MS,
  ): Promise<void> {
    this.#closing ??= this.#close(code, reason, drainMs)
    return this.#closing
  }

  async #close(code: number, reason: string, drainMs: number): Promise<void> {
    if (this.#socket === undefined) return
    this.#endpoint.shutDown(code, reason)
    this.#driver?.schedule()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, drainMs)
      this.#onDrained = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#driver?.close()
    this.#endpoint.abandon('the server has closed')
    await this.#socket.close()
  }
}
