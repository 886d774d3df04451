import { KaosError } from '@kaosnet/protocol'
import { type Clock, systemClock } from './clock.ts'
import { resolveConfig, type ServerConfig, type ServerConfigInput } from './config.ts'
import { createRoomHost } from './host/create-room-host.ts'
import { ClientAddress } from './http/client-address.ts'
import { ConnectService } from './http/connect-service.ts'
import { HttpServer } from './http/http-server.ts'
import { createLogger, type Logger } from './observe/logger.ts'
import { Metrics } from './observe/metrics.ts'
import { ConnectionRate } from './peer/connection-rate.ts'
import { FlushQueue } from './peer/flush-queue.ts'
import { Peer, type PeerOptions, type QueueBound } from './peer/peer.ts'
import { RudpTransport } from './peer/rudp-transport.ts'
import type { Connection, ConnectionHandler, Transport } from './peer/transport.ts'
import { resolveUdpKeys } from './peer/udp-keys.ts'
import { WebSocketTransport } from './peer/websocket-transport.ts'
import { type Random, systemRandom } from './random.ts'
import { RoomGateway } from './room/room-gateway.ts'
import type { RoomHost } from './room/room-host.ts'
import { RoomRegistry } from './room/room-registry.ts'
import { HookPipeline } from './router/hook-pipeline.ts'
import { PeerInbox, type PeerInboxParts } from './router/peer-inbox.ts'
import { RequestHandlers } from './router/request-handlers.ts'
import { SessionInboxes } from './router/session-inboxes.ts'
import { NodeServices } from './script/node-services.ts'
import { ScriptDeployment } from './script/script-deployment.ts'
import { Authenticator } from './session/authenticator.ts'
import { SessionRegistry } from './session/session-registry.ts'
import { SessionService } from './session/session-service.ts'
import { SilenceMonitor } from './session/silence-monitor.ts'

/** What a caller may put in place of the real thing, mostly for tests. */
export interface ServerParts {
  readonly clock?: Clock
  readonly random?: Random
  readonly logger?: Logger
  /** Further ways in, beside WebSocket and UDP. */
  readonly transports?: readonly Transport[]
}

export interface StopOptions {
  /** Seconds that rooms get to end; `shutdownGraceSeconds` of the configuration when omitted. */
  readonly graceSeconds?: number
  /** What clients are told about when to come back. */
  readonly retryAfterMs?: number
}

const WEBSOCKET_PATH = '/ws'
const DEFAULT_RETRY_AFTER_MS = 1_000

/**
 * Builds a server; nothing listens before {@link KaosServer.start}.
 *
 * @example
 * const server = createServer({ port: 0, scripts: { dir: 'lua' }, auth: { anonymous: true } })
 * await server.start()
 * console.log(server.addresses)
 * await server.stop()
 *
 * @throws {ConfigError}
 */
export function createServer(config: ServerConfigInput = {}, parts: ServerParts = {}): KaosServer {
  return new KaosServer(resolveConfig({ options: config }), parts)
}

/** One node: its transports, sessions, rooms and scripts. Several live side by side in one process. */
export class KaosServer {
  readonly config: ServerConfig
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #metrics: Metrics
  readonly #sessions = new SessionRegistry()
  readonly #rooms = new RoomRegistry()
  readonly #inboxes = new Set<PeerInbox>()
  readonly #connectionRate: ConnectionRate
  readonly #flushQueue: FlushQueue
  readonly #host: RoomHost
  readonly #gateway: RoomGateway
  readonly #hooks: HookPipeline
  readonly #scripts: ScriptDeployment
  readonly #sessionService: SessionService
  readonly #inboxParts: PeerInboxParts
  readonly #peerOptions: PeerOptions
  readonly #monitor: SilenceMonitor
  readonly #http: HttpServer
  readonly #rudp: RudpTransport | undefined
  readonly #transports: readonly Transport[]
  #phase: 'new' | 'starting' | 'running' | 'stopping' | 'stopped' = 'new'
  #stopping: Promise<void> | undefined

