import { readFileSync } from 'node:fs'
import { encodeServerFrame, type ErrorName, KaosError, PROTOCOL_VERSIONS } from '@kaosnet/protocol'
import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import { Client } from './client.ts'
import type { ClientEvents } from './client-events.ts'
import type { ClientOptions } from './options.ts'
import { joinReply, outcome, ROOM_ID, World } from './testing/world.ts'

const newWorld = () => new World(new ManualClock(1_700_000_000_000))

/** The life-cycle events of a client from now on. */
function watch(client: Client): [keyof ClientEvents, unknown][] {
  const seen: [keyof ClientEvents, unknown][] = []
  for (const name of ['connected', 'disconnected', 'reconnecting', 'ended'] as const) {
    client.on(name, (event) => seen.push([name, event]))
  }
  return seen
}

const names = (seen: readonly [string, unknown][]) => seen.map(([name]) => name)
const errorNamed = (error: ErrorName) => expect.objectContaining({ error })

/** A connected client that has just lost its connection. */
async function dropped(options: ClientOptions = {}) {
  const world = newWorld()
  const client = await world.connected(options)
  await world.run(10_000)
  const seen = watch(client)
  world.server.connection.drop()
  await world.run(10)
  return { world, client, seen }
}

describe('connect()', () => {
  it('resolves with the session and reports connected', async () => {
    const world = newWorld()
    const client = world.client({ username: 'Ada', vars: { team: 'red' }, token: 'abc' })
    const seen = watch(client)
    expect(client.state).toBe('idle')
    const connecting = client.connect()
    expect(client.state).toBe('connecting')
    await world.run(100)
    const session = await connecting
    expect(session).toEqual({
      sessionId: '00000000000000a1',
      userId: 'user-1',
      username: 'Ada',
      isAuthenticated: false,
      vars: { team: 'red' },
      protocolVersion: 1,
      transport: 'memory',
    })
    expect(client.state).toBe('connected')
    expect(client.session).toBe(session)
    expect(seen).toEqual([['connected', { session, isReconnect: false }]])
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(world.server.connection.payloads('SessionStart')).toEqual([
      {
        id: 1,
        versions: PROTOCOL_VERSIONS,
        token: 'abc',
        username: 'Ada',
        vars: { team: 'red' },
        client: `kaosnet-js/${version}`,
      },
    ])
  })

  it('dials once however often it is called', async () => {
    const world = newWorld()
    const client = world.client()
    const first = client.connect()
    expect(client.connect()).toBe(first)
    await world.run(100)
    expect(await client.connect()).toBe(await first)
    expect(world.server.dials).toBe(1)
  })

  it('rejects with the server’s refusal, closes the connection, and may be tried again', async () => {
    const world = newWorld()
    const welcome = world.server.handlers.SessionStart
    world.server.handlers.SessionStart = ({ id }, connection) =>
      connection.sendError(id, 'UNSUPPORTED_VERSION', { supported: [2] })
    const client = world.client()
    const seen = watch(client)
    const ended = outcome(client.connect())
    await world.run(100)
    expect(ended.error).toMatchObject({ error: 'UNSUPPORTED_VERSION', details: { supported: [2] } })
    expect(world.server.connection.closedByClient).toBe(0)
    expect(client.state).toBe('idle')
    expect(seen).toEqual([])
    expect(world.time.pendingEvents).toBe(0)
    world.server.handlers.SessionStart = welcome!
    const again = outcome(client.connect())
    await world.run(100)
    expect(again.value).toMatchObject({ username: 'Ada' })
  })

  it.each(['refuse', 'hang'] as const)(
    'rejects in time and leaves nothing behind when dials %s',
    async (how) => {
      const world = newWorld()
      world.server.dialing = how
      const client = world.client()
      const ended = outcome(client.connect())
      await world.run(10_000)
      expect(ended.error).toMatchObject({ error: 'SESSION_START_TIMEOUT', action: 'retry' })
      expect(client.state).toBe('idle')
      expect(world.time.pendingEvents).toBe(0)
    },
  )

  it('rejects after the connect timeout when the server accepts but never starts the session', async () => {
    const world = newWorld()
    world.server.handlers.SessionStart = () => {}
    const client = world.client({ connectTimeoutMs: 3_000 })
    const ended = outcome(client.connect())
    await world.run(2_999)
    expect(ended.error).toBeUndefined()
    await world.run(20)
    expect(ended.error).toMatchObject({
      error: 'SESSION_START_TIMEOUT',
      message: 'no session within 3000 ms',
    })
    expect(world.server.connection.closedByClient).toBe(0)
    expect(world.time.pendingEvents).toBe(0)
  })

  it('rejects when the connection breaks before the session starts', async () => {
    const world = newWorld()
    world.server.handlers.SessionStart = (_payload, connection) => connection.drop(503, 'full')
    const ended = outcome(world.client().connect())
    await world.run(100)
    expect(ended.error).toMatchObject({ error: 'SERVER_FULL', message: 'full' })
  })

  it('rejects when a server that is full says so before anything else', async () => {
    const world = newWorld()
    const dial: ClientOptions['dial'] = async (request) => {
      const transport = await world.server.dial(request)
      request.handlers.onMessage(encodeServerFrame('SessionEnd', { code: 503, retry_after_ms: 9_000 }))
      return transport
    }
    const ended = outcome(world.client({ dial }).connect())
    await world.run(100)
    expect(ended.error).toMatchObject({ error: 'SERVER_FULL', details: { retry_after_ms: 9_000 } })
    expect(world.server.connection.closedByClient).toBe(0)
    expect(world.server.connection.received).toEqual([])
    expect(world.time.pendingEvents).toBe(0)
  })

  it('rejects when the server ends the session in the very message that starts it', async () => {
    const world = newWorld()
    world.server.handlers.SessionStart = ({ id }, connection) =>
      connection.send(connection.welcome(id), encodeServerFrame('SessionEnd', { code: 900 }))
    const client = world.client()
    const seen = watch(client)
    const ended = outcome(client.connect())
    await world.run(100)
    expect(ended.error).toMatchObject({ error: 'SHUTTING_DOWN' })
    expect(client.state).toBe('idle')
    expect(seen).toEqual([])
    expect(world.time.pendingEvents).toBe(0)
  })

  it('asks a token function for every connection', async () => {
    let asked = 0
    const { world } = await dropped({ token: async () => `token-${++asked}` })
    await world.run(10_000)
    const tokens = world.server.connections.flatMap((connection) =>
      connection.payloads('SessionStart').map(({ token }) => token),
    )
    expect(tokens).toEqual(['token-1', 'token-2'])
  })

  it('rejects when the token function fails, with its own KaosError or with its cause', async () => {
    const world = newWorld()
    const cause = new Error('login is down')
    const failing = outcome(world.client({ token: () => Promise.reject(cause) }).connect())
    const refusing = outcome(
      world.client({ token: () => Promise.reject(new KaosError('AUTH_EXPIRED')) }).connect(),
    )
    await world.run(10)
    expect(failing.error).toMatchObject({ message: 'no token: login is down', cause, action: 'retry' })
    expect(refusing.error).toMatchObject({ error: 'AUTH_EXPIRED' })
    expect(world.server.dials).toBe(0)
  })

  it('gives up on a token function that never answers', async () => {
    const world = newWorld()
    const ended = outcome(world.client({ token: () => new Promise(() => {}) }).connect())
    await world.run(10_000)
    expect(ended.error).toMatchObject({ error: 'SESSION_START_TIMEOUT' })
  })

  it('closes a connection that a slow dialer opens after the timeout, and nothing else', async () => {
    const world = newWorld()
    const dial: ClientOptions['dial'] = (request) =>
      world.server.dial({ ...request, signal: new AbortController().signal })
    const client = world.client({ dial })
    world.server.delayMs = 11_000
    const ended = outcome(client.connect())
    await world.run(10_000)
    expect(ended.error).toMatchObject({ error: 'SESSION_START_TIMEOUT' })
    world.server.delayMs = 10
    const again = client.connect()
    await world.run(900)
    await again
    const seen = watch(client)
    await world.run(1_000)
    expect(world.server.connections.map(({ closedByClient }) => closedByClient)).toEqual([undefined, 0])
    expect(client.state).toBe('connected')
    expect(seen).toEqual([])
  })

  it.each(['localhost', 'ftp://localhost'])('refuses the address %s', (address) => {
    expect(() => new Client(address, {}, newWorld().server.dial)).toThrow(TypeError)
  })
})

