import {
  type ClientPayload,
  type ClientPayloadName,
  type ErrorName,
  encodeClientFrame,
  type ServerPayload,
} from '@kaosnet/protocol'
import { resolveConfig, type ServerConfigInput } from '../config.ts'
import type { RoomId } from '../ids.ts'
import type { Metrics } from '../observe/metrics.ts'
import { MatchmakerService } from '../matchmaker/matchmaker-service.ts'
import { PartyService } from '../party/party-service.ts'
import { FlushQueue } from '../peer/flush-queue.ts'
import { Peer } from '../peer/peer.ts'
import type { Connection } from '../peer/transport.ts'
import { RoomGateway } from '../room/room-gateway.ts'
import type { HookName, RoomTraits } from '../room/room-host.ts'
import { RoomRegistry } from '../room/room-registry.ts'
import { HookPipeline } from '../router/hook-pipeline.ts'
import { PeerInbox } from '../router/peer-inbox.ts'
import { HookedRequests } from '../router/hooked-requests.ts'
import { MatchmakingHandlers } from '../router/matchmaking-handlers.ts'
import { RequestHandlers } from '../router/request-handlers.ts'
import { SessionInboxes } from '../router/session-inboxes.ts'
import { Authenticator } from '../session/authenticator.ts'
import { SessionRegistry } from '../session/session-registry.ts'
import { SessionService } from '../session/session-service.ts'
import type { FakeConnection } from './fake-connection.ts'
import { FakeRoomHost, manifest } from './fake-room-host.ts'
import { ManualClock } from './manual-clock.ts'
import { settled } from './promises.ts'
import { type RecordingLogger, recordingLogger } from './recording-logger.ts'
import { seededRandom } from './seeded-random.ts'
import { createTestPeer } from './test-session.ts'

/** A client: what it sends, and the connection that keeps what it is sent. */
export interface RouterClient {
  readonly inbox: PeerInbox
  readonly connection: FakeConnection
  /** Delivers one message with these frames, then lets everything run that need not wait for time. */
  send(...frames: readonly Uint8Array[]): Promise<void>
  request<N extends ClientPayloadName>(name: N, payload: ClientPayload<N>): Promise<void>
  /** Starts a session. */
  start(): Promise<void>
  /** Joins a room that runs; returns its handle. */
  join(roomId: RoomId): Promise<number>
  /** The errors sent so far, with the requests they answer. */
  refusals(): [ErrorName, number, number][]
}

/** Everything between a peer and a room host, real, with both ends in the hands of the test. */
export interface RouterWorld {
  readonly host: FakeRoomHost
  readonly clock: ManualClock
  readonly gateway: RoomGateway
  readonly sessions: SessionRegistry
  readonly rooms: RoomRegistry
  readonly parties: PartyService
  readonly matchmaker: MatchmakerService
  readonly log: RecordingLogger
  /** Inboxes whose connection is gone. */
  readonly closed: PeerInbox[]
  connect(): RouterClient
  /** What a connection of the test's own brings goes here. */
  connectLink(connection: Connection): PeerInbox
  /** A room that its host has started. */
  run(traits?: Partial<RoomTraits>): RoomId
}

export interface RouterScripts {
  readonly rpcs?: readonly string[]
  readonly before?: readonly HookName[]
  readonly after?: readonly HookName[]
}

export function routerWorld(
  metrics: Metrics,
  options: ServerConfigInput = {},
  scripts: RouterScripts = {},
): RouterWorld {
  // Most tests are about what happens when a session ends; those of resume say how long one is kept.
  const session = { resumeWindowMs: 0, ...options.session }
  const config = resolveConfig({ options: { auth: { anonymous: true }, ...options, session } })
  const clock = new ManualClock()
  const random = seededRandom(1)
  const log = recordingLogger()
  const host = new FakeRoomHost()
  const sessions = new SessionRegistry()
  const rooms = new RoomRegistry()
  const common = { config, clock, random, logger: log, metrics, sessions }
  const hooks = new HookPipeline({
    host,
    clock,
    logger: log,
    metrics,
    timeoutMs: config.limits.requestTimeoutMs,
  })
  hooks.setManifest(manifest(scripts))
  const gateway = new RoomGateway({ ...common, rooms, host })
  gateway.setModules(new Set(['game']))
  const sessionService = new SessionService({
    ...common,
    hooks,
    authenticator: new Authenticator(config.auth, clock, random),
    onEnded: (session, { leaveReason }) => {
      matchmaker.sessionEnded(session)
      parties.sessionEnded(session)
      gateway.dropSession(session, leaveReason)
    },
    onAway: (session) => {
      parties.sessionChanged(session)
      return gateway.sessionAway(session)
    },
    onBack: (session) => {
      parties.sessionChanged(session)
      gateway.sessionBack(session)
    },
  })
  const parties = new PartyService({
    config,
    random,
    metrics,
    onMembersChanged: (party, session) => matchmaker.partyChanged(party, session),
  })
  const matchmaker = new MatchmakerService({ ...common, hooks, rooms: gateway, parties })
  const hooked = new HookedRequests(hooks)
  const closed: PeerInbox[] = []
  const parts = {
    ...common,
    hooks,
    sessionService,
    inboxes: new SessionInboxes({
      ...common,
      sessionService,
      handlers: new RequestHandlers({ config, hooks, hooked, rooms: gateway }),
      matchmaking: new MatchmakingHandlers({ hooked, matchmaker, parties }),
    }),
    onClosed: (inbox: PeerInbox) => closed.push(inbox),
  }
  return {
    host,
    clock,
    gateway,
    sessions,
    rooms,
    parties,
    matchmaker,
    log,
    closed,
    connect() {
      const { peer, connection } = createTestPeer(clock, { observer: metrics })
      return routerClient(new PeerInbox(peer, parts), connection, gateway, host)
    },
    connectLink(connection) {
      const flushQueue = new FlushQueue(clock)
      const onSlowConsumer = (): void => {}
      const { controlQueueBytes, reliableQueueBytes } = config.limits
      const options = {
        clock,
        flushQueue,
        observer: metrics,
        controlQueueBytes,
        reliableQueueBytes,
        onSlowConsumer,
      }
      return new PeerInbox(new Peer(connection, options), parts)
    },
    run(traits = {}) {
      const { id } = gateway.create('game', {}, undefined)
      gateway.roomRunning(id, { label: '', tickHz: 10, maxPlayers: 8, version: 'v1', ...traits })
      return id
    },
  }
}

function routerClient(
  inbox: PeerInbox,
  connection: FakeConnection,
  gateway: RoomGateway,
  host: FakeRoomHost,
): RouterClient {
  const send: RouterClient['send'] = async (...frames) => {
    inbox.onMessage(Buffer.concat(frames))
    await settled()
  }
  return {
    inbox,
    connection,
    send,
    request: (name, payload) => send(encodeClientFrame(name, payload)),
    start: () => send(encodeClientFrame('SessionStart', { id: 1, versions: [1] })),
    async join(roomId) {
      await send(encodeClientFrame('RoomJoin', { id: 2, room_id: roomId }))
      gateway.joinAccepted(roomId, host.taken('join').at(-1)?.member.member ?? 0)
      return (connection.payloads('RoomJoin').at(-1) as ServerPayload<'RoomJoin'>).room
    },
    refusals: () => connection.payloads('Error').map(({ name, op, id }) => [name as ErrorName, op, id]),
  }
}
