import {
  decodeServerPayload,
  ErrorTable,
  encodeClientFrame,
  encodeHeartbeat,
  FrameReader,
  Op,
  type ServerPayload,
} from '@kaosnet/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { RawClient } from '../support/raw-client.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

const ECHO = matchModule({
  match_loop: `function(ctx, state, tick, messages)
    for _, m in ipairs(messages) do kaos.broadcast(ctx.room_id, m.sender, m.data, nil, m.op) end
    return state
  end`,
})
const transports = ['udp', 'websocket'] as const

describe.each(transports)('a client that sends too fast, over %s', (transport) => {
  it('hears RATE_LIMITED of a flood of room data, and goes on later; nobody else notices', async () => {
    const server = await startTestServer(
      { 'room.lua': ECHO },
      { limits: { messagesPerSecond: 20, sessions: 10 } },
    )
    const flooder = await connectPlayer(server, 'Flooder', { transport })
    const calm = await connectPlayer(server, 'Calm', { transport })
    const roomId = await flooder.createRoom('room')
    const [flood, calms] = [await joinLogged(flooder, roomId), await joinLogged(calm, roomId)]
    const refused: string[] = []
    flooder.on('error', ({ error, op }) => refused.push(`${error.error} ${op}`))
    const disturbed: unknown[] = []
    calm.on('error', (event) => disturbed.push(event))

    for (let op = 1; op <= 500; op++) flood.room.send(op)
    await expect.poll(() => refused.length).toBeGreaterThanOrEqual(1)
    calms.room.send(1_000, 'still here')
    let heard = await calms.next<{ op: number }>('data')
    for (; heard.op !== 1_000; heard = await calms.next('data')) expect(heard.op).toBeLessThanOrEqual(500)

    // One request that is answered, and data after it, show that the session lives on.
    await expect
      .poll(() =>
        flooder.listRooms().then(
          () => 'answered',
          () => 'refused',
        ),
      )
      .toBe('answered')
    await expect
      .poll(async () => {
        flood.room.send(2_000)
        return calms.events.some(
          ({ kind, event }) => kind === 'data' && (event as { op: number }).op === 2_000,
        )
      })
      .toBe(true)
    expect(new Set(refused)).toEqual(new Set(['RATE_LIMITED RoomData']))
    expect(refused.length).toBeLessThan(100)
    expect(disturbed).toEqual([])
    expect([flooder.state, calm.state]).toEqual(['connected', 'connected'])
    expect(await server.metrics()).toMatch(/kaosnet_limit_hits_total\{limit="messagesPerSecond"\} [1-9]/)
  })

  it('has each request beyond the rate refused with RATE_LIMITED, also for its bytes', async () => {
    const server = await startTestServer(
      { 'main.lua': `kaos.register_rpc('size', function(ctx, text) return #text end)` },
      { limits: { bytesPerSecond: 2_000 } },
    )
    const ada = await connectPlayer(server, 'Ada', { transport })
    const text = 'x'.repeat(3_000)
    const [first, second, third] = [ada.rpc('size', text), ada.rpc('size', text), ada.rpc('size', text)]
    await Promise.all([
      expect(first).resolves.toBe(3_000),
      expectRefused(second, 'RATE_LIMITED', /2000 bytes a second/),
      expectRefused(third, 'RATE_LIMITED'),
    ])
    expect(await server.metrics()).toMatch(/kaosnet_limit_hits_total\{limit="bytesPerSecond"\} 2/)
  })
})

describe('a client that sends too fast, frame by frame', () => {
  it('has its heartbeats answered all the same, and is not ended for it', async () => {
    const server = await startTestServer({}, { limits: { messagesPerSecond: 5, violations: 1 } })
    const client = await startedClient(server.port)
    const requests = Array.from({ length: 50 }, (_, index) =>
      encodeClientFrame('RoomList', { id: index + 1 }),
    )
    client.send(...requests, encodeHeartbeat({ isReplyWanted: true, sentUs: 77, echoUs: 0, holdUs: 0 }))
    expect((await client.heartbeat()).echoUs).toBe(77)
    const refusals: ServerPayload<'Error'>[] = []
    while (refusals.length < 40) refusals.push(await client.control('Error'))
    expect(refusals.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, index) => index + 11))
    expect(new Set(refusals.map(({ name }) => name))).toEqual(new Set(['RATE_LIMITED']))
    expect(client.closed).toBeUndefined()
  })
})

describe.each(transports)('one address, over %s', (transport) => {
  it('has no more sessions than allowed, whatever carries them, and another one when one has ended', async () => {
    const server = await startTestServer({}, { limits: { sessionsPerAddress: 2 } })
    const first = await connectPlayer(server, 'First', { transport })
    await connectPlayer(server, 'Second', { transport: transport === 'udp' ? 'websocket' : 'udp' })
    await expectRefused(connectPlayer(server, 'Third', { transport }), 'SERVER_FULL', /2 sessions of one/)
    await first.close()
    await expect.poll(() => server.server.sessionCount).toBe(1)
    await connectPlayer(server, 'Fourth', { transport })
    expect(await server.metrics()).toMatch(/kaosnet_limit_hits_total\{limit="sessionsPerAddress"\} 1/)
  })

  it('that connects too often is refused with RATE_LIMITED, and admitted later', async () => {
    const server = await startTestServer({}, { limits: { connectionsPerSecondPerAddress: 1 } })
    const attempts = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) => connectPlayer(server, `P${index}`, { transport })),
    )
    const reasons = attempts.flatMap((attempt) =>
      attempt.status === 'rejected' ? [(attempt.reason as { error: string }).error] : [],
    )
    expect(new Set(reasons)).toEqual(new Set(['RATE_LIMITED']))
    expect(attempts.length - reasons.length).toBeGreaterThanOrEqual(2)
    expect(server.server.sessionCount).toBe(attempts.length - reasons.length)
    const connectAgain = () => connectPlayer(server, 'Later', { transport }).then(({ state }) => state)
    await expect.poll(() => connectAgain().catch(() => 'refused'), { timeout: 10_000 }).toBe('connected')
    expect(await server.metrics()).toMatch(
      /kaosnet_limit_hits_total\{limit="connectionsPerSecondPerAddress"\} [1-9]/,
    )
  })
})

