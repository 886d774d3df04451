import { LaneOutbox, rudpChannelOf } from '@kaosnet/protocol'
import { type RudpConnection, RudpServer } from '@kaosnet/rudp'
import type { Clock, TimerHandle } from '../clock.ts'
import { PortInUseError } from '../errors.ts'
import type { Logger } from '../observe/logger.ts'
import type { Connection, ConnectionHandler, Delivery, Lane, Transport } from './transport.ts'
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
  readonly limits: {
    readonly connections: number
    readonly connectionsPerAddress: number
    readonly sendQueueBytes: number
    readonly messageBytes: number
  }
}

/** The range of close codes kaos-rudp leaves to applications (`docs/transport.md`). */
const APPLICATION_CLOSE_BASE = 256
/** What was sent last, and the SessionEnd after it, get this long each to be acknowledged before the connection closes. */
const LINGER_MS = 250
const DELIVERY_POLL_MS = 10

/** Encrypted reliable UDP: each lane on a channel of its own, so that a lost packet delays no other room. */
export class RudpTransport implements Transport {
  readonly name = 'rudp'
  readonly #options: RudpTransportOptions
  readonly #open = new Set<RudpPeerConnection>()
  #server: RudpServer | undefined
  #port = 0

  constructor(options: RudpTransportOptions) {
    this.#options = options
  }

  /** The UDP port that was bound; 0 before {@link start}. */
  get port(): number {
    return this.#port
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
    const { clock, host, keys, limits, logger } = this.#options
    const server = new RudpServer({
      host,
      port,
      crypto: keys.crypto,
      serverKey: keys.privateKey,
      tokenKeys: keys.tokenKeys,
      limits: { maxConnections: limits.connections, maxConnectionsPerAddress: limits.connectionsPerAddress },
      connectionLimits: { sendQueueBytes: limits.sendQueueBytes },
      clock: () => clock.nowMs(),
      wallClock: () => clock.unixMs(),
      logger,
    })
    server.onConnection = (rudp) => {
      const connection = new RudpPeerConnection(rudp, clock, () => this.#open.delete(connection))
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

class RudpPeerConnection implements Connection {
  readonly transport = 'rudp'
  readonly closed: Promise<void>
  readonly #rudp: RudpConnection
  readonly #clock: Clock
  readonly #outbox: LaneOutbox
  readonly #onGone: () => void
  #resolveClosed: () => void = () => {}
  #supersededFrames = 0
  #isBlocked = false
  #isClosing = false
  #linger: TimerHandle | undefined

  constructor(rudp: RudpConnection, clock: Clock, onGone: () => void) {
    this.#rudp = rudp
    this.#clock = clock
    this.#onGone = onGone
    this.#outbox = new LaneOutbox((message, isReliable, lane) => this.#hand(message, isReliable, lane))
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  attach(handler: ConnectionHandler, messageBytes: number): void {
    this.#rudp.onMessage = (_channel, _mode, data) => {
      if (data.length > messageBytes) handler.onBadMessage('too-large', data.length)
      else handler.onMessage(data)
    }
    this.#rudp.onClose = (close) => {
      this.#linger?.cancel()
      this.#onGone()
      this.#resolveClosed()
      handler.onClosed(close.reason || `closed with ${close.code}`)
    }
  }

  get remoteAddress(): string {
    return this.#rudp.remote.ip
  }

  /** Without end once a reliable message was refused: nothing may be dropped, so the session cannot go on. */
  get queuedBytes(): number {
    return this.#isBlocked ? Number.POSITIVE_INFINITY : this.#outbox.queuedBytes
  }

  get supersededFrames(): number {
    return this.#supersededFrames
  }

  send(frame: Uint8Array, delivery: Delivery, lane: Lane): void {
    this.#outbox.add(frame, delivery === 'reliable', lane)
  }

  flush(): void {
    this.#outbox.flush()
    this.#rudp.flush()
  }

  close(code: number, reason: string, lastFrame?: Uint8Array): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.flush()
    // Lanes have no common order, so the last frame waits for the others.
    this.#whenDelivered(() => {
      if (lastFrame !== undefined) this.#rudp.send(0, 'reliable-ordered', lastFrame)
      this.#rudp.flush()
      this.#whenDelivered(() => this.#rudp.close(code === 0 ? 0 : APPLICATION_CLOSE_BASE + code, reason))
    })
  }

  /** Calls back when the client has acknowledged everything reliable, or has had {@link LINGER_MS} to do so. */
  #whenDelivered(callback: () => void, waitedMs = 0): void {
    if (this.#rudp.stats().sendQueueBytes === 0 || waitedMs >= LINGER_MS) return callback()
    this.#linger = this.#clock.setTimer(
      () => this.#whenDelivered(callback, waitedMs + DELIVERY_POLL_MS),
      DELIVERY_POLL_MS,
    )
  }

  #hand(message: Uint8Array, isReliable: boolean, lane: Lane): void {
    const channel = rudpChannelOf(lane)
    if (isReliable) {
      if (this.#rudp.send(channel, 'reliable-ordered', message) === 'blocked') this.#isBlocked = true
      return
    }
    const result = this.#rudp.send(channel, 'unreliable-sequenced', message)
    if (result === 'too-large') this.#hand(message, true, lane)
    else if (result === 'superseded' || result === 'blocked') this.#supersededFrames++
  }
}
