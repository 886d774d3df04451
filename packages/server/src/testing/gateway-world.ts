import { resolveConfig, type ServerConfigInput } from '../config.ts'
import type { RoomId } from '../ids.ts'
import type { Metrics } from '../observe/metrics.ts'
import { RoomGateway } from '../room/room-gateway.ts'
import type { RoomTraits } from '../room/room-host.ts'
import type { RoomRecord } from '../room/room-record.ts'
import { RoomRegistry } from '../room/room-registry.ts'
import type { Session } from '../session/session.ts'
import { SessionRegistry } from '../session/session-registry.ts'
import { FakeRoomHost } from './fake-room-host.ts'
import { ManualClock } from './manual-clock.ts'
import { type RecordingLogger, recordingLogger } from './recording-logger.ts'
import { seededRandom } from './seeded-random.ts'
import { createTestSession, type TestSession } from './test-session.ts'

/** A {@link RoomGateway} between sessions and a host that are both in the hands of the test. */
export interface GatewayWorld {
  readonly gateway: RoomGateway
  readonly host: FakeRoomHost
  readonly clock: ManualClock
  readonly rooms: RoomRegistry
  readonly sessions: SessionRegistry
  readonly log: RecordingLogger
  /** A session of its own number. */
  connect(): TestSession
  /** A room that its host has started. */
  run(traits?: Partial<RoomTraits>): RoomRecord
  /** Asks for a seat; returns the number of the request. */
  ask(
    session: Session,
    roomId: RoomId,
    metadata?: Record<string, unknown>,
    more?: { readonly reservation?: string; readonly password?: string },
  ): number
  /** Asks for a seat, and the room grants it. */
  join(session: Session, room: RoomRecord, metadata?: Record<string, unknown>): void
}

export function gatewayWorld(metrics: Metrics, config: ServerConfigInput = {}): GatewayWorld {
  const clock = new ManualClock()
  const host = new FakeRoomHost()
  const rooms = new RoomRegistry()
  const sessions = new SessionRegistry()
  const log = recordingLogger()
  const gateway = new RoomGateway({
    config: resolveConfig({ options: config }),
    clock,
    random: seededRandom(1),
    logger: log,
    metrics,
    sessions,
    rooms,
    host,
  })
  gateway.setModules(new Set(['game']))
  let sessionNumber = 0
  let requestNumber = 0
  const ask: GatewayWorld['ask'] = (session, roomId, metadata, { reservation, password } = {}) => {
    const request = { session, requestId: ++requestNumber, metadata, password }
    gateway.admission.join(request, roomId, reservation, () => {})
    return requestNumber
  }
  return {
    gateway,
    host,
    clock,
    rooms,
    sessions,
    log,
    connect() {
      const one = createTestSession(clock, ++sessionNumber)
      sessions.add(one.session)
      return one
    },
    run(traits = {}) {
      const room = gateway.create('game', {}, undefined)
      gateway.roomRunning(room.id, { label: 'test', tickHz: 10, maxPlayers: 8, version: 'v1', ...traits })
      return room
    },
    ask,
    join(session, room, metadata) {
      ask(session, room.id, metadata)
      const asked = host.taken('join').at(-1)
      if (asked === undefined) throw new Error('the host was not asked')
      gateway.joinAccepted(room.id, asked.member.member)
    },
  }
}
