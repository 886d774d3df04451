import { KaosClient } from '@kaosnet/client'
import { connectRudp } from '@kaosnet/rudp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

const ECHO = matchModule({
  match_loop: `function(ctx, state, tick, messages)
    for _, m in ipairs(messages) do
      kaos.broadcast(ctx.room_id, m.sender, m.data, nil, m.op, m.reliable)
    end
    return state
  end`,
})

describe('the Node SDK over encrypted UDP', () => {
  it('uses UDP by default, and shares a room with WebSocket players', async () => {
    const server = await startTestServer({ 'room.lua': ECHO })
    const ada = await connectPlayer(server, 'Ada')
    const bob = await connectPlayer(server, 'Bob', { transport: 'websocket' })
    expect([ada.session?.transport, bob.session?.transport]).toEqual(['rudp', 'websocket'])
    const roomId = await ada.createRoom('room')
    const [adas, bobs] = [await joinLogged(ada, roomId), await joinLogged(bob, roomId)]
    adas.room.send(1, new Uint8Array([1, 2, 3]))
    bobs.room.send(2, { from: 'bob' }, { reliable: false })
    for (const log of [adas, bobs]) {
      const heard = [await log.next<{ op: number }>('data'), await log.next<{ op: number }>('data')]
      expect(heard.map(({ op }) => op).sort()).toEqual([1, 2])
    }
    await bobs.room.leave()
    await adas.next('departed')
  })

  it('carries data bigger than a datagram, reliable and unreliable', async () => {
    const server = await startTestServer({ 'room.lua': ECHO })
    const ada = await connectPlayer(server, 'Ada', { transport: 'udp' })
    const log = await joinLogged(ada, await ada.createRoom('room'))
    for (const [size, reliable] of [
      [16_000, true],
      [5_000, false],
      [16_000, false],
    ] as const) {
      const data = Uint8Array.from({ length: size }, (_, index) => (index * 7) & 0xff)
      log.room.send(9, data, { reliable })
      const echoed = await log.next<{ data: Uint8Array; isReliable: boolean }>('data')
      expect(echoed.isReliable).toBe(reliable)
      expect(Buffer.from(echoed.data).equals(Buffer.from(data))).toBe(true)
    }
  })

  it('answers RPCs and errors, and both sides close with the code and reason', async () => {
    const server = await startTestServer({
      'main.lua': `kaos.register_rpc('twice', function(ctx, n) return { n * 2, ctx.transport } end)
        kaos.register_rpc('kick', function(ctx) kaos.session_kick(ctx.session_id, 'enough') end)`,
    })
    const ada = await connectPlayer(server, 'Ada', { transport: 'udp' })
    expect(await ada.rpc('twice', 21)).toEqual([42, 'rudp'])
    await expectRefused(ada.rpc('nosuch'), 'RPC_NOT_FOUND')
    const ended = new Promise<{ error?: { error: string; message: string } }>((resolve) =>
      ada.on('ended', (event) => resolve(event as never)),
    )
    ada.rpc('kick').catch(() => {})
    expect((await ended).error).toMatchObject({ error: 'SESSION_KICKED', message: 'enough' })
    const bob = await connectPlayer(server, 'Bob', { transport: 'udp' })
    await bob.close()
    await expect.poll(() => server.server.sessionCount).toBe(0)
  })

  it('falls back to WebSocket where UDP is blocked, and says so', async () => {
    const server = await startTestServer({}, { udp: { publicAddress: '127.0.0.9' } })
    const client = new KaosClient(server.url, { udpTimeoutMs: 300, reconnect: false })
    onTestFinished(() => client.close())
    const fallback = new Promise<{ error: { message: string } }>((resolve) =>
      client.on('fallback', (event) => resolve(event as never)),
    )
    await client.connect()
    expect(client.session?.transport).toBe('websocket')
    expect((await fallback).error.message).toMatch(/over UDP/)
  })

  it('goes straight to WebSocket when the server does not offer UDP', async () => {
    const server = await startTestServer({}, { udp: { enabled: false } })
    const client = await connectPlayer(server, 'Ada')
    expect(client.session?.transport).toBe('websocket')
    await expectRefused(connectPlayer(server, 'Bob', { transport: 'udp' }), 'SESSION_START_TIMEOUT')
  })

  it('a connect token is given to those who may start a session, and is good once', async () => {
    const closed = await startTestServer({}, { auth: { anonymous: false, hs256Secret: 'x'.repeat(32) } })
    const refused = await fetch(`${closed.url}/v1/connect`, { method: 'POST' })
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ error: { name: 'AUTH_REQUIRED' } })

    const open = await startTestServer({})
    const answer = (await (await fetch(`${open.url}/v1/connect`, { method: 'POST' })).json()) as {
      websocket: { path: string }
      udp: { host: string; port: number; server_key: string; connect_token: string }
    }
    expect(answer).toMatchObject({ websocket: { path: '/ws' }, udp: { host: '127.0.0.1' } })
    const first = await connectRudp({ token: answer.udp.connect_token, timeoutMs: 3_000 })
    onTestFinished(() => first.close())
    await expect(connectRudp({ token: answer.udp.connect_token, timeoutMs: 3_000 })).rejects.toMatchObject({
      code: 'DENIED',
    })
    const pinned = await connectRudp({
      addresses: [{ host: answer.udp.host, port: answer.udp.port }],
      serverPublicKey: Buffer.from(answer.udp.server_key, 'base64url'),
      timeoutMs: 3_000,
    })
    pinned.close()
  })
})
