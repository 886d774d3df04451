import type { AddressInfo } from 'node:net'
import { ManualClock } from '@kaosnet/rudp/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { platformClock } from './clock.ts'
import { clientClock, outcome, settle } from './testing/world.ts'
import type { ClientTransport, TransportClose } from './transport.ts'
import {
  type WebSocketEventLike,
  type WebSocketLike,
  webSocketDialer,
  webSocketUrl,
} from './websocket-transport.ts'

/** A socket that does what the test says. */
class FakeSocket implements WebSocketLike {
  binaryType = 'blob'
  readyState = 0
  bufferedAmount = 0
  readonly sent: number[][] = []
  closedWith: number | undefined
  readonly #listeners: [string, (event: WebSocketEventLike) => void][] = []

  send(data: Uint8Array): void {
    this.sent.push([...data])
  }

  close(code?: number): void {
    this.closedWith = code ?? -1
    this.readyState = 2
  }

  addEventListener(type: string, listener: (event: WebSocketEventLike) => void): void {
    this.#listeners.push([type, listener])
  }

  fire(type: string, event: Partial<WebSocketEventLike> = {}): void {
    if (type === 'open') this.readyState = 1
    if (type === 'close') this.readyState = 3
    for (const [name, listener] of this.#listeners) if (name === type) listener({ type, ...event })
  }
}

function dialFake() {
  const time = new ManualClock()
  const socket = new FakeSocket()
  const urls: string[] = []
  const messages: number[][] = []
  const closes: TransportClose[] = []
  const controller = new AbortController()
  const dial = webSocketDialer((url) => {
    urls.push(url)
    return socket
  })
  const dialing = dial({
    url: new URL('http://play.example:7350'),
    handlers: {
      onMessage: (message) => messages.push([...message]),
      onClose: (close) => closes.push(close),
    },
    signal: controller.signal,
    clock: clientClock(time),
    token: undefined,
    onFallback: () => {},
  })
  return { time, socket, urls, messages, closes, controller, dialing }
}

async function openFake() {
  const world = dialFake()
  world.socket.fire('open')
  return { ...world, transport: await world.dialing }
}

describe('webSocketUrl', () => {
  it.each([
    ['http://localhost:7350', 'ws://localhost:7350/ws'],
    ['https://play.example/', 'wss://play.example/ws'],
    ['http://play.example/game/socket?region=eu#top', 'ws://play.example/game/socket?region=eu'],
    ['ws://localhost:7350/ws', 'ws://localhost:7350/ws'],
    ['wss://play.example', 'wss://play.example/ws'],
  ])('makes of %s the address %s', (given, expected) => {
    expect(webSocketUrl(new URL(given))).toBe(expected)
  })
})

describe('WebSocket transport', () => {
  it('opens, asks for array buffers, and hands messages over whole', async () => {
    const { socket, urls, messages, transport } = await openFake()
    expect(urls).toEqual(['ws://play.example:7350/ws'])
    expect(socket.binaryType).toBe('arraybuffer')
    expect(transport.kind).toBe('websocket')
    socket.fire('message', { data: new Uint8Array([1, 2, 3]).buffer })
    expect(messages).toEqual([[1, 2, 3]])
  })

  it('rejects when the server cannot be reached, with the cause the platform gave', async () => {
    const { socket, closes, dialing } = dialFake()
    const ended = outcome(dialing)
    const cause = new Error('connect ECONNREFUSED')
    socket.fire('error', { message: cause.message, error: cause })
    socket.fire('close', { code: 1006 })
    await settle()
    expect(ended.error).toMatchObject({
      error: 'SESSION_START_TIMEOUT',
      message: 'cannot reach ws://play.example:7350/ws: connect ECONNREFUSED',
      cause,
    })
    expect(closes).toEqual([])
  })

  it('gives a dial up when its signal is aborted', async () => {
    const { socket, controller, dialing } = dialFake()
    const ended = outcome(dialing)
    controller.abort('enough')
    await settle()
    expect(ended.error).toBe('enough')
    expect(socket.closedWith).toBe(-1)
  })

  it('does not mind its dial’s signal any more once it is open', async () => {
    const { socket, controller } = await openFake()
    controller.abort('too late')
    expect(socket.closedWith).toBeUndefined()
  })

  it('refuses text messages by closing with 1003', async () => {
    const { socket, messages } = await openFake()
    socket.fire('message', { data: 'hello' })
    expect(messages).toEqual([])
    expect(socket.closedWith).toBe(1003)
  })

  it('tells how the connection ended: the table’s code from 4000 on, none for the others', async () => {
    for (const [code, expected] of [
      [4205, 205],
      [4000, 0],
      [1000, undefined],
      [1006, undefined],
      [5000, undefined],
    ] as const) {
      const { socket, closes } = await openFake()
      socket.fire('close', { code, reason: 'bye' })
      expect(closes).toMatchObject([{ code: expected, reason: 'bye' }])
    }
  })

  it('closes with 1000 for normal and 4000 + code for an error', async () => {
    const normal = await openFake()
    normal.transport.close(0)
    expect(normal.socket.closedWith).toBe(1000)
    const failed = await openFake()
    failed.transport.close(204)
    expect(failed.socket.closedWith).toBe(4204)
  })

  it('takes nothing once it is closing', async () => {
    const { socket, transport } = await openFake()
    transport.close(0)
    expect(transport.send(new Uint8Array([1]), 'reliable', 0)).toBe(false)
    expect(transport.send(new Uint8Array([1]), 'unreliable', 0)).toBe(false)
    expect(socket.sent).toEqual([])
  })

  it('refuses reliable data when 4 MiB wait already', async () => {
    const { socket, transport } = await openFake()
    socket.bufferedAmount = 4_194_304 - 2
    expect(transport.send(new Uint8Array([1, 2]), 'reliable', 0)).toBe(true)
    expect(transport.bufferedBytes).toBe(4_194_302)
    expect(transport.send(new Uint8Array([1, 2, 3]), 'reliable', 0)).toBe(false)
    expect(socket.sent).toEqual([[1, 2]])
  })

  it('keeps only the newest unreliable message of each lane while more than 16 KiB wait', async () => {
    const { time, socket, transport } = await openFake()
    socket.bufferedAmount = 16_384
    transport.send(new Uint8Array([0]), 'unreliable', 1)
    socket.bufferedAmount = 16_385
    for (const [byte, lane] of [
      [1, 1],
      [2, 2],
      [3, 1],
    ] as const) {
      expect(transport.send(new Uint8Array([byte]), 'unreliable', lane)).toBe(true)
    }
    transport.send(new Uint8Array([9]), 'reliable', 1)
    expect(socket.sent).toEqual([[0], [9]])
    time.advance(100)
    expect(socket.sent).toHaveLength(2)
    socket.bufferedAmount = 0
    time.advance(10)
    expect(socket.sent.slice(2)).toEqual([[3], [2]])
    expect(time.pendingEvents).toBe(0)
  })

  it('looks for a drained socket in time although new data keeps coming', async () => {
    const { time, socket, transport } = await openFake()
    socket.bufferedAmount = 20_000
    transport.send(new Uint8Array([1]), 'unreliable', 1)
    for (let i = 0; i < 4; i++) {
      time.advance(4)
      if (i === 1) socket.bufferedAmount = 17_000
      transport.send(new Uint8Array([2]), 'unreliable', 1)
    }
    socket.bufferedAmount = 0
    time.advance(4)
    expect(socket.sent).toEqual([[2]])
  })

  it('does not send a superseded message after a newer one went straight out', async () => {
    const { time, socket, transport } = await openFake()
    socket.bufferedAmount = 20_000
    transport.send(new Uint8Array([1]), 'unreliable', 1)
    socket.bufferedAmount = 0
    transport.send(new Uint8Array([2]), 'unreliable', 1)
    time.advance(100)
    expect(socket.sent).toEqual([[2]])
  })

  it('leaves no timer when it is closed from either side while data waits', async () => {
    for (const end of [
      (socket: FakeSocket) => socket.fire('close', { code: 1006 }),
      (_socket: FakeSocket, transport: ClientTransport) => transport.close(0),
    ]) {
      const { time, socket, transport } = await openFake()
      socket.bufferedAmount = 20_000
      transport.send(new Uint8Array([1]), 'unreliable', 1)
      end(socket, transport)
      expect(time.pendingEvents).toBe(0)
    }
  })
})

describe('WebSocket transport over a real socket', () => {
  const servers: WebSocketServer[] = []

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  async function listen(): Promise<{ server: WebSocketServer; url: URL }> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/ws' })
    servers.push(server)
    await new Promise((resolve) => server.once('listening', resolve))
    return { server, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) }
  }

