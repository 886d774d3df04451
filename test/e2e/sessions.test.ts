import { generateKeyPairSync } from 'node:crypto'
import { KaosClient } from '@kaosnet/client'
import { encodeClientFrame, encodeHeartbeat, ErrorTable } from '@kaosnet/protocol'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { MemoryTransport } from '../../packages/server/src/peer/memory-transport.ts'
import { ManualClock } from '../../packages/server/src/testing/manual-clock.ts'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { RawClient } from '../support/raw-client.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

const SECRET = 'a secret of at least thirty-two characters'

function token(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SECRET))
}

describe('authentication', () => {
  it('anonymous sessions are refused unless the configuration allows them', async () => {
    const server = await startTestServer({}, { auth: { anonymous: false, hs256Secret: SECRET } })
    await expectRefused(connectPlayer(server), 'AUTH_REQUIRED')
    const ada = await connectPlayer(server, 'ignored', {
      token: await token({ sub: 'user-1', username: 'Ada' }),
    })
    expect(ada.session).toMatchObject({ userId: 'user-1', username: 'Ada', isAuthenticated: true })
  })

  it('tokens signed with HS256 and with EdDSA are accepted; forged, expired and foreign ones are not', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const server = await startTestServer(
      {},
      {
        auth: {
          anonymous: true,
          hs256Secret: SECRET,
          eddsaPublicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        },
      },
    )
    const eddsa = await new SignJWT({ sub: 'ed', vars: { rank: '9' } })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setExpirationTime('1h')
      .sign(privateKey)
    expect((await connectPlayer(server, 'Ed', { token: eddsa })).session).toMatchObject({
      userId: 'ed',
      vars: { rank: '9' },
    })
    const good = await token({ sub: 'user-1' })
    expect((await connectPlayer(server, 'Ada', { token: good })).session?.userId).toBe('user-1')
    await expectRefused(connectPlayer(server, 'Eve', { token: `${good.slice(0, -3)}AAA` }), 'AUTH_INVALID')
    await expectRefused(connectPlayer(server, 'Eve', { token: 'nonsense' }), 'AUTH_INVALID')
    await expectRefused(
      connectPlayer(server, 'Eve', { token: await token({ name: 'no sub' }) }),
      'AUTH_INVALID',
      /sub/,
    )
    const old = await new SignJWT({ sub: 'user-1' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(Math.floor(Date.now() / 1000) - 3600)
      .sign(new TextEncoder().encode(SECRET))
    await expectRefused(connectPlayer(server, 'Eve', { token: old }), 'AUTH_EXPIRED')
  })

  it('scripts see who a session is, and may kick it with a reason', async () => {
    const server = await startTestServer({
      'main.lua': `
        kaos.register_rpc('who', function(ctx, id) return kaos.session_get(id) end)
        kaos.register_rpc('kick', function(ctx, id) return kaos.session_kick(id, 'spam') end)
        kaos.register_rpc('ctx', function(ctx) return ctx end)`,
      'room.lua': matchModule(),
    })
    const ada = await connectPlayer(server, 'Ada', { vars: { lang: 'de' } })
    const bob = await connectPlayer(server, 'Bob')
    const id = ada.session?.sessionId
    expect(id).toMatch(/^[0-9a-f]{16}$/)
    const roomId = await ada.createRoom('room')
    const log = await joinLogged(bob, roomId)
    await ada.joinRoom(roomId)
    expect(await bob.rpc('who', id)).toMatchObject({
      session_id: id,
      username: 'Ada',
      vars: { lang: 'de' },
      is_authenticated: false,
      transport: 'rudp',
      rooms: [roomId],
    })
    expect(await bob.rpc('who', 'ffffffffffffffff')).toBeUndefined()
    expect(await ada.rpc('ctx')).toMatchObject({ session_id: id, username: 'Ada', client_ip: '127.0.0.1' })
    const ended = new Promise<{ error: { error: string; message: string } }>((resolve) =>
      ada.on('ended', (event) => resolve(event as never)),
    )
    expect(await bob.rpc('kick', id)).toBe(true)
    expect((await ended).error).toMatchObject({ error: 'SESSION_KICKED', message: 'spam' })
    expect(await log.next('departed')).toMatchObject([{ reason: 'kicked' }])
    expect(await bob.rpc('kick', id)).toBe(false)
  })
})

describe('the end of a session', () => {
  it('SessionEnd from the client closes the connection with 0 and frees its seats', async () => {
    const server = await startTestServer({})
    const client = await RawClient.connect(server.port)
    client.send(encodeClientFrame('SessionStart', { id: 1, versions: [1] }))
    await client.control('SessionStart')
    client.send(encodeClientFrame('SessionEnd', { code: 0, reason: 'good night' }))
    expect(await client.control('SessionEnd')).toMatchObject({ code: 0, reason: 'good night' })
    expect((await client.untilClosed()).code).toBe(1000)
    expect(server.server.sessionCount).toBe(0)
  })

  it('a full server refuses with SERVER_FULL', async () => {
    const server = await startTestServer({}, { limits: { sessions: 1 } })
    await connectPlayer(server)
    await expectRefused(connectPlayer(server), 'SERVER_FULL', /at most 1/)
  })

  it('a reconnecting client comes back with a fresh session when the server keeps none', async () => {
    const server = await startTestServer({ 'room.lua': matchModule() }, { session: { resumeWindowMs: 0 } })
    const client = new KaosClient(server.url, {
      transport: 'websocket',
      reconnect: { baseDelayMs: 1, maxDelayMs: 5 },
    })
    const first = await client.connect()
    const log = await joinLogged(client, await client.createRoom('room'))
    const back = new Promise<{ isReconnect: boolean }>((resolve) => client.on('connected', resolve))
    // The socket of the one connected client, cut from the server's side without a word.
    for (const socket of openSockets(server)) socket.destroy()
    expect(await log.next('closed')).toMatchObject({ reason: 'dropped' })
    expect((await back).isReconnect).toBe(true)
    expect(client.session?.sessionId).not.toBe(first.sessionId)
    await client.close()
  })
})

/** TCP sockets of this process that are connected to the server's port. */
function openSockets(server: { port: number }): { destroy(): void }[] {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles()
  return handles.filter(
    (handle): handle is { localPort: number; destroy(): void } =>
      (handle as { localPort?: number }).localPort === server.port &&
      typeof (handle as { destroy?: unknown }).destroy === 'function',
  )
}

describe('silence (on a manual clock)', () => {
  async function memoryServer() {
    const clock = new ManualClock()
    const transport = new MemoryTransport(clock)
    const started = await startTestServer(
      {},
      { session: { heartbeatMs: 1_000, timeoutMs: 3_000, startTimeoutMs: 2_000 } },
      { clock, transports: [transport] },
    )
    return { ...started, clock, transport }
  }

  it('a connection that starts no session in time is closed', async () => {
    const { clock, transport } = await memoryServer()
    const client = transport.connect()
    clock.advance(1_500)
    expect(client.closed).toBeUndefined()
    clock.advance(1_500)
    expect(client.closed?.code).toBe(ErrorTable.SESSION_START_TIMEOUT.code)
  })

  it('a session that falls silent ends; heartbeats keep it alive', async () => {
    const { clock, server, transport } = await memoryServer()
    const [silent, alive] = [transport.connect(), transport.connect()]
    for (const client of [silent, alive])
      client.send(encodeClientFrame('SessionStart', { id: 1, versions: [1] }))
    await expect.poll(() => server.sessionCount).toBe(2)
    for (let second = 0; second < 6; second++) {
      alive.send(encodeHeartbeat({ isReplyWanted: true, sentUs: 1, echoUs: 0, holdUs: 0 }))
      clock.advance(1_000)
    }
    expect(silent.closed?.code).toBe(ErrorTable.SESSION_TIMEOUT.code)
    expect(alive.closed).toBeUndefined()
    expect(server.sessionCount).toBe(2)
    // It may come back within the window of resume.
    for (let second = 0; second < 30; second++) {
      alive.send(encodeHeartbeat({ isReplyWanted: true, sentUs: 1, echoUs: 0, holdUs: 0 }))
      clock.advance(1_000)
    }
    expect(alive.closed).toBeUndefined()
    expect(server.sessionCount).toBe(1)
  })
})
