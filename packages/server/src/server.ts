import { KaosError } from '@kaosnet/protocol'
import { type Clock, systemClock, type TimerHandle } from './clock.ts'
import { resolveConfig, type ServerConfig, type ServerConfigInput } from './config.ts'
import { createRoomHost } from './host/create-room-host.ts'
import { ClientAddress } from './http/client-address.ts'
import { ConnectService } from './http/connect-service.ts'
import { HttpServer } from './http/http-server.ts'
import { createLogger, type Logger } from './observe/logger.ts'
import { MatchmakerService } from './matchmaker/matchmaker-service.ts'
import { Metrics } from './observe/metrics.ts'
import { PartyService } from './party/party-service.ts'
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
import { HookedRequests } from './router/hooked-requests.ts'
import { MatchmakingHandlers } from './router/matchmaking-handlers.ts'
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
 * How long a stop waits for each of these once the grace is over, whatever hangs: together less than the five seconds
 * that docs/operations.md#stopping tells an orchestrator to wait.
 */
const CLOSE_BOUNDS_MS = { connections: 3_000, http: 500, threads: 1_000 } as const
type ClosedPart = keyof typeof CLOSE_BOUNDS_MS

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
  readonly #parties: PartyService
  readonly #matchmaker: MatchmakerService
  readonly #sessionService: SessionService
  readonly #inboxParts: PeerInboxParts
  readonly #peerOptions: PeerOptions
  readonly #monitor: SilenceMonitor
  readonly #http: HttpServer
  readonly #rudp: RudpTransport | undefined
  readonly #transports: readonly Transport[]
  /** `closing`: the grace is over, and whoever still connects is sent away. */
  #phase: 'new' | 'starting' | 'running' | 'stopping' | 'closing' | 'stopped' = 'new'
  #stopping: Promise<void> | undefined
  #leftBehind: readonly ClosedPart[] = []
  #retryAfterMs = DEFAULT_RETRY_AFTER_MS

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
      matchmakerTickets: () => this.#matchmaker.size,
      parties: () => this.#parties.size,
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
    this.#flushQueue = new FlushQueue(clock, () => {
      metrics.routing.flushed(this.#rudp?.woken ?? 0)
      this.#noteWritten()
    })

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
      onEnded: (session, { leaveReason }) => {
        this.#matchmaker.sessionEnded(session)
        this.#parties.sessionEnded(session)
        this.#gateway.dropSession(session, leaveReason)
      },
      onAway: (session) => {
        this.#parties.sessionChanged(session)
        return this.#gateway.sessionAway(session)
      },
      onBack: (session) => {
        this.#parties.sessionChanged(session)
        this.#gateway.sessionBack(session)
      },
    })
    this.#parties = new PartyService({
      config,
      random,
      metrics,
      onMembersChanged: (party, session) => this.#matchmaker.partyChanged(party, session),
    })
    this.#matchmaker = new MatchmakerService({
      config,
      clock,
      random,
      logger,
      metrics,
      hooks: this.#hooks,
      rooms: this.#gateway,
      parties: this.#parties,
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
    const hooked = new HookedRequests(this.#hooks)
    this.#inboxParts = {
      ...routerParts,
      hooks: this.#hooks,
      inboxes: new SessionInboxes({
        ...routerParts,
        handlers: new RequestHandlers({ config, hooks: this.#hooks, hooked, rooms: this.#gateway }),
        matchmaking: new MatchmakingHandlers({
          hooked,
          matchmaker: this.#matchmaker,
          parties: this.#parties,
        }),
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
          driver: config.udp.driver,
          onWritten: () => this.#noteWritten(),
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
    const http = new HttpServer({
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
      headersTimeoutMs: config.http.headersTimeoutMs,
      requestTimeoutMs: config.http.requestTimeoutMs,
      metrics,
      isReady: () => this.#phase === 'running',
      admin: {
        token: config.admin.token,
        reload: () => this.reload(),
        scriptVersion: () => this.scriptVersion,
        rooms,
      },
    })
    this.#http = http
    this.#transports = [
      new WebSocketTransport({
        clock,
        get server() {
          return http.server
        },
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
      await Promise.all([this.#startHost(), this.#http.prepare()])
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
    const udpDriver = this.#rudp?.driverName
    this.#logger.info({ addresses: this.addresses, udpDriver }, 'server started')
  }

  async #startHost(): Promise<void> {
    await this.#host.start(this.#gateway)
    await this.#scripts.deploy()
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
   * Stops in order: not ready, nothing new, rooms end within the grace, clients are told, sockets close. Takes five
   * seconds more than the grace at most, whatever hangs. Idempotent.
   */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options)
    return this.#stopping
  }

  /**
   * What {@link stop} did not see closed in time: `connections`, `http`, `threads`. A thread is left when a script keeps it
   * in a system call that does not return; then `process.exit` waits for it too, and only a signal ends the process.
   */
  get leftBehind(): readonly string[] {
    return this.#leftBehind
  }

  /**
   * Ends the threads of rooms at once, for a program that will not wait for {@link stop}.
   * @returns false when one has not ended within a second: see {@link leftBehind}
   */
  endThreads(): Promise<boolean> {
    return this.#isDoneWithin(CLOSE_BOUNDS_MS.threads, this.#host.close())
  }

  async #stop(options: StopOptions): Promise<void> {
    const graceSeconds = options.graceSeconds ?? this.config.shutdownGraceSeconds
    const wasRunning = this.#phase === 'running'
    this.#phase = 'stopping'
    this.#sessionService.refuseNew()
    this.#matchmaker.close()
    await this.#gateway.shutDown(graceSeconds)
    this.#phase = 'closing'
    this.#retryAfterMs = options.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS
    for (const inbox of [...this.#inboxes]) this.#sendAway(inbox)
    const ending = new KaosError('SHUTTING_DOWN')
    this.#sessionService.endAll({ code: ending.code, reason: ending.message, leaveReason: 'shutdown' })
    this.#flushQueue.flush()
    this.#monitor.stop()
    const left: ClosedPart[] = []
    const close = async (part: ClosedPart, closing: Promise<unknown>): Promise<void> => {
      if (!(await this.#isDoneWithin(CLOSE_BOUNDS_MS[part], closing))) left.push(part)
    }
    await close('connections', Promise.all(this.#transports.map((transport) => transport.stop())))
    await close('http', this.#http.close())
    await close('threads', this.#host.close())
    this.#metrics.close()
    this.#phase = 'stopped'
    this.#leftBehind = left
    if (left.length > 0) this.#logger.error({ left }, 'not everything closed in time')
    if (wasRunning) this.#logger.info({}, 'server stopped')
  }

  /** Whether it was done before the time was over; whatever it does later is of no interest then. @throws as it does */
  async #isDoneWithin(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
    let timer: TimerHandle | undefined
    const isLate = new Promise<boolean>((resolve) => {
      timer = this.#clock.setTimer(() => resolve(false), timeoutMs)
    })
    try {
      return await Promise.race([work.then(() => true), isLate])
    } finally {
      timer?.cancel()
    }
  }

  #sendAway(inbox: PeerInbox): void {
    inbox.end(new KaosError('SHUTTING_DOWN'), 'shutdown', this.#retryAfterMs)
  }

  #accept(connection: Connection): ConnectionHandler {
    const peer = new Peer(connection, this.#peerOptions)
    const inbox = new PeerInbox(peer, this.#inboxParts)
    this.#inboxes.add(inbox)
    // Nobody would end it any more, and the stop would wait for it.
    if (this.#phase === 'closing') this.#sendAway(inbox)
    else this.#refuseExcess(inbox)
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

  /** What goes over UDP leaves after the turn in which connections got it. */
  #noteWritten(): void {
    this.#metrics.routing.written(this.#rudp?.served ?? 0, this.#clock.nowMs())
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