  const dial = webSocketDialer((url) => new WebSocket(url))

  it('carries binary messages both ways and reports the close', async () => {
    const { server, url } = await listen()
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => {
        socket.send(data, { binary: isBinary })
        socket.close(4900, 'shutting down')
      })
    })
    const messages: number[][] = []
    const closed = await new Promise<TransportClose>((resolve, reject) => {
      dial({
        url,
        handlers: { onMessage: (message) => messages.push([...message]), onClose: resolve },
        signal: new AbortController().signal,
        clock: platformClock(),
        token: undefined,
        onFallback: () => {},
      })
        .then((transport) => transport.send(new Uint8Array([5, 0, 255]), 'reliable', 0))
        .catch(reject)
    })
    expect(messages).toEqual([[5, 0, 255]])
    expect(closed).toMatchObject({ code: 900, reason: 'shutting down' })
  })

  it('rejects when nobody listens, and when the path is wrong', async () => {
    const { server, url } = await listen()
    const wrongPath = new URL('/elsewhere', url)
    const options = {
      handlers: { onMessage: () => {}, onClose: () => {} },
      signal: new AbortController().signal,
      clock: platformClock(),
      token: undefined,
      onFallback: () => {},
    }
    await expect(dial({ ...options, url: wrongPath })).rejects.toMatchObject({
      error: 'SESSION_START_TIMEOUT',
      message: expect.stringContaining('400'),
    })
    await new Promise((resolve) => server.close(resolve))
    await expect(dial({ ...options, url })).rejects.toMatchObject({
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })
})
