import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeClientFrame, ErrorTable, PROTOCOL_VERSIONS } from '@kaosnet/protocol'
import { connectRudp } from '@kaosnet/rudp'
import type { ServerConfigInput } from '@kaosnet/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectPlayer, expectRefused } from '../support/players.ts'
import { RawClient } from '../support/raw-client.ts'
import { RawUdpClient } from '../support/raw-udp-client.ts'
import { SlowSocket } from '../support/slow-socket.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

const TRANSPORTS = ['udp', 'websocket'] as const
/** A drip goes on for ever, so what ends it in less than this is the server. */
const SOON_MS = 8_000

/** A folder with one TypeScript module, gone when the test is over. */
function mainModule(body: string): ServerConfigInput['scripts'] {
  const modulesDir = mkdtempSync(join(tmpdir(), 'kaosnet-modules-'))
  onTestFinished(() => rmSync(modulesDir, { recursive: true, force: true }))
  writeFileSync(
    join(modulesDir, 'main.ts'),
    `import { defineScripts } from '@kaosnet/server/script'\nexport default defineScripts({ ${body} })`,
  )
  return { modulesDir }
}

async function expectClosedSoon(what: string, closed: Promise<unknown>): Promise<void> {
  const sinceMs = performance.now()
  await closed
  expect(performance.now() - sinceMs, what).toBeLessThan(SOON_MS)
}

const limitHits = async (server: TestServer, limit: string): Promise<number> =>
  Number((await server.metrics()).match(new RegExp(`limit="${limit}"\\} (\\d+)`))?.[1] ?? 0)