describe('close()', () => {
  it('says goodbye, closes the transport, and leaves no timer', async () => {
    const world = newWorld()
    const client = await world.connected()
    const seen = watch(client)
    const ended = outcome(client.close().then(() => 'closed'))
    expect(client.state).toBe('closing')
    await world.run(20)
    expect(ended.value).toBe('closed')
    expect(world.server.connection.payloads('SessionEnd')).toEqual([{ code: 0 }])
    expect(world.server.connection.closedByClient).toBe(0)
    expect(client.state).toBe('ended')
    expect(client.session).toBeUndefined()
    expect(seen).toEqual([['ended', { error: undefined }]])
    expect(world.time.pendingEvents).toBe(0)
  })

  it('is idempotent: called twice it ends once, and on a client that never connected it does nothing', async () => {
    const world = newWorld()
    const client = await world.connected()
    const seen = watch(client)
    const closing = client.close()
    expect(client.close()).toBe(closing)
    await world.run(20)
    await closing
    await client.close()
    expect(names(seen)).toEqual(['ended'])
    await world.client().close()
  })

  it('resolves in time when the server does not close its side', async () => {
    const world = newWorld()
    const client = await world.connected()
    world.server.connection.goSilent()
    const ended = outcome(client.close().then(() => 'closed'))
    await world.run(1_999)
    expect(ended.value).toBeUndefined()
    await world.run(1)
    expect(ended.value).toBe('closed')
    expect(world.time.pendingEvents).toBe(0)
  })

  it('rejects unanswered requests and later ones with WRONG_STATE', async () => {
    const world = newWorld()
    const client = await world.connected()
    const pending = outcome(client.rpc('slow'))
    const closing = client.close()
    const whileClosing = outcome(client.rpc('late'))
    const connecting = outcome(client.connect())
    await world.run(20)
    await closing
    const after = outcome(client.listRooms())
    await world.run(0)
    for (const { error } of [pending, whileClosing, connecting, after]) {
      expect(error).toMatchObject({ error: 'WRONG_STATE' })
    }
  })

  it.each([5, 15, 25])('calls off a connect() that is %i ms under way, and leaves nothing', async (atMs) => {
    const world = newWorld()
    const client = world.client()
    const connecting = outcome(client.connect())
    await world.run(atMs)
    const closing = outcome(client.close().then(() => 'closed'))
    await world.run(100)
    expect(connecting.error).toMatchObject({ error: 'WRONG_STATE' })
    expect(closing.value).toBe('closed')
    expect(client.state).toBe('ended')
    expect(world.time.pendingEvents).toBe(0)
    for (const connection of world.server.connections) expect(connection.closedByClient).toBe(0)
  })

  it('calls off a connect() whose session has just been granted', async () => {
    const world = newWorld()
    const client = world.client()
    const connecting = outcome(client.connect())
    await world.run(29)
    // The reply is read at 30 ms; the promise behind it has not gone on yet.
    world.time.runUntil(() => false, world.time.now() + 1)
    expect(client.state).toBe('connecting')
    const closing = outcome(client.close().then(() => 'closed'))
    await world.run(100)
    expect(connecting.error).toMatchObject({ error: 'WRONG_STATE' })
    expect(closing.value).toBe('closed')
    expect(world.server.connection.closedByClient).toBe(0)
    expect(world.time.pendingEvents).toBe(0)
  })

  it('calls off reconnecting', async () => {
    const { world, client, seen } = await dropped()
    expect(client.state).toBe('reconnecting')
    await client.close()
    expect(client.state).toBe('ended')
    expect(world.time.pendingEvents).toBe(0)
    await world.run(60_000)
    expect(world.server.dials).toBe(1)
    expect(names(seen)).toEqual(['disconnected', 'reconnecting', 'ended'])
  })

  it('may be called from any listener', async () => {
    for (const name of ['connected', 'disconnected', 'reconnecting'] as const) {
      const world = newWorld()
      const client = world.client()
      client.on(name, () => client.close())
      const connecting = outcome(client.connect())
      await world.run(100)
      if (name !== 'connected') world.server.connection.drop()
      await world.run(20_000)
      expect(client.state).toBe('ended')
      expect(connecting.value).toBeDefined()
      expect(world.time.pendingEvents).toBe(0)
    }
  })

  it('lets connect() start anew afterwards', async () => {
    const world = newWorld()
    const client = await world.connected()
    const closing = client.close()
    await world.run(100)
    await closing
    const again = outcome(client.connect())
    await world.run(100)
    expect(again.value).toBeDefined()
    expect(world.server.dials).toBe(2)
  })
})