  constructor(config: ServerConfig, parts: ServerParts) {
    const clock = parts.clock ?? systemClock()
    const random = parts.random ?? systemRandom()
    const logger = parts.logger ?? createLogger(config.log.level)
    const sessions = this.#sessions
    const rooms = this.#rooms
    this.config = config
    this.#clock = clock
    this.#logger = logger
    this.#metrics = new Metrics({
      sessions: () => sessions.size,
      sessionsAway: () => sessions.awayCount,
      connections: () => this.#inboxes.size,
      rooms: () => rooms.size,
      members: () => {
        let members = 0
        for (const room of rooms) members += room.size
        return members
      },
      udpDrops: () => this.#rudp?.drops ?? {},
      hosts: () => this.#host.reports(),
      refreshHosts: () => this.#host.refreshReports(),
    })
    const metrics = this.#metrics
    this.#connectionRate = new ConnectionRate({ perSecond: config.limits.connectionsPerSecondPerAddress })
    this.#flushQueue = new FlushQueue(clock)

    const authenticator = new Authenticator(config.auth, clock, random)

    const services = new NodeServices({ sessions, rooms })
    this.#host = createRoomHost({
      config,
      clock,
      random,
      logger,
      node: services,
      isDriven: parts.clock !== undefined || parts.random !== undefined,
    })
    this.#hooks = new HookPipeline({
      host: this.#host,
      clock,
      logger,
      metrics,
      timeoutMs: config.limits.requestTimeoutMs,
    })
    this.#gateway = new RoomGateway({
      config,
      clock,
      random,
      logger,
      metrics,
      sessions,
      rooms,
      host: this.#host,
    })
    this.#sessionService = new SessionService({
      config,
      clock,
      random,
      logger,
      metrics,
      sessions,
      hooks: this.#hooks,
      authenticator,
      onEnded: (session, { leaveReason }) => this.#gateway.dropSession(session, leaveReason),
      onAway: (session) => this.#gateway.sessionAway(session),
      onBack: (session) => this.#gateway.sessionBack(session),
    })
    services.attach(this.#host, this.#gateway, this.#sessionService)
    this.#scripts = new ScriptDeployment({
      scripts: config.scripts,
      logger,
      host: this.#host,
      onActivated: (manifest) => {
        this.#hooks.setManifest(manifest)
        this.#gateway.setModules(manifest.modules)
      },
    })

    const routerParts = { config, clock, logger, metrics, sessionService: this.#sessionService }
    this.#inboxParts = {
      ...routerParts,
      hooks: this.#hooks,
      inboxes: new SessionInboxes({
        ...routerParts,
        handlers: new RequestHandlers({ config, hooks: this.#hooks, rooms: this.#gateway }),
      }),
      onClosed: (inbox) => this.#inboxes.delete(inbox),
    }
    this.#peerOptions = {
      clock,
      flushQueue: this.#flushQueue,
      observer: metrics,
      controlQueueBytes: config.limits.controlQueueBytes,
      reliableQueueBytes: config.limits.reliableQueueBytes,
      onSlowConsumer: (peer, bound) => this.#endSlowConsumer(peer, bound),
    }
    this.#monitor = new SilenceMonitor(clock, this.#inboxes)
    const udpKeys = resolveUdpKeys(config.udp)
    this.#rudp = config.udp.enabled
      ? new RudpTransport({
          clock,
          logger,
          keys: udpKeys,
          host: config.host,
          port: () => config.udp.port ?? this.port,
          mayUseOtherPort: config.port === 0,
          describeAddress: (port) => `udp://${this.#publicHost}:${port}`,
          limits: {
            connections: config.limits.connections,
            connectionsPerAddress: config.udp.connectionsPerAddress,
            controlQueueBytes: config.limits.controlQueueBytes,
            reliableQueueBytes: config.limits.reliableQueueBytes,
            unreliableQueueBytes: config.limits.unreliableQueueBytes,
            messageBytes: config.limits.messageBytes,
          },
        })
      : undefined
    const clients = new ClientAddress(config.http.trustedProxies)
    this.#http = new HttpServer({
      clientAddress: (request) => clients.of(request),
      connect: new ConnectService({
        authenticator,
        keys: udpKeys,
        clock,
        metrics,
        perSecondPerAddress: config.limits.connectionsPerSecondPerAddress,
        websocketPath: WEBSOCKET_PATH,
        publicAddress: config.udp.publicAddress,
        udpPort: () => (this.#rudp === undefined ? 0 : (config.udp.publicPort ?? this.#rudp.port)),
      }),
      host: config.host,
      port: config.port,
      publicDir: config.publicDir,
      metrics,
      isReady: () => this.#phase === 'running',
      admin: {
        token: config.admin.token,
        reload: () => this.reload(),
        scriptVersion: () => this.scriptVersion,
        rooms,
      },
    })
    this.#transports = [
      new WebSocketTransport({
        clock,
        server: this.#http.server,
        path: WEBSOCKET_PATH,
        messageBytes: config.limits.messageBytes,
        unreliableQueueBytes: config.limits.unreliableQueueBytes,
        describeAddress: () => `ws://${this.#publicHost}:${this.port}${WEBSOCKET_PATH}`,
        remoteAddress: (request) => clients.of(request),
      }),
      ...(this.#rudp === undefined ? [] : [this.#rudp]),
      ...(parts.transports ?? []),
    ]
  }

  /** The TCP port that was bound. */
  get port(): number {
    return this.#http.port
  }

  /** The UDP port that was bound; 0 when UDP is off. */
  get udpPort(): number {
    return this.#rudp?.port ?? 0
  }

  /** Where it can be reached, the page first. */
  get addresses(): string[] {
    return [`http://${this.#publicHost}:${this.port}/`, ...this.#transports.map(({ address }) => address)]
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  get roomCount(): number {
    return this.#rooms.size
  }

  /**
   * Loads the scripts and listens.
   * @throws {LuaError} when the entry script fails; {@link PortInUseError}
   */
  async start(): Promise<void> {
    if (this.#phase !== 'new') throw new Error('a server starts once')
    this.#phase = 'starting'
    try {
      await this.#host.start(this.#gateway)
      await this.#scripts.deploy()
      // UDP takes the port that TCP got.
      await this.#http.listen()
      for (const transport of this.#transports) {
        await transport.start((connection) => this.#accept(connection))
      }
    } catch (error) {
      await this.stop({ graceSeconds: 0 })
      throw error
    }
    this.#monitor.start()
    this.#phase = 'running'
    this.#logger.info({ addresses: this.addresses }, 'server started')
  }

  /** What new rooms, RPCs and hooks run: 12 hex digits that depend on the scripts alone. */
  get scriptVersion(): string {
    return this.#scripts.version
  }

  /**
   * Loads the scripts anew. New rooms, RPCs and hooks use the new version; rooms that run keep theirs until they end, or
   * take the new one if its module has `match_upgrade`. Nobody is disconnected.
   * @returns The version that runs now.
   * @throws what a script threw while it was loaded; nothing has changed then
   */
  async reload(): Promise<string> {
    if (this.#phase !== 'running') throw new Error('the server does not run')
    return this.#scripts.deploy()
  }

  /**
   * Stops in order: not ready, nothing new, rooms end within the grace, clients are told, sockets close. Idempotent.
   */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options)
    return this.#stopping
  }

  async #stop(options: StopOptions): Promise<void> {
    const graceSeconds = options.graceSeconds ?? this.config.shutdownGraceSeconds
    const wasRunning = this.#phase === 'running'
    this.#phase = 'stopping'
    this.#sessionService.refuseNew()
    await this.#gateway.shutDown(graceSeconds)
    const retryAfterMs = options.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS
    const ending = new KaosError('SHUTTING_DOWN')
    for (const inbox of [...this.#inboxes]) inbox.end(ending, 'shutdown', retryAfterMs)
    this.#sessionService.endAll({ code: ending.code, reason: ending.message, leaveReason: 'shutdown' })
    this.#flushQueue.flush()
    this.#monitor.stop()
    for (const transport of this.#transports) await transport.stop()
    await this.#http.close()
    await this.#host.close()
    this.#metrics.close()
    this.#phase = 'stopped'
    if (wasRunning) this.#logger.info({}, 'server stopped')
  }

  #accept(connection: Connection): ConnectionHandler {
    const peer = new Peer(connection, this.#peerOptions)
    const inbox = new PeerInbox(peer, this.#inboxParts)
    this.#inboxes.add(inbox)
    this.#refuseExcess(inbox)
    return inbox
  }

  /** Ends a connection that is one too many; its client is told why. */
  #refuseExcess(inbox: PeerInbox): void {
    const { connections, connectionsPerSecondPerAddress } = this.config.limits
    const { remoteAddress } = inbox.peer.connection
    if (!this.#connectionRate.admits(remoteAddress, this.#clock.nowMs())) {
      this.#metrics.limitHit('connectionsPerSecondPerAddress')
      const text = `one address opens at most ${connectionsPerSecondPerAddress} connections a second`
      inbox.end(new KaosError('RATE_LIMITED', text), 'dropped', DEFAULT_RETRY_AFTER_MS)
    } else if (this.#inboxes.size > connections) {
      this.#metrics.limitHit('connections')
      inbox.end(
        new KaosError('SERVER_FULL', `this server keeps at most ${connections} connections`),
        'dropped',
      )
    }
  }

  #endSlowConsumer(peer: Peer, bound: QueueBound): void {
    this.#metrics.limitHit(bound)
    const what = bound === 'controlQueueBytes' ? 'answers and notices' : 'what rooms sent reliably'
    const text = `the client read too slowly: more than ${this.config.limits[bound]} bytes of ${what} waited for it`
    // Not within the send that overflowed: its caller may be walking the members of a room.
    this.#clock.defer(() => {
      for (const inbox of this.#inboxes) {
        if (inbox.peer === peer) return inbox.end(new KaosError('SLOW_CONSUMER', text), 'dropped')
      }
    })
  }

  get #publicHost(): string {
    const { host } = this.config
    return host === '0.0.0.0' || host === '::' ? 'localhost' : host
  }
}
