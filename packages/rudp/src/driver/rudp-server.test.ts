import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type ConnectOptions,
  ConnectTokenIssuer,
  connectRudp as connectOver,
  createNodeProvider,
  formatConnectToken,
  generateServerKey,
  type RudpClientConnection,
  type RudpConnection,
  RudpServer,
  type RudpServerOptions,
} from '../index.ts'
import { DRIVERS, openUdpHandles } from './testing/drivers.ts'

const serverKey = generateServerKey()
const tokenKey = new Uint8Array(32).fill(7)
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (data: Uint8Array) => new TextDecoder().decode(data)

const servers: RudpServer[] = []
const clients: RudpClientConnection[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
  const left = clients.splice(0)
  for (const client of left) client.close()
  await Promise.all(left.map((client) => client.closed))
})

function nextMessage(connection: RudpConnection): Promise<string> {
  return new Promise((resolve) => {
    connection.onMessage = (_channel, _mode, data) => resolve(text(data))
  })
}

function closed(connection: RudpConnection) {
  return new Promise((resolve) => {
    connection.onClose = resolve
  })
}

describe.each(DRIVERS)('over the driver $driver', ({ driver, missing }) => {
  beforeEach(({ skip }) => skip(missing !== undefined, missing))

  const connectRudp = (options: ConnectOptions) => connectOver({ driver, ...options })

  async function startServer(options: Partial<RudpServerOptions> = {}): Promise<RudpServer> {
    const server = new RudpServer({
      driver,
      host: '127.0.0.1',
      serverKey: serverKey.privateKey,
      tokenKeys: [tokenKey],
      ...options,
    })
    server.onConnection = (connection) => {
      connection.onMessage = (channel, mode, data) => connection.send(channel, mode, data)
    }
    await server.listen()
    servers.push(server)
    return server
  }

  async function connect(
    server: RudpServer,
    options: Partial<ConnectOptions> = {},
  ): Promise<RudpClientConnection> {
    const client = await connectRudp({
      addresses: [{ host: '127.0.0.1', port: server.address.port }],
      serverPublicKey: serverKey.publicKey,
      ...options,
    })
    clients.push(client)
    return client
  }

  describe('server and client on real sockets', () => {
    it('say which driver moves their datagrams', async () => {
      const name = { node: 'node:dgram', native: 'native' }[driver]
      expect((await startServer()).driverName).toBe(name)
    })

    it('echo messages of every mode, small and large', async () => {
      const client = await connect(await startServer())
      for (const mode of [
        'reliable-ordered',
        'reliable-unordered',
        'unreliable-sequenced',
        'unreliable',
      ] as const) {
        const message = nextMessage(client)
        client.send(3, mode, bytes(`by ${mode}`))
        expect(await message).toBe(`by ${mode}`)
      }
      const large = 'x'.repeat(100_000)
      const message = nextMessage(client)
      client.send(0, 'reliable-ordered', bytes(large))
      expect(await message).toBe(large)
    })

    it('say on both sides who closed, with which code and why', async () => {
      const server = await startServer()
      const peers: RudpConnection[] = []
      server.onConnection = (connection) => peers.push(connection)
      const first = await connect(server)
      const second = await connect(server)
      await until(() => peers.length === 2)
      const heard = closed(peers[0]!)
      first.close(300, 'done')
      expect(await heard).toEqual({ code: 300, reason: 'done', byPeer: true })
      expect(await first.closed).toEqual({ code: 300, reason: 'done', byPeer: false })
      const told = closed(second)
      peers[1]!.close(2, 'kicked')
      expect(await told).toEqual({ code: 2, reason: 'kicked', byPeer: true })
      expect(second.send(0, 'unreliable', bytes('late'))).toBe('closed')
    })

    it('understand each other whichever cryptography each has', async () => {
      const server = await startServer({ crypto: createNodeProvider() })
      const client = await connect(server)
      expect(server.cryptoName).toBe('node:crypto')
      expect(client.cryptoName).toBe('sodium-native')
      const message = nextMessage(client)
      client.send(0, 'reliable-ordered', bytes('same bytes'))
      expect(await message).toBe('same bytes')
    })

    it('let a token holder in, and tell the server who it is', async () => {
      const server = await startServer()
      const peers: RudpConnection[] = []
      server.onConnection = (connection) => peers.push(connection)
      const token = issue(server, 'alice')
      const client = await connectRudp({ token: formatConnectToken(token) })
      clients.push(client)
      await until(() => peers.length === 1)
      expect(peers[0]!.userId).toBe('alice')
      expect(text(peers[0]!.userData)).toBe('session 7')
    })

    it('refuse a token that was used, an expired one, and one nobody can read', async () => {
      const server = await startServer()
      const token = issue(server, 'alice')
      clients.push(await connectRudp({ token }))
      await until(() => server.stats.connections === 1)
      await expect(connectRudp({ token })).rejects.toMatchObject({
        code: 'DENIED',
        denyReason: 'tokenReused',
      })
      const wallClock = () => Date.now() + 61_000
      await expect(connectRudp({ token, wallClock })).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' })
      await expect(connectRudp({ token: 'AAAA' })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' })
    })

    it('refuse a client that expects another server key', async () => {
      const server = await startServer()
      const { publicKey } = generateServerKey()
      await expect(connect(server, { serverPublicKey: publicKey })).rejects.toMatchObject({
        code: 'DENIED',
        denyReason: 'wrongServerKey',
      })
    })

    it('refuse a client of another application', async () => {
      const server = await startServer()
      await expect(connect(server, { protocol: 'other' })).rejects.toMatchObject({
        denyReason: 'protocolMismatch',
      })
    })

    it('save a round trip with a resume ticket', async () => {
      const server = await startServer()
      const first = await connect(server)
      await until(() => first.resumeTicket !== undefined)
      const hellosBefore = server.stats.hellos
      await connect(server, { resumeTicket: first.resumeTicket! })
      expect(server.stats.hellos).toBe(hellosBefore)
      expect(server.stats.acceptsSent).toBe(2)
    })

    it('go on when the client moves to another socket', async () => {
      const server = await startServer()
      const moved: number[] = []
      server.onConnection = (connection) => {
        connection.onMessage = (channel, mode, data) => connection.send(channel, mode, data)
        connection.onAddressChanged = ({ port }) => moved.push(port)
      }
      const client = await connect(server)
      await client.rebind()
      await until(() => moved.length === 1)
      const message = nextMessage(client)
      client.send(0, 'reliable-ordered', bytes('still here'))
      expect(await message).toBe('still here')
    })

    it('end a connection whose handler throws, and nothing else', async () => {
      const errors: object[] = []
      const logger = { error: (fields: object) => errors.push(fields) }
      const server = await startServer({ logger })
      server.onConnection = (connection) => {
        connection.onMessage = (channel, mode, data) => {
          if (text(data) === 'bomb') throw new Error('handler')
          connection.send(channel, mode, data)
        }
      }
      const bad = await connect(server)
      const good = await connect(server)
      const ended = closed(bad)
      bad.send(0, 'reliable-ordered', bytes('bomb'))
      expect(await ended).toEqual({ code: 10, reason: 'a handler failed', byPeer: true })
      const message = nextMessage(good)
      good.send(0, 'reliable-ordered', bytes('fine'))
      expect(await message).toBe('fine')
      expect(errors).toHaveLength(1)
      expect(server.stats.callbackErrors).toBe(1)
    })

    it('carry messages of a size the server allows, whatever the client is used to', async () => {
      const connectionLimits = {
        maxMessageBytes: 1_000_000,
        channelWindowBytes: 1_100_000,
        connectionWindowBytes: 2_000_000,
        sendQueueBytes: 2_000_000,
        receivePacketsPerSecond: 0,
        receiveBytesPerSecond: 0,
      }
      const server = await startServer({ connectionLimits })
      const client = await connect(server, { connectionLimits: { sendQueueBytes: 2_000_000 } })
      const echoed = new Promise<Uint8Array>((resolve) => {
        client.onMessage = (_channel, _mode, data) => resolve(data.slice())
      })
      const sent = new Uint8Array(1_000_000).map((_, index) => index * 7)
      expect(client.send(0, 'reliable-ordered', sent)).toBe('queued')
      expect(Buffer.compare(await echoed, sent)).toBe(0)
    })

    it('tell the client the terms of the server', async () => {
      const server = await startServer({ tickHz: 29.97, connectionLimits: { maxMessageBytes: 5000 } })
      const client = await connect(server)
      expect(client.serverTerms).toMatchObject({
        tickCentiHz: 2997,
        packetsPerSecondIn: 300,
        maxMessageBytes: 5000,
      })
      expect(client.send(0, 'reliable-ordered', new Uint8Array(5001))).toBe('too-large')
      expect(client.cryptoName).toBe(server.cryptoName)
    })
  })

  describe('listening', () => {
    it('fails with the system’s error as cause when the port is taken', async () => {
      const server = await startServer()
      const second = new RudpServer({
        driver,
        host: '127.0.0.1',
        port: server.address.port,
        serverKey: serverKey.privateKey,
      })
      await expect(second.listen()).rejects.toMatchObject({
        code: 'SOCKET_FAILED',
        cause: expect.objectContaining({ code: 'EADDRINUSE' }),
      })
    })

    it('needs a way in, and options that make sense', () => {
      expect(() => new RudpServer({ driver })).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }))
      const invalid = expect.objectContaining({ code: 'OPTIONS_INVALID' })
      expect(() => new RudpServer({ driver, serverKey: new Uint8Array(3) })).toThrow(invalid)
      expect(() => new RudpServer({ driver, insecure: true, channels: [{ priority: 99 }] })).toThrow(invalid)
    })

    it('in insecure mode is possible on loopback only, on both sides', async () => {
      const exposed = new RudpServer({ driver, insecure: true, host: '0.0.0.0' })
      await expect(exposed.listen()).rejects.toMatchObject({ code: 'INSECURE_NOT_LOOPBACK' })
      await expect(
        connectRudp({ insecure: true, addresses: [{ host: '192.0.2.1', port: 1 }] }),
      ).rejects.toMatchObject({ code: 'INSECURE_NOT_LOOPBACK' })
      const server = new RudpServer({ driver, insecure: true })
      server.onConnection = (connection) => {
        connection.onMessage = (channel, mode, data) => connection.send(channel, mode, data)
      }
      servers.push(server)
      await server.listen()
      const client = await connectRudp({
        insecure: true,
        addresses: [{ host: '127.0.0.1', port: server.address.port }],
      })
      clients.push(client)
      const message = nextMessage(client)
      client.send(0, 'reliable-ordered', bytes('in the open'))
      expect(await message).toBe('in the open')
    })

    it('secure and insecure do not speak to one another', async () => {
      const server = await startServer()
      const attempt = connectRudp({
        insecure: true,
        addresses: [{ host: '127.0.0.1', port: server.address.port }],
      })
      await expect(attempt).rejects.toMatchObject({ code: 'VERSION_UNSUPPORTED' })
    })

    it('ends with a reason for every client, can be ended twice, and leaves nothing behind', async () => {
      const server = await startServer()
      const all = await Promise.all([connect(server), connect(server), connect(server)])
      await until(() => server.stats.connections === 3)
      const ends = all.map(closed)
      const closing = server.close(1, 'maintenance')
      expect(server.close()).toBe(closing)
      for (const end of await Promise.all(ends)) {
        expect(end).toEqual({ code: 1, reason: 'maintenance', byPeer: true })
      }
      await closing
      await Promise.all(all.map((client) => client.closed))
      // A closed socket's handle goes with the event loop's next turn.
      await until(() => openUdpHandles() === 0)
      await expect(server.listen()).rejects.toMatchObject({ code: 'OPTIONS_INVALID' })
    })
  })
})

/** Waits for something that a datagram on loopback brings about; the test's own time limit bounds it. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve))
}

function issue(server: RudpServer, userId: string) {
  const issuer = new ConnectTokenIssuer({ keys: [tokenKey] })
  return issuer.issue({
    userId,
    userData: bytes('session 7'),
    addresses: [{ ip: '127.0.0.1', port: server.address.port, worker: 0 }],
  })
}