describe('a lost connection', () => {
  it('reports disconnected and reconnecting, comes back with a fresh session, and reports connected', async () => {
    const { world, client, seen } = await dropped()
    expect(client.state).toBe('reconnecting')
    expect(client.session).toBeUndefined()
    const error = errorNamed('SESSION_TIMEOUT')
    expect(seen).toEqual([
      ['disconnected', { error, willReconnect: true }],
      ['reconnecting', { attempt: 1, delayMs: 125, error }],
    ])
    await world.run(125 + 30)
    expect(client.state).toBe('connected')
    expect(seen[2]).toEqual(['connected', { session: client.session, isReconnect: true }])
  })

  it('rejects what waited for an answer, and requests made meanwhile, as something to retry', async () => {
    const world = newWorld()
    const client = await world.connected()
    const pending = outcome(client.rpc('slow'))
    world.server.connection.drop()
    await world.run(10)
    const meanwhile = outcome(client.rpc('now'))
    await world.run(0)
    for (const { error } of [pending, meanwhile]) {
      expect(error).toMatchObject({ error: 'SESSION_TIMEOUT', action: 'retry' })
    }
  })

  it('lets connect() wait for the next session', async () => {
    const { world, client } = await dropped()
    const waiting = outcome(client.connect())
    await world.run(1_000)
    expect(waiting.value).toBe(client.session)
  })

  it('is noticed by silence when the network says nothing', async () => {
    const world = newWorld()
    const client = await world.connected()
    await world.run(10_000)
    const seen = watch(client)
    world.server.connection.goSilent()
    const atMs = world.time.now()
    await world.run(14_000)
    expect(client.state).toBe('connected')
    await world.run(6_000)
    expect(names(seen).slice(0, 2)).toEqual(['disconnected', 'reconnecting'])
    expect(seen[0]![1]).toMatchObject({ error: { message: expect.stringContaining('nothing was heard') } })
    expect(world.server.connections[1]!.received[0]!.atMs - atMs).toBeLessThan(16_000)
    expect(client.state).toBe('connected')
  })

  it('is kept at bay by heartbeats alone', async () => {
    const world = newWorld()
    const client = await world.connected()
    await world.run(120_000)
    expect(client.state).toBe('connected')
    expect(world.server.dials).toBe(1)
  })

  it('is tried again with doubling waits while the server cannot be reached', async () => {
    const { world, seen } = await dropped()
    world.server.dialing = 'refuse'
    await world.run(60_000)
    const waits = seen
      .filter(([name]) => name === 'reconnecting')
      .map(([, event]) => (event as ClientEvents['reconnecting']).delayMs)
    expect(waits.slice(0, 8)).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 4_000, 4_000])
    world.server.dialing = 'accept'
    await world.run(5_000)
    expect(seen.at(-1)![0]).toBe('connected')
  })

  it('ends for good after the configured number of attempts, with the last error', async () => {
    const { world, client, seen } = await dropped({ reconnect: { maxAttempts: 3 } })
    world.server.dialing = 'refuse'
    const waiting = outcome(client.connect())
    await world.run(60_000)
    expect(world.server.dials).toBe(4)
    expect(seen.at(-1)).toEqual(['ended', { error: errorNamed('SESSION_START_TIMEOUT') }])
    expect(client.state).toBe('ended')
    expect(waiting.error).toMatchObject({ error: 'SESSION_START_TIMEOUT' })
    expect(world.time.pendingEvents).toBe(0)
  })

  it('has all its attempts again after connect() was called anew', async () => {
    const { world, client, seen } = await dropped({ reconnect: { maxAttempts: 1 } })
    world.server.dialing = 'refuse'
    await world.run(1_000)
    expect(client.state).toBe('ended')
    world.server.dialing = 'accept'
    const connecting = client.connect()
    await world.run(1_000)
    await connecting
    world.server.connection.drop()
    await world.run(1_000)
    expect(names(seen).slice(-3)).toEqual(['disconnected', 'reconnecting', 'connected'])
  })

  it('ends at once when reconnecting is turned off', async () => {
    const { world, client, seen } = await dropped({ reconnect: false })
    const error = errorNamed('SESSION_TIMEOUT')
    expect(seen).toEqual([
      ['disconnected', { error, willReconnect: false }],
      ['ended', { error }],
    ])
    expect(client.state).toBe('ended')
    await world.run(60_000)
    expect(world.server.dials).toBe(1)
    expect(world.time.pendingEvents).toBe(0)
  })

  it.each(['AUTH_EXPIRED', 'SESSION_REFUSED'] as const)(
    'ends when the server answers a reconnection with %s',
    async (refusal) => {
      const { world, client, seen } = await dropped({ token: () => 'token' })
      world.server.handlers.SessionStart = ({ id }, connection) => connection.sendError(id, refusal)
      await world.run(60_000)
      expect(world.server.dials).toBe(2)
      expect(seen.at(-1)).toEqual(['ended', { error: errorNamed(refusal) }])
      expect(client.state).toBe('ended')
      expect(world.time.pendingEvents).toBe(0)
    },
  )

  it('waits as long as a refused reconnection is told to', async () => {
    const { world, seen } = await dropped()
    world.server.handlers.SessionStart = ({ id }, connection) =>
      connection.sendError(id, 'SERVER_FULL', { retry_after_ms: 30_000 })
    await world.run(1_000)
    expect(seen.at(-1)).toEqual([
      'reconnecting',
      { attempt: 2, delayMs: 30_250, error: errorNamed('SERVER_FULL') },
    ])
  })

  it('keeps backing off when sessions last only a moment, and starts over after one that lasted', async () => {
    const world = newWorld()
    const client = await world.connected()
    const seen = watch(client)
    const attempts = () =>
      seen
        .filter(([name]) => name === 'reconnecting')
        .map(([, event]) => (event as ClientEvents['reconnecting']).attempt)
    for (let i = 0; i < 3; i++) {
      world.server.connection.drop()
      await world.run(1_200)
      expect(client.state).toBe('connected')
    }
    expect(attempts()).toEqual([1, 2, 3])
    await world.run(8_000)
    world.server.connection.drop()
    await world.run(1_000)
    expect(attempts()).toEqual([1, 2, 3, 1])
  })

  it('starts the rooms of the new session with nothing of the old', async () => {
    const { world, client } = await dropped()
    world.server.handlers.RoomJoin = ({ id }, connection) => connection.send(joinReply(id))
    await world.run(1_000)
    const joining = outcome(client.joinRoom(ROOM_ID))
    await world.run(100)
    expect(joining.value).toMatchObject({ closed: undefined })
  })
})

