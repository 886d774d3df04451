import { KaosError, PROTOCOL_VERSIONS, WireLimits } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { resolveConfig, type ServerConfigInput } from '../config.ts'
import type { HookName, ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import { HookPipeline } from '../router/hook-pipeline.ts'
import { FakeRoomHost, manifest } from '../testing/fake-room-host.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { deferred } from '../testing/promises.ts'
import { readMetric } from '../testing/read-metric.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import { createTestPeer, type TestPeer } from '../testing/test-session.ts'
import { Authenticator } from './authenticator.ts'
import type { Session } from './session.ts'
import { SessionRegistry } from './session-registry.ts'
import { type SessionEnding, SessionService } from './session-service.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

interface World {
  readonly service: SessionService
  readonly sessions: SessionRegistry
  readonly host: FakeRoomHost
  readonly clock: ManualClock
  /** Sessions that were reported as ended, and whether the registry still had them. */
  readonly ended: { session: Session; ending: SessionEnding; wasKnown: boolean }[]
  connect(): TestPeer
  start(peer: TestPeer, request?: Partial<Parameters<SessionService['start']>[1]>): Promise<Session>
}

interface Scripts {
  readonly before?: readonly HookName[]
  readonly after?: readonly HookName[]
  invoke?(call: ScriptCall): ScriptOutcome | Promise<ScriptOutcome>
}

function world(config: ServerConfigInput = {}, scripts: Scripts = {}): World {
  const resolved = resolveConfig({
    options: { auth: { anonymous: true }, ...config, session: { resumeWindowMs: 0, ...config.session } },
  })
  const clock = new ManualClock({ unixMs: 1_000_000 })
  const random = seededRandom(1)
  const host = new FakeRoomHost()
  if (scripts.invoke !== undefined) host.onInvoke = scripts.invoke
  const logger = recordingLogger()
  const sessions = new SessionRegistry()
  const hooks = new HookPipeline({ host, clock, logger, metrics, timeoutMs: 1_000 })
  hooks.setManifest(manifest(scripts))
  const ended: World['ended'] = []
  const service = new SessionService({
    config: resolved,
    clock,
    random,
    logger,
    metrics,
    sessions,
    hooks,
    authenticator: new Authenticator(resolved.auth, clock, random),
    onEnded: (session, ending) =>
      ended.push({ session, ending, wasKnown: sessions.get(session.id) !== undefined }),
    onAway: () => 0,
    onBack: () => {},
  })
  return {
    service,
    sessions,
    host,
    clock,
    ended,
    connect: () => createTestPeer(clock),
    start: ({ peer }, request = {}) => service.start(peer, { id: 1, versions: [1], ...request }),
  }
}

function kaosError(error: string, text?: string): unknown {
  return expect.objectContaining(text === undefined ? { error } : { error, message: text })
}

const hooked = (invoke: NonNullable<Scripts['invoke']>): Scripts => ({ before: ['session_start'], invoke })
const value = (changed: unknown): ScriptOutcome => ({ kind: 'value', value: changed })

describe('a session that starts', () => {
  it('is answered with all that a client must know', async () => {
    const { start, connect, sessions } = world({ session: { heartbeatMs: 4_000, timeoutMs: 9_000 } })
    const peer = connect()
    const session = await start(peer, { id: 77, username: 'Ann', vars: { lang: 'de' } })
    expect(peer.connection.payloads('SessionStart')).toEqual([
      {
        id: 77,
        version: 1,
        session: session.id,
        user_id: session.identity.userId,
        username: 'Ann',
        is_authenticated: false,
        vars: { lang: 'de' },
        heartbeat_ms: 4_000,
        timeout_ms: 9_000,
        server_time_us: 1_000_000_000,
      },
    ])
    expect(session.id).toMatch(/^[0-9a-f]{16}$/)
    expect(session.startedUnixMs).toBe(1_000_000)
    expect(sessions.get(session.id)).toBe(session)
    expect([...sessions]).toEqual([session])
  })

  it('has an id of its own', async () => {
    const { start, connect } = world()
    const ids = new Set<string>()
    for (let i = 0; i < 50; i++) ids.add((await start(connect())).id)
    expect(ids.size).toBe(50)
  })

  it('is refused when authentication fails', async () => {
    const { start, connect, sessions } = world({ auth: { anonymous: false } })
    await expect(start(connect())).rejects.toThrow(kaosError('AUTH_REQUIRED'))
    expect(sessions.size).toBe(0)
  })
})

describe('the version', () => {
  it.each([[[1]], [[9, 1]], [[1, 2, 3]]])(
    'is the newest that both sides speak: offered %j',
    async (versions) => {
      const { start, connect } = world()
      const peer = connect()
      await start(peer, { versions })
      expect(peer.connection.payloads('SessionStart')[0]?.version).toBe(1)
    },
  )

  it.each([[[]], [[2]], [[0, 99]]])('is refused with those supported: offered %j', async (versions) => {
    const { start, connect } = world()
    await expect(start(connect(), { versions })).rejects.toThrow(
      expect.objectContaining({
        error: 'UNSUPPORTED_VERSION',
        details: { supported: PROTOCOL_VERSIONS },
      }),
    )
  })

  it('is checked before anything else', async () => {
    const { start, connect, service, host } = world(
      { auth: { anonymous: false } },
      hooked(() => value({})),
    )
    service.refuseNew()
    await expect(start(connect(), { versions: [2] })).rejects.toThrow(kaosError('UNSUPPORTED_VERSION'))
    expect(host.calls).toEqual([])
  })
})

describe('the bound on sessions', () => {
  it('refuses further ones, counts that, and admits one when another has ended', async () => {
    const { start, connect, service } = world({ limits: { sessions: 2 } })
    const hits = () => readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'sessions' })
    const before = await hits()
    await start(connect())
    const second = await start(connect())
    await expect(start(connect())).rejects.toThrow(
      kaosError('SERVER_FULL', 'this server admits at most 2 sessions'),
    )
    expect(await hits()).toBe(before + 1)
    service.end(second, { code: 0, reason: '', leaveReason: 'left' })
    await start(connect())
  })

  it('holds for sessions that start at the same time', async () => {
    const { start, connect, sessions } = world({ limits: { sessions: 3 } })
    const started = await Promise.allSettled(Array.from({ length: 10 }, () => start(connect())))
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(sessions.size).toBe(3)
  })
})

