import type { AddressInfo } from 'node:net'
import {
  decodeClientPayload,
  encodeHeartbeat,
  encodeServerFrame,
  FrameReader,
  KaosError,
  Op,
} from '@kaosnet/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { KaosClient } from './index.ts'
import { SESSION } from './testing/scripted-server.ts'

/** The smallest server on a real socket: starts sessions and echoes RPCs. */
async function listen(): Promise<WebSocketServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/ws' })
  server.on('connection', (socket) => {
    socket.on('message', (message: Buffer) => {
      const reader = new FrameReader()
      reader.reset(message)
      while (reader.next()) {
        const reply = answer(reader.op, reader.payload())
        if (reply !== undefined) socket.send(reply)
      }
    })
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return server
}

function answer(op: number, payload: Uint8Array): Uint8Array | undefined {
  switch (op) {
    case Op.SessionStart: {
      const { id } = decodeClientPayload('SessionStart', payload)
      return encodeServerFrame('SessionStart', { id, server_time_us: Date.now() * 1000, ...SESSION })
    }
    case Op.Rpc: {
      const request = decodeClientPayload('Rpc', payload)
      return encodeServerFrame('RpcResponse', { id: request.id, payload: request.payload })
    }
    case Op.Heartbeat:
      return encodeHeartbeat({ isReplyWanted: false, sentUs: Date.now() * 1000, echoUs: 0, holdUs: 0 })
    default:
      return undefined
  }
}

describe('KaosClient on Node', () => {
  let server: WebSocketServer
  let url: string

  beforeEach(async () => {
    server = await listen()
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterEach(async () => {
    for (const socket of server.clients) socket.terminate()
    await new Promise((resolve) => server.close(resolve))
  })

  it('talks to a server over a real WebSocket and closes so that the server sees it', async () => {
    const client = new KaosClient(url, { username: 'Ada' })
    const session = await client.connect()
    expect(session).toMatchObject({ username: 'Ada', transport: 'websocket' })
    expect(Math.abs(client.serverTimeMs() - Date.now())).toBeLessThan(1_000)
    const payload = { text: 'olé', bytes: new Uint8Array([1, 2]), list: [1, -2.5, null, true] }
    await expect(client.rpc('echo', payload)).resolves.toEqual(payload)
    const [socket] = server.clients
    const closed = new Promise((resolve) => socket?.once('close', resolve))
    await client.close()
    expect(await closed).toBe(1000)
  })

  it('comes back by itself when the server drops it', async () => {
    const client = new KaosClient(url, { reconnect: { baseDelayMs: 1 } })
    const first = await client.connect()
    const reconnected = new Promise<void>((resolve) => {
      client.on('connected', ({ isReconnect, session }) => {
        expect(isReconnect).toBe(true)
        expect(session).not.toBe(first)
        resolve()
      })
    })
    for (const socket of server.clients) socket.terminate()
    await reconnected
    await expect(client.rpc('echo', 1)).resolves.toBe(1)
    await client.close()
  })

  it('rejects with a KaosError when nobody listens', async () => {
    await new Promise((resolve) => server.close(resolve))
    const client = new KaosClient(url)
    const error = await client.connect().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(KaosError)
    expect(error).toMatchObject({ error: 'SESSION_START_TIMEOUT', action: 'retry' })
    await client.close()
  })
})
