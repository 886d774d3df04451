import { afterEach, describe, expect, it } from 'vitest'
import {
  type ConnectOptions,
  ConnectTokenIssuer,
  connectRudp,
  formatConnectToken,
  generateServerKey,
  type RudpClientConnection,
  type RudpConnection,
  RudpServer,
  type RudpServerOptions,
} from '../index.ts'

const serverKey = generateServerKey()
const tokenKey = new Uint8Array(32).fill(7)
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (data: Uint8Array) => new TextDecoder().decode(data)

const servers: RudpServer[] = []
const clients: RudpClientConnection[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function startServer(options: Partial<RudpServerOptions> = {}): Promise<RudpServer> {
  const server = new RudpServer({
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

describe('server and client on real sockets', () => {
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
})