describe('shutting down', () => {
  it('refuses new sessions, also those that are on their way', async () => {
    const answer = deferred<ScriptOutcome>()
    const { start, connect, service, sessions } = world(
      {},
      hooked(() => answer.promise),
    )
    const late = start(connect())
    service.refuseNew()
    await expect(start(connect())).rejects.toThrow(kaosError('SHUTTING_DOWN'))
    answer.resolve(value({ user_id: 'u', username: 'n', vars: {} }))
    await expect(late).rejects.toThrow(kaosError('SHUTTING_DOWN'))
    expect(sessions.size).toBe(0)
  })
})

describe('the before-hook of session_start', () => {
  it('sees who asks, and from where', async () => {
    const { start, connect, host } = world(
      {},
      hooked((call) => value(call.kind === 'before' ? call.message : undefined)),
    )
    const session = await start(connect(), { username: 'Ann', vars: { a: 'b' } })
    const { userId } = session.identity
    expect(host.calls).toEqual([
      {
        kind: 'before',
        name: 'session_start',
        caller: {
          sessionId: session.id,
          userId,
          username: 'Ann',
          vars: { a: 'b' },
          isAuthenticated: false,
          clientAddress: '203.0.113.1',
          transport: 'memory',
        },
        message: { user_id: userId, username: 'Ann', vars: { a: 'b' }, is_authenticated: false },
      },
    ])
  })

  it('may change who the user is, but not that it was authenticated', async () => {
    const changed = {
      user_id: 'x'.repeat(WireLimits.userIdBytes),
      username: 'Renamed',
      vars: { role: 'gm' },
      is_authenticated: true,
    }
    const { start, connect } = world(
      {},
      hooked(() => value(changed)),
    )
    const peer = connect()
    const session = await start(peer)
    expect(session.identity).toEqual({
      userId: changed.user_id,
      username: 'Renamed',
      vars: { role: 'gm' },
      isAuthenticated: false,
    })
    expect(peer.connection.payloads('SessionStart')[0]).toMatchObject({ username: 'Renamed' })
  })

  it('may leave out the vars', async () => {
    const { start, connect } = world(
      {},
      hooked(() => value({ user_id: 'u', username: 'n' })),
    )
    expect((await start(connect(), { vars: { a: 'b' } })).identity.vars).toEqual({})
  })

  it.each([
    ['no user id', { username: 'n' }],
    ['a user id that is no text', { user_id: 7, username: 'n' }],
    ['a user id that is too long', { user_id: 'x'.repeat(WireLimits.userIdBytes + 1), username: 'n' }],
    ['a username that is too long', { user_id: 'u', username: 'x'.repeat(WireLimits.usernameBytes + 1) }],
    ['vars that are no text', { user_id: 'u', username: 'n', vars: { a: 1 } }],
  ])('has failed when it returns %s', async (_, changed) => {
    const { start, connect, sessions } = world(
      {},
      hooked(() => value(changed)),
    )
    await expect(start(connect())).rejects.toThrow(kaosError('HOOK_FAILED'))
    expect(sessions.size).toBe(0)
  })

  it('may refuse the session, and its reason reaches the client', async () => {
    const { start, connect, sessions } = world(
      {},
      hooked(() => ({ kind: 'rejected', reason: 'banned' })),
    )
    const peer = connect()
    await expect(start(peer)).rejects.toThrow(kaosError('SESSION_REFUSED', 'banned'))
    expect([sessions.size, peer.connection.closed]).toEqual([0, undefined])
  })

  it('that throws fails the start', async () => {
    const { start, connect } = world(
      {},
      hooked(() => ({ kind: 'failed', error: 'boom', code: 'HOOK_FAILED' })),
    )
    await expect(start(connect())).rejects.toThrow(kaosError('HOOK_FAILED', 'boom'))
  })
})