describe('HTTP', () => {
  const LONG_BODY =
    'POST /v1/connect HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n'
  const UPGRADE =
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: '

  it('closes connections that say nothing, or say it too slowly, and counts them', async () => {
    const server = await startTestServer({}, { http: { headersTimeoutMs: 1_000, requestTimeoutMs: 2_000 } })
    const players = [await connectPlayer(server, 'A', { transport: 'udp' }), await connectPlayer(server, 'B')]
    const open = (): Promise<SlowSocket> => SlowSocket.connect(server.port)
    const [silent, header, upgrade, body] = [await open(), await open(), await open(), await open()]
    header.send('GET /healthz HTTP/1.1\r\nX-Slow: ')
    header.drip(() => 'a')
    upgrade.drip((index) => UPGRADE[index] ?? 'a', 100)
    body.send(LONG_BODY)
    body.drip(() => ' ')
    const slow = { silent, header, upgrade, body }
    for (const [what, socket] of Object.entries(slow)) {
      await expectClosedSoon(what, socket.closed)
      expect(socket.received, what).toMatch(/^HTTP\/1\.1 408 /)
    }
    expect(await limitHits(server, 'httpTimeouts')).toBe(4)
    for (const player of players) expect(player.state).toBe('connected')
  })

  it('does not count a request that was in time', async () => {
    const server = await startTestServer({}, { http: { headersTimeoutMs: 1_000, requestTimeoutMs: 1_000 } })
    const socket = await SlowSocket.connect(server.port)
    socket.send('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
    await socket.until('{"status":"ok"}')
    expect(await limitHits(server, 'httpTimeouts')).toBe(0)
  })
})

describe('a connection', () => {
  it.each(TRANSPORTS)('over %s that never starts a session is told so, and closed', async (transport) => {
    const server = await startTestServer({}, { session: { startTimeoutMs: 300 } })
    const raw =
      transport === 'udp' ? await RawUdpClient.connect(server.url) : await RawClient.connect(server.port)
    const { code } = ErrorTable.SESSION_START_TIMEOUT
    expect((await raw.control('SessionEnd')).code).toBe(code)
    await expect.poll(server.metrics).toMatch(/^kaosnet_connections 0$/m)
  })

  it('over WebSocket that drips is closed, for nothing whole was heard', async () => {
    const server = await startTestServer({}, { session: { startTimeoutMs: 500, timeoutMs: 1_000 } })
    const drips: Readonly<Record<string, (socket: SlowSocket) => void>> = {
      'one frame, byte by byte': (socket) => {
        socket.send(header(BINARY | FIN, 60_000))
        socket.drip(() => 'a')
      },
      'one message, fragment by fragment': (socket) => {
        socket.send(webSocketFrame(BINARY, new Uint8Array(1)))
        socket.drip(() => webSocketFrame(CONTINUATION, new Uint8Array(1)))
      },
      'nothing but pings': (socket) => socket.drip(() => webSocketFrame(PING | FIN, new Uint8Array(1))),
    }
    for (const hasSession of [false, true]) {
      const sockets = await Promise.all(
        Object.entries(drips).map(async ([what, drip]) => {
          const socket = await upgraded(server.port)
          if (hasSession) {
            socket.send(
              webSocketFrame(
                BINARY | FIN,
                encodeClientFrame('SessionStart', { id: 1, versions: PROTOCOL_VERSIONS }),
              ),
            )
            await socket.until('resume_token')
          }
          drip(socket)
          return { what: `${what}, ${hasSession ? 'in' : 'without'} a session`, socket }
        }),
      )
      for (const { what, socket } of sockets) await expectClosedSoon(what, socket.closed)
      await expect.poll(server.metrics).toMatch(/^kaosnet_connections 0$/m)
    }
    // The client of a session may come back, as after any other loss.
    const metrics = await server.metrics()
    expect(metrics).toMatch(/^kaosnet_sessions_dropped_total 3$/m)
    expect(metrics).toMatch(/^kaosnet_sessions_away 3$/m)
  })

  it('over UDP whose handshake stops half way is forgotten, and its place is free again', async () => {
    const server = await startTestServer({}, { udp: { connectionsPerAddress: 1 } })
    const answer = await fetch(`${server.url}/v1/connect`, { method: 'POST' })
    const { udp } = (await answer.json()) as { udp: { server_key: string } }
    const serverPublicKey = new Uint8Array(Buffer.from(udp.server_key, 'base64url'))
    const dial = (port: number, timeoutMs: number) =>
      connectRudp({ addresses: [{ host: '127.0.0.1', port }], serverPublicKey, timeoutMs })
    const relayPort = await relayWithoutAccept(server.server.udpPort)
    await expect(dial(relayPort, 1_000)).rejects.toMatchObject({ code: 'CONNECT_TIMEOUT' })
    // Half-open counts towards the address, and is not a connection.
    await expect(dial(server.server.udpPort, 1_000)).rejects.toMatchObject({
      code: 'DENIED',
      denyReason: 'tooManyConnections',
    })
    expect(await server.metrics()).toMatch(/^kaosnet_connections 0$/m)
    await expect
      .poll(() => dial(server.server.udpPort, 1_000).then((connection) => connection.state, String), {
        timeout: SOON_MS,
        interval: 250,
      })
      .toBe('open')
  })
})

describe('a script that never answers', () => {
  const limits = { requestTimeoutMs: 300, rpcInFlight: 1 }

  it.each(TRANSPORTS)(
    'to the start of a session over %s has REQUEST_TIMEOUT told to the client',
    async (transport) => {
      const server = await startTestServer(
        {},
        {
          limits,
          scripts: mainModule(`before: {
          sessionStart: (ctx, message) => message.username === 'Hang' ? new Promise(() => {}) : message,
        }`),
        },
      )
      await expectRefused(connectPlayer(server, 'Hang', { transport }), 'REQUEST_TIMEOUT')
      const ada = await connectPlayer(server, 'Ada', { transport })
      expect(ada.state).toBe('connected')
      expect(server.server.sessionCount).toBe(1)
      expect(await server.metrics()).toMatch(/kaosnet_errors_total\{code="\d+",name="REQUEST_TIMEOUT"\} 1/)
    },
  )

  it.each(TRANSPORTS)(
    'to an RPC over %s has REQUEST_TIMEOUT told, and holds no place of the session',
    async (transport) => {
      const server = await startTestServer(
        {},
        {
          limits,
          scripts: mainModule(`rpcs: { never: () => new Promise(() => {}), now: () => 'here' }`),
        },
      )
      const ada = await connectPlayer(server, 'Ada', { transport })
      for (let attempt = 1; attempt <= 3; attempt++) {
        const refusal = await expectRefused(ada.rpc('never'), 'REQUEST_TIMEOUT')
        expect(refusal.message).toMatch(/300 ms/)
      }
      expect(await ada.rpc('now')).toBe('here')
    },
  )

  it.each(TRANSPORTS)('in Lua is ended with an error, over %s', async (transport) => {
    const server = await startTestServer(
      {
        'main.lua': `kaos.register_rpc('spin', function() while true do end end)
          kaos.register_rpc('yield', function() coroutine.yield() end)
          kaos.register_rpc('now', function() return 'here' end)`,
      },
      { limits, scripts: { rpcBudgetMs: 200, callVmsMax: 1 } },
    )
    const ada = await connectPlayer(server, 'Ada', { transport })
    await expectRefused(ada.rpc('spin'), 'SCRIPT_BUDGET_EXCEEDED')
    await expectRefused(ada.rpc('yield'), 'RPC_FAILED')
    expect(await ada.rpc('now')).toBe('here')
  })
})

// RFC 6455 §5.2
const FIN = 0x80
const CONTINUATION = 0x0
const BINARY = 0x2
const PING = 0x9
const MASKED = 0x80
const EXTENDED_16 = 126
const SMALL = 125

/** The head of a frame of a client, with a mask of zeros. */
function header(firstByte: number, length: number): Uint8Array {
  const size = length > SMALL ? [MASKED | EXTENDED_16, length >> 8, length & 0xff] : [MASKED | length]
  return Uint8Array.from([firstByte, ...size, 0, 0, 0, 0])
}

function webSocketFrame(firstByte: number, payload: Uint8Array): Uint8Array {
  return Buffer.concat([header(firstByte, payload.length), payload])
}

async function upgraded(port: number): Promise<SlowSocket> {
  const socket = await SlowSocket.connect(port)
  socket.send(
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  await socket.until('101 Switching Protocols')
  return socket
}

/** A relay that loses every ACCEPT (docs/transport.md), so that a handshake never comes to its end. @returns its port */
async function relayWithoutAccept(serverPort: number): Promise<number> {
  const ACCEPT = 0xc3
  const [front, back] = [createSocket('udp4'), createSocket('udp4')]
  let clientPort = 0
  front.on('message', (datagram, { port }) => {
    clientPort = port
    back.send(datagram, serverPort, '127.0.0.1')
  })
  back.on('message', (datagram) => {
    if (datagram[0] !== ACCEPT) front.send(datagram, clientPort, '127.0.0.1')
  })
  await new Promise<void>((resolve) => front.bind(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    front.close()
    back.close()
  })
  return front.address().port
}
