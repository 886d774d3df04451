import type { Clock } from '../clock.ts'
import type { SessionId } from '../ids.ts'
import { FlushQueue } from '../peer/flush-queue.ts'
import { Peer, type PeerOptions } from '../peer/peer.ts'
import { type Identity, Session } from '../session/session.ts'
import { SessionLink, type SessionLinkOptions } from '../session/session-link.ts'
import { FakeConnection } from './fake-connection.ts'

export interface TestPeer {
  readonly peer: Peer
  readonly connection: FakeConnection
}

export interface TestSession extends TestPeer {
  readonly session: Session
}

/** A peer over a {@link FakeConnection}. */
export function createTestPeer(clock: Clock, options: Partial<PeerOptions> = {}): TestPeer {
  const connection = new FakeConnection()
  const peer = new Peer(connection, {
    clock,
    flushQueue: new FlushQueue(clock),
    observer: { frameSent() {}, errorSent() {}, framesSuperseded() {} },
    controlQueueBytes: 1_048_576,
    reliableQueueBytes: 1_048_576,
    onSlowConsumer: () => {},
    ...options,
  })
  return { peer, connection }
}

/** A link that can be resumed, over a peer. */
export function createTestLink(peer: Peer, options: Partial<SessionLinkOptions> = {}): SessionLink {
  return new SessionLink(peer, {
    replay: { maxBytes: 65_536, maxFrames: 1_024 },
    observer: { errorSent() {}, replayOverflowed() {}, frameUnsent() {} },
    onOverflow: () => {},
    ...options,
  })
}

/** A session numbered `id`, on a peer of its own. */
export function createTestSession(clock: Clock, id: number, identity: Partial<Identity> = {}): TestSession {
  const { peer, connection } = createTestPeer(clock)
  const sessionId = id.toString(16).padStart(16, '0') as SessionId
  const who = {
    userId: `user-${id}`,
    username: `player ${id}`,
    vars: {},
    isAuthenticated: false,
    ...identity,
  }
  return { peer, connection, session: new Session(sessionId, who, createTestLink(peer), clock.unixMs()) }
}