describe('a peer that is gone before its session has started', () => {
  it('leaves no session behind', async () => {
    const answer = deferred<ScriptOutcome>()
    const { start, connect, sessions, host } = world(
      {},
      {
        before: ['session_start'],
        after: ['session_start'],
        invoke: () => answer.promise,
      },
    )
    const peer = connect()
    const starting = start(peer)
    peer.peer.markClosed()
    answer.resolve(value({ user_id: 'u', username: 'n' }))
    expect((await starting).isEnded).toBe(true)
    expect(sessions.size).toBe(0)
    expect(peer.connection.sent).toEqual([])
    expect(host.calls.filter(({ kind }) => kind === 'after')).toEqual([])
  })
})

describe('a session that ends', () => {
  const ending = { code: 205, reason: 'kicked', leaveReason: 'kicked' } as const

  it('leaves its rooms, is forgotten, tells its client why and closes the connection', async () => {
    const { start, connect, service, sessions, ended } = world()
    const peer = connect()
    const session = await start(peer)
    service.end(session, { ...ending, retryAfterMs: 3_000 })
    expect(session.isEnded).toBe(true)
    expect(sessions.size).toBe(0)
    // Rooms may still ask who it was while it leaves them.
    expect(ended).toEqual([{ session, ending: { ...ending, retryAfterMs: 3_000 }, wasKnown: true }])
    expect(peer.connection.payloads('SessionEnd')).toEqual([
      { code: 205, reason: 'kicked', retry_after_ms: 3_000 },
    ])
    expect(peer.connection.closed).toEqual({ code: 205, reason: 'kicked' })
  })

  it('ends once, whoever ends it', async () => {
    const { start, connect, service, ended } = world()
    const peer = connect()
    const session = await start(peer)
    service.end(session, ending)
    service.end(session, { code: 0, reason: 'again', leaveReason: 'left' })
    expect(ended).toHaveLength(1)
    expect(peer.connection.payloads('SessionEnd')).toHaveLength(1)
  })

  it('is counted by its code', async () => {
    const { start, connect, service } = world()
    const count = () => readMetric(metrics, 'kaosnet_sessions_ended_total', { code: '205' })
    const before = await count()
    service.end(await start(connect()), ending)
    expect(await count()).toBe(before + 1)
  })
})

describe('after-hooks', () => {
  it('run when a session has started and when it has ended', async () => {
    const { start, connect, service, host } = world({}, { after: ['session_start', 'session_end'] })
    const session = await start(connect(), { username: 'Ann' })
    service.end(session, { code: 205, reason: 'kicked', leaveReason: 'kicked' })
    expect(host.calls).toEqual([
      expect.objectContaining({
        kind: 'after',
        name: 'session_start',
        message: { user_id: session.identity.userId, username: 'Ann', vars: {}, is_authenticated: false },
      }),
      expect.objectContaining({
        kind: 'after',
        name: 'session_end',
        message: { code: 205, reason: 'kicked' },
      }),
    ])
  })

  it('do not run for a session that was refused', async () => {
    const { start, connect, host } = world({ limits: { sessions: 1 } }, { after: ['session_start'] })
    await start(connect())
    await expect(start(connect())).rejects.toThrow(KaosError)
    expect(host.calls).toHaveLength(1)
  })
})
