import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { ManualClock } from '../testing/manual-clock.ts'
import { deferred } from '../testing/promises.ts'
import type { Connection, ConnectionHandler } from './transport.ts'
import { WebSocketTransport } from './websocket-transport.ts'

const MESSAGE_BYTES = 1_024
const UNRELIABLE_QUEUE_BYTES = 100_000

/** The server's end of a connection: what it was told, as it happens. */
interface Accepted {
  readonly connection: Connection
  readonly messages: Buffer[]
  readonly bad: [string, number][]
  readonly closed: Promise<string>
}

interface World {
  readonly server: Server
  readonly clock: ManualClock
  readonly transport: WebSocketTransport
  readonly accepted: Accepted[]
  readonly port: number
  dial(path?: string): WebSocket
  connect(): Promise<{ client: WebSocket; peer: Accepted }>
}

/** A transport on a free port, for the test that runs. */
async function listen(): Promise<World> {
  const server = createServer()
  const clock = new ManualClock()
  const transport = new WebSocketTransport({
    clock,
    server,
    path: '/ws',
    messageBytes: MESSAGE_BYTES,
    unreliableQueueBytes: UNRELIABLE_QUEUE_BYTES,
    describeAddress: () => 'ws://here/ws',
    remoteAddress: (request: IncomingMessage) => `${request.socket.remoteAddress} of ${request.headers.host}`,
  })
  const accepted: Accepted[] = []
  await transport.start((connection) => accept(connection, accepted))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const clients: WebSocket[] = []
  const dial = (path = '/ws'): WebSocket => {
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`)
    clients.push(client)
    return client
  }
  onTestFinished(async () => {
    for (const client of clients) client.terminate()
    await transport.stop()
    server.close()
    await once(server, 'close')
  })
  return {
    server,
    clock,
    transport,
    accepted,
    port,
    dial,
    async connect() {
      const client = dial()
      await once(client, 'open')
      const peer = accepted.at(-1)
      if (peer === undefined) throw new Error('the transport has accepted nothing')
      return { client, peer }
    },
  }
}

function accept(connection: Connection, accepted: Accepted[]): ConnectionHandler {
  const messages: Buffer[] = []
  const bad: [string, number][] = []
  const closing = deferred<string>()
  accepted.push({ connection, messages, bad, closed: closing.promise })
  return {
    onMessage: (message) => messages.push(Buffer.from(message)),
    onBadMessage: (error, sizeBytes) => bad.push([error, sizeBytes]),
    onClosed: (reason, isGoneForGood) =>
      closing.resolve(isGoneForGood === true ? `${reason}, for good` : reason),
  }
}

/** Resolves when the server has seen everything the client sent before. */
async function roundTrip(client: WebSocket): Promise<void> {
  client.ping()
  await once(client, 'pong')
}

async function closeOf(client: WebSocket): Promise<[number, string]> {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer]
  return [code, reason.toString()]
}

describe('messages', () => {
  it('of the client reach the server, in binary', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.send(Buffer.from('one'))
    client.send(Buffer.from('two'))
    await roundTrip(client)
    expect(peer.messages.map(String)).toEqual(['one', 'two'])
  })

  it('of one flush reach the client as one message, copied when they were sent', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    const frame = Buffer.from('aa')
    peer.connection.send(frame, 'reliable', 0)
    frame.fill('b')
    peer.connection.send(frame, 'unreliable', 3)
    expect([peer.connection.queuedBytes('reliable'), peer.connection.queuedBytes('unreliable')]).toEqual([
      2, 2,
    ])
    peer.connection.flush()
    peer.connection.flush()
    const [message, isBinary] = (await once(client, 'message')) as [Buffer, boolean]
    expect([message.toString(), isBinary]).toEqual(['aabb', true])
  })

  it('in text are refused, and the connection lives on', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.send('hello')
    client.send(Buffer.from('binary'))
    await roundTrip(client)
    expect(peer.bad).toEqual([['text', 5]])
    expect(peer.messages.map(String)).toEqual(['binary'])
  })

  it('that are too large are refused, and the connection lives on', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.send(Buffer.alloc(MESSAGE_BYTES))
    client.send(Buffer.alloc(MESSAGE_BYTES + 1))
    client.send(Buffer.alloc(4 * MESSAGE_BYTES))
    client.send(Buffer.from('small'))
    await roundTrip(client)
    expect(peer.bad).toEqual([
      ['too-large', MESSAGE_BYTES + 1],
      ['too-large', 4 * MESSAGE_BYTES],
    ])
    expect(peer.messages.map(({ length }) => length)).toEqual([MESSAGE_BYTES, 5])
  })

  it('that are hopelessly large are not even read: the connection closes with 1009', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.send(Buffer.alloc(4 * MESSAGE_BYTES + 1))
    expect((await closeOf(client))[0]).toBe(1009)
    expect(await peer.closed).toBe('Max payload size exceeded')
    expect(peer.bad).toEqual([])
  })
})

describe('the path', () => {
  it('may have a query', async () => {
    const { accepted, dial } = await listen()
    await once(dial('/ws?v=1'), 'open')
    expect(accepted).toHaveLength(1)
  })

  it.each(['/', '/ws/', '/other', '/wss'])('must be right: %s is answered with 404', async (path) => {
    const { accepted, dial } = await listen()
    const [error] = (await once(dial(path), 'error')) as [Error]
    expect(error.message).toBe('Unexpected server response: 404')
    expect(accepted).toEqual([])
  })

  it('is refused without keeping the socket, and a reset of it harms nobody', async () => {
    const { server } = await listen()
    const socket = new PassThrough()
    server.emit('upgrade', { url: '/other', headers: {} }, socket, Buffer.alloc(0))
    expect(String(socket.read())).toMatch(/^HTTP\/1\.1 404 /)
    expect(() => socket.emit('error', new Error('read ECONNRESET'))).not.toThrow()
    expect(socket.destroyed).toBe(true)
  })
})

describe('a connection', () => {
  it('knows what it is and who is at the other end', async () => {
    const { transport, port, connect } = await listen()
    const { peer } = await connect()
    expect(peer.connection.transport).toBe('websocket')
    expect(peer.connection.remoteAddress).toBe(`127.0.0.1 of 127.0.0.1:${port}`)
    expect(transport.address).toBe('ws://here/ws')
  })

  it.each([
    [0, 1000],
    [109, 4109],
    [900, 4900],
  ])('that closes with error %d says so as %d', async (code, closeCode) => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    const closing = closeOf(client)
    peer.connection.send(Buffer.from('last '), 'reliable', 0)
    peer.connection.close(code, 'because', Buffer.from('words'))
    const [message] = (await once(client, 'message')) as [Buffer]
    expect(String(message)).toBe('last words')
    expect(await closing).toEqual([closeCode, 'because'])
    expect(await peer.closed).toBe('because')
  })

  it('cuts a reason that does not fit a close frame, at a whole character', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    const closing = closeOf(client)
    peer.connection.close(0, '👋'.repeat(40))
    expect(await closing).toEqual([1000, '👋'.repeat(30)])
  })

  it('may be closed twice', async () => {
    const { clock, connect } = await listen()
    const { client, peer } = await connect()
    const closing = closeOf(client)
    peer.connection.close(1, 'first')
    peer.connection.close(2, 'second')
    expect(await closing).toEqual([4001, 'first'])
    await peer.closed
    peer.connection.close(3, 'third')
    expect(clock.pendingTimers).toBe(0)
  })

  it('ignores frames once it is closing', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    const messages: unknown[] = []
    client.on('message', (message) => messages.push(message))
    const closing = closeOf(client)
    peer.connection.close(0, '')
    peer.connection.send(Buffer.from('late'), 'reliable', 0)
    peer.connection.flush()
    await closing
    expect(messages).toEqual([])
  })

  it('does not wait longer than a second for a client that does not answer the close', async () => {
    const { clock, connect } = await listen()
    const { client, peer } = await connect()
    client.pause()
    peer.connection.close(504, 'too slow')
    clock.advance(999)
    expect(clock.pendingTimers).toBe(1)
    clock.advance(1)
    expect(await peer.closed).toBe('closed with 1006')
    expect(clock.pendingTimers).toBe(0)
  })

  it('tells why the client closed it', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.close(1000, 'good night')
    expect(await peer.closed).toBe('good night')
  })

  it('tells the code when the client gave no reason, or just vanished', async () => {
    const { connect } = await listen()
    const first = await connect()
    first.client.close()
    expect(await first.peer.closed).toBe('closed with 1005')
    const second = await connect()
    second.client.terminate()
    expect(await second.peer.closed).toBe('closed with 1006')
  })

  it('is gone for good when a browser has closed or left the page', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.close(1001)
    expect(await peer.closed).toBe('closed with 1001, for good')
  })
})

describe('a congested connection', () => {
  const numbered = (lane: number, number: number): Buffer => Buffer.from(`lane ${lane} #${number};`)

  /** Sends until the network takes no more. */
  function congest({ connection }: Accepted): number {
    const chunk = Buffer.alloc(65_536, 'x')
    let sent = 0
    while (connection.queuedBytes('reliable') < 4 * chunk.length && sent < 1_000) {
      connection.send(chunk, 'reliable', 0)
      connection.flush()
      sent++
    }
    return sent * chunk.length
  }

  it('keeps the newest unreliable frame of each lane, delivers it later, and loses nothing reliable', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.pause()
    const filledBytes = congest(peer)
    expect(peer.connection.queuedBytes('reliable')).toBeGreaterThan(65_536)
    for (let number = 1; number <= 100; number++) {
      for (const lane of [1, 2]) {
        const frame = numbered(lane, number)
        peer.connection.send(frame, 'unreliable', lane)
        // It was copied: the caller may change it for the next receiver.
        frame.fill('?')
      }
      peer.connection.send(numbered(0, number), 'reliable', 1)
      peer.connection.flush()
    }
    expect(peer.connection.supersededFrames).toBe(2 * 99)

    let text = ''
    const complete = new Promise<void>((resolve) => {
      client.on('message', (message: Buffer) => {
        text += message.toString('latin1')
        const end = text.slice(-100)
        const isComplete = [0, 1, 2].every((lane) => end.includes(String(numbered(lane, 100))))
        if (isComplete) resolve()
      })
    })
    client.resume()
    await complete
    expect(text.slice(0, filledBytes)).toBe('x'.repeat(filledBytes))
    const frames = text.slice(filledBytes).split(';').slice(0, -1)
    expect(frames.filter((frame) => frame.startsWith('lane 0'))).toEqual(
      Array.from({ length: 100 }, (_, index) => `lane 0 #${index + 1}`),
    )
    expect(frames.filter((frame) => !frame.startsWith('lane 0')).sort()).toEqual([
      'lane 1 #100',
      'lane 2 #100',
    ])
  })

  it('sends unreliable frames like any other once it is not congested any more', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    peer.connection.send(numbered(1, 1), 'unreliable', 1)
    peer.connection.send(numbered(1, 2), 'unreliable', 1)
    peer.connection.flush()
    const [message] = (await once(client, 'message')) as [Buffer]
    expect(String(message)).toBe('lane 1 #1;lane 1 #2;')
    expect(peer.connection.supersededFrames).toBe(0)
  })

  it('counts what waits of each class for itself, and what the client has read no more', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.pause()
    congest(peer)
    const { connection } = peer
    const queued = () =>
      (['control', 'reliable', 'unreliable'] as const).map((of) => connection.queuedBytes(of))
    const [control = 0, reliable = 0, unreliable = 0] = queued()
    expect([control, unreliable]).toEqual([0, 0])
    connection.send(Buffer.alloc(1_000), 'reliable', 0)
    connection.send(Buffer.alloc(300), 'control', 0)
    connection.send(Buffer.alloc(20), 'unreliable', 1)
    expect(queued()).toEqual([300, reliable + 1_000, 20])
    connection.flush()
    expect(queued()).toEqual([300, reliable + 1_000, 20])
    client.resume()
    await expect.poll(queued).toEqual([0, 0, 0])
  })

  it('keeps unreliable frames of many lanes within the bound: the oldest make room', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.pause()
    congest(peer)
    const { connection } = peer
    for (let lane = 1; lane <= 30; lane++) connection.send(Buffer.alloc(10_000, lane), 'unreliable', lane)
    expect(connection.queuedBytes('unreliable')).toBe(UNRELIABLE_QUEUE_BYTES)
    expect(connection.supersededFrames).toBe(20)
    const heard = new Set<number>()
    client.on('message', (message: Buffer) => {
      for (const byte of message) if (byte <= 30) heard.add(byte)
    })
    client.resume()
    await expect
      .poll(() => [...heard].sort((a, b) => a - b))
      .toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30])
  })

  it('puts no more of a burst of unreliable frames into the socket than it takes', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.pause()
    const { connection } = peer
    const frame = Buffer.alloc(8_000)
    for (let sent = 0; sent < 4_000; sent++) connection.send(frame, 'unreliable', 1)
    connection.flush()
    expect(connection.supersededFrames).toBeGreaterThan(0)
    // What the socket was handed last, and the newest.
    expect(connection.queuedBytes('unreliable')).toBeLessThanOrEqual(2 * 16_384 + frame.length)
  })

  it('collects small reliable frames while it waits: they make few messages', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    client.pause()
    congest(peer)
    const { connection } = peer
    let messages = 0
    let bytes = 0
    client.on('message', (message: Buffer) => {
      messages++
      bytes += message.length
    })
    const filled = connection.queuedBytes('reliable')
    for (let frame = 0; frame < 5_000; frame++) {
      connection.send(Buffer.alloc(20), 'reliable', 1)
      connection.flush()
    }
    expect(connection.queuedBytes('reliable')).toBe(filled + 100_000)
    client.resume()
    await expect.poll(() => connection.queuedBytes('reliable')).toBe(0)
    await expect.poll(() => bytes % 65_536).toBe(100_000 % 65_536)
    expect(messages).toBeLessThan(200)
  })

  it('does not write into messages that the socket still holds, whichever connection sends', async () => {
    const { connect } = await listen()
    const slow = await connect()
    const quick = await connect()
    slow.client.pause()
    const send = ({ peer }: typeof slow, fill: number): void => {
      peer.connection.send(new Uint8Array(1_000).fill(fill), 'reliable', 0)
      peer.connection.flush()
    }
    const count = 10_000
    for (let number = 0; number < count; number++) {
      send(slow, number & 0x7f)
      send(quick, 0xff)
    }
    const bytes: number[] = []
    const complete = new Promise<void>((resolve) => {
      slow.client.on('message', (message: Buffer) => {
        for (let at = 0; at < message.length; at += 1_000) {
          const isWhole = message.subarray(at, at + 1_000).every((byte) => byte === message[at])
          bytes.push(isWhole ? (message[at] as number) : -1)
        }
        if (bytes.length >= count) resolve()
      })
    })
    slow.client.resume()
    await complete
    expect(bytes).toEqual(Array.from({ length: count }, (_, number) => number & 0x7f))
  })

  it('answers no more pings than are read, and the last one', async () => {
    const { connect } = await listen()
    const { client, peer } = await connect()
    const pongs: string[] = []
    client.on('pong', (data: Buffer) => pongs.push(String(data)))
    client.ping('first')
    await expect.poll(() => pongs).toEqual(['first'])
    client.pause()
    congest(peer)
    for (let number = 1; number <= 1_000; number++) client.ping(`${number} ${'x'.repeat(100)}`)
    client.send(Buffer.from('after the pings'))
    await expect.poll(() => peer.messages.length).toBe(1)
    client.resume()
    await expect.poll(() => pongs.at(-1)).toMatch(/^1000 /)
    expect(pongs).toHaveLength(2)
  })
})

describe('stopping', () => {
  it('closes every connection with 1001 and takes no new ones', async () => {
    const { server, clock, transport, connect } = await listen()
    const [first, second] = [await connect(), await connect()]
    const closing = Promise.all([closeOf(first.client), closeOf(second.client)])
    await transport.stop()
    expect(await closing).toEqual([
      [1001, 'server stopped'],
      [1001, 'server stopped'],
    ])
    expect(clock.pendingTimers).toBe(0)
    expect(server.listenerCount('upgrade')).toBe(0)
  })

  it('does not wait for clients that do not answer', async () => {
    const { clock, transport, connect } = await listen()
    const { client, peer } = await connect()
    client.pause()
    const stopping = transport.stop()
    clock.advance(1_000)
    await stopping
    expect(await peer.closed).toBe('closed with 1006')
    expect(clock.pendingTimers).toBe(0)
  })
})