describe('a session ended by the server', () => {
  async function ended(error: ErrorName | 'normal', fields = {}, options: ClientOptions = {}) {
    const world = newWorld()
    const client = await world.connected(options)
    await world.run(10_000)
    const seen = watch(client)
    world.server.connection.endSession(error, fields)
    await world.run(10)
    return { world, client, seen }
  }

  it('stays ended after a kick, and tells why', async () => {
    const { world, client, seen } = await ended('SESSION_KICKED', { reason: 'be nice' })
    const error = expect.objectContaining({ error: 'SESSION_KICKED', message: 'be nice' })
    expect(seen).toEqual([
      ['disconnected', { error, willReconnect: false }],
      ['ended', { error }],
    ])
    expect(world.server.connection.closedByClient).toBe(0)
    await world.run(60_000)
    expect(world.server.dials).toBe(1)
    expect(client.state).toBe('ended')
    expect(world.time.pendingEvents).toBe(0)
  })

  it('stays ended after a normal end', async () => {
    const { client, seen } = await ended('normal', { reason: 'the party is over' })
    expect(names(seen)).toEqual(['disconnected', 'ended'])
    expect(seen[1]![1]).toEqual({ error: expect.objectContaining({ message: 'the party is over' }) })
    expect(client.state).toBe('ended')
  })

  it('comes back after a restart, no sooner than the server asked', async () => {
    const { world, client, seen } = await ended('SHUTTING_DOWN', { retry_after_ms: 5_000 })
    expect(seen[1]).toEqual([
      'reconnecting',
      { attempt: 1, delayMs: 5_125, error: errorNamed('SHUTTING_DOWN') },
    ])
    await world.run(5_100)
    expect(world.server.dials).toBe(1)
    await world.run(100)
    expect(client.state).toBe('connected')
  })

  it('comes back after an expired token only when there is a way to get a new one', async () => {
    const fixed = await ended('AUTH_EXPIRED', {}, { token: 'old' })
    expect(fixed.client.state).toBe('ended')
    const renewed = await ended('AUTH_EXPIRED', {}, { token: () => 'new' })
    await renewed.world.run(1_000)
    expect(renewed.client.state).toBe('connected')
  })

  it('is understood from the transport’s close code when the message itself was lost', async () => {
    const world = newWorld()
    for (const [code, error] of [
      [205, 'SESSION_KICKED'],
      [203, 'SESSION_REFUSED'],
      [0, 'SESSION_KICKED'],
    ] as const) {
      const client = await world.connected()
      const seen = watch(client)
      world.server.connection.drop(code, 'the reason')
      await world.run(10)
      expect(seen.at(-1)).toMatchObject(['ended', { error: { error, message: 'the reason' } }])
    }
  })
})