describe('one address that has too many connections over udp', () => {
  it('is refused another, which is counted, and keeps those it has', async () => {
    const server = await startTestServer({}, { udp: { connectionsPerAddress: 1 } })
    const first = await connectPlayer(server, 'First', { transport: 'udp' })
    await expectRefused(connectPlayer(server, 'Second', { transport: 'udp' }), 'SERVER_FULL')
    expect(first.state).toBe('connected')
    expect(await server.metrics()).toMatch(/kaosnet_udp_dropped_total\{reason="address-connections"\} [1-9]/)
  })
})

describe('a connection that is one too many a second', () => {
  it('is told why and when to come back', async () => {
    const server = await startTestServer({}, { limits: { connectionsPerSecondPerAddress: 1 } })
    const clients = await Promise.all(Array.from({ length: 12 }, () => RawClient.connect(server.port)))
    const last = clients.at(-1)
    expect(await last?.control('SessionEnd')).toMatchObject({
      code: ErrorTable.RATE_LIMITED.code,
      retry_after_ms: 1_000,
    })
    expect((await last?.untilClosed())?.code).toBe(4000 + ErrorTable.RATE_LIMITED.code)
  })
})

describe('the address of a client', () => {
  const WHOAMI = { 'main.lua': `kaos.register_rpc('whoami', function(ctx) return ctx.client_ip end)` }

  it('is not what X-Forwarded-For says, unless a proxy is trusted', async () => {
    const server = await startTestServer(WHOAMI, { limits: { sessionsPerAddress: 2 } })
    expect(await whoami(server.port, '198.51.100.1')).toBe('127.0.0.1')
    expect(await whoami(server.port, '198.51.100.2')).toBe('127.0.0.1')
    expect(await whoami(server.port, '198.51.100.3')).toBe('SERVER_FULL')
  })

  it('is the last one that the trusted proxy names, and limits count by it', async () => {
    const server = await startTestServer(WHOAMI, {
      http: { trustedProxies: ['127.0.0.0/8'] },
      limits: { sessionsPerAddress: 1 },
    })
    expect(await whoami(server.port, '203.0.113.9, 198.51.100.1')).toBe('198.51.100.1')
    expect(await whoami(server.port, '203.0.113.9, 198.51.100.2, 127.0.0.5')).toBe('198.51.100.2')
    expect(await whoami(server.port, '198.51.100.3, 198.51.100.1')).toBe('SERVER_FULL')
    expect(await whoami(server.port, '2001:db8::1')).toBe('2001:db8::1')
    expect(await whoami(server.port, '2001:db8::2')).toBe('SERVER_FULL')
  })

  it.each([
    ['counts for POST /v1/connect', ['127.0.0.1'], 200],
    ['cannot be made up for POST /v1/connect', [], 429],
  ])('%s', async (_name, trustedProxies, status) => {
    const server = await startTestServer(
      {},
      { http: { trustedProxies }, limits: { connectionsPerSecondPerAddress: 1 } },
    )
    const ask = (address: string) =>
      fetch(`${server.url}/v1/connect`, { method: 'POST', headers: { 'x-forwarded-for': address } })
    const flood = await Promise.all(Array.from({ length: 12 }, () => ask('198.51.100.1')))
    const refused = flood.filter((answer) => answer.status === 429)
    expect(await refused[0]?.json()).toMatchObject({ error: { name: 'RATE_LIMITED' } })
    expect((await ask('198.51.100.2')).status).toBe(status)
  })
})

/** What the server takes for the address of a client that sends this header, or the error its session starts with. */
async function whoami(port: number, forwardedFor: string): Promise<unknown> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { 'x-forwarded-for': forwardedFor } })
  onTestFinished(() => ws.terminate())
  return new Promise((resolve, reject) => {
    ws.on('error', reject)
    ws.on('open', () => ws.send(encodeClientFrame('SessionStart', { id: 1, versions: [1] })))
    ws.on('message', (data: Buffer) => {
      const reader = new FrameReader()
      reader.reset(data)
      while (reader.next()) {
        const payload = reader.payload()
        if (reader.op === Op.SessionStart) ws.send(encodeClientFrame('Rpc', { id: 2, name: 'whoami' }))
        else if (reader.op === Op.RpcResponse) resolve(decodeServerPayload('RpcResponse', payload).payload)
        else if (reader.op === Op.Error) resolve(decodeServerPayload('Error', payload).name)
      }
    })
  })
}

async function startedClient(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port)
  client.send(encodeClientFrame('SessionStart', { id: 1, versions: [1] }))
  await client.control('SessionStart')
  return client
}
